import { expect, test } from 'vitest'
import { SerialQueue } from '../../../src/models/queue'

test('never has two tasks in flight, and keeps their order', async () => {
  const queue = new SerialQueue()
  const log: string[] = []
  let running = 0
  const task = (name: string) => async () => {
    running += 1
    expect(running).toBe(1)
    log.push(`${name} begins`)
    await Promise.resolve()
    await Promise.resolve()
    log.push(`${name} ends`)
    running -= 1
    return name
  }
  expect(await Promise.all([queue.run(task('a')), queue.run(task('b')), queue.run(task('c'))])).toEqual(['a', 'b', 'c'])
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('a failed task gives its own error and does not stop the next', async () => {
  const queue = new SerialQueue()
  const failing = queue.run(() => {
    throw new Error('broken')
  })
  const next = queue.run(() => 'fine')
  await expect(failing).rejects.toThrow('broken')
  await expect(next).resolves.toBe('fine')
})
