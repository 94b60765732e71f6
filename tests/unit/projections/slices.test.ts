import { expect, test } from 'vitest'
import { Slices, systemSliceClock } from '../../../src/projections/slices'

function setUp() {
  const clock = {
    time: 0,
    yields: 0,
    now: () => clock.time,
    yieldToMessages: async () => void clock.yields++,
  }
  const seen: number[] = []
  return { clock, seen, slices: new Slices((done) => seen.push(done), clock) }
}

test('messages are let in every 15 ms, progress is told every 50 ms and at the end', async () => {
  const { clock, seen, slices } = setUp()
  for (let step = 0; step <= 100; step++) {
    clock.time = step * 2
    await slices.pause(step, 100)
  }
  expect(seen).toEqual([0, 25, 50, 75, 100])
  expect(clock.yields).toBe(12) // every 16 ms of 200
})

test('a cancelled job stops at its next pause', async () => {
  const { slices } = setUp()
  await slices.pause(0, 2)
  slices.cancel()
  await expect(slices.pause(1, 2)).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('a message that waited is delivered before the pause ends', async () => {
  let time = 0
  const slices = new Slices(null, { ...systemSliceClock, now: () => (time += 100) })
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    slices.cancel()
  }
  port2.postMessage('cancel')
  await expect(
    (async () => {
      for (let step = 0; step < 1000; step++) await slices.pause(step, 1000)
    })(),
  ).rejects.toMatchObject({ code: 'CANCELLED' })
})
