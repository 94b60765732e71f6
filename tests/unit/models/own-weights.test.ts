import { expect, test } from 'vitest'
import type { ModelInput } from '../../../src/core/types'
import { OwnWeights } from '../../../src/models/own-weights'

const text = (...ids: number[]): ModelInput => ({ kind: 'text', ids: Int32Array.from(ids), typeIds: null })
const image = (value: number): ModelInput => ({
  kind: 'image',
  pixels: Float32Array.of(0, 0, 0, value),
  shape: [1, 2, 2],
})

test('all layers of an input come from one run, each answer a copy of its own', async () => {
  const own = new OwnWeights()
  let runs = 0
  const compute = () => {
    runs += 1
    return Promise.resolve([Float32Array.of(runs, 0), Float32Array.of(runs, 1)])
  }
  const first = await own.get(text(1, 2), 0, compute)
  first.fill(9)
  expect([...(await own.get(text(1, 2), 0, compute))]).toEqual([1, 0])
  expect([...(await own.get(text(1, 2), 1, compute))]).toEqual([1, 1])
  expect([...(await own.get(text(12), 1, compute))]).toEqual([2, 1])
  expect([...(await own.get(image(1), 0, compute))]).toEqual([3, 0])
  expect([...(await own.get(image(2), 0, compute))]).toEqual([4, 0])
  expect([...(await own.get(image(1), 1, compute))]).toEqual([3, 1])
  own.forget()
  expect([...(await own.get(text(1, 2), 1, compute))]).toEqual([5, 1])
})

test('the oldest inputs give way', async () => {
  const own = new OwnWeights()
  const asked: number[] = []
  const get = (id: number) =>
    own.get(text(id), 0, () => {
      asked.push(id)
      return Promise.resolve([new Float32Array(6 * 1024 * 1024)])
    })
  for (const id of [1, 2, 3, 3, 1, 3]) await get(id)
  expect(asked).toEqual([1, 2, 3, 1])
})
