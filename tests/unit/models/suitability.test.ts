import { expect, test } from 'vitest'
import type { ModelInput } from '../../../src/core/types'
import { readModelConfig } from '../../../src/models/model-config'
import type { SelfTest } from '../../../src/models/self-test'
import { cutBatches, layersAtOnce } from '../../../src/models/suitability'

const text = (length: number): ModelInput => ({ kind: 'text', ids: new Int32Array(length), typeIds: null })
const picture = (side: number): ModelInput => ({ kind: 'image', pixels: new Float32Array(0), shape: [3, side, side] })
const shape = { heads: 12, tokens: 197 } as SelfTest

test('batches keep the order and hold few tokens', () => {
  const inputs = Array.from({ length: 100 }, () => text(20))
  const batches = cutBatches(inputs, null, shape)
  expect(batches.flat()).toEqual(inputs)
  for (const batch of batches) expect(batch.length * 20).toBeLessThanOrEqual(512)
  expect(batches).toHaveLength(4)
})

test('a long input is a batch of its own, and so is each where the file says so', () => {
  expect(cutBatches([text(1000), text(1000)], null, shape).map(({ length }) => length)).toEqual([1, 1])
  expect(cutBatches([text(5), text(5)], 1, shape).map(({ length }) => length)).toEqual([1, 1])
  expect(cutBatches([picture(224), picture(224), picture(224)], null, shape).map(({ length }) => length)).toEqual([
    2, 1,
  ])
  expect(cutBatches([], null, shape)).toEqual([])
  expect(() => cutBatches([text(5)], 4, shape)).toThrow(/exactly 4/)
})

test('pictures of another shape are a batch of their own, however many tokens they have', () => {
  const lying: ModelInput = { kind: 'image', pixels: new Float32Array(0), shape: [3, 32, 64] }
  const standing: ModelInput = { kind: 'image', pixels: new Float32Array(0), shape: [3, 64, 32] }
  const batches = cutBatches([lying, lying, standing, lying], null, { heads: 2, tokens: 33 } as SelfTest)
  expect(batches).toEqual([[lying, lying], [standing], [lying]])
})

test('the self-test holds as many layers at once as fit', () => {
  const config = readModelConfig({ num_attention_heads: 16, patch_size: 16 })
  expect(layersAtOnce(text(12), config)).toBeGreaterThan(1000)
  // 32² + 8 tokens: 16 heads of them are 17 million cells
  expect(layersAtOnce(picture(512), config)).toBe(1)
  expect(layersAtOnce(picture(224), config)).toBe(25)
})
