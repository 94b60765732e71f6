import { expect, test } from 'vitest'
import { SpareMemory } from '../../../src/rpc/spare-memory'

test('gives out pieces of the very size, each once', () => {
  const memory = new SpareMemory(4)
  const pieces = [new ArrayBuffer(8), new ArrayBuffer(12), new ArrayBuffer(8)]
  memory.give(pieces)
  expect(memory.take(2).buffer).toBe(pieces[0])
  expect(memory.take(2).buffer).toBe(pieces[2])
  const fresh = memory.take(2)
  expect(fresh).toHaveLength(2)
  expect(pieces).not.toContain(fresh.buffer)
  expect(memory.take(3).buffer).toBe(pieces[1])
})

test('keeps the newest pieces up to its limit, and none once cleared', () => {
  const memory = new SpareMemory(2)
  const pieces = [4, 8, 12].map((bytes) => new ArrayBuffer(bytes))
  for (const piece of pieces) memory.give([piece])
  expect(memory.take(1).buffer).not.toBe(pieces[0])
  expect(memory.take(2).buffer).toBe(pieces[1])
  memory.clear()
  expect(memory.take(3).buffer).not.toBe(pieces[2])
})
