import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ModelInput } from '../../../src/core/types'
import { buildFeeds, fixedBatch, inputKind, toFloat16Bits } from '../../../src/models/feeds'
import { readModelConfig } from '../../../src/models/model-config'
import { float16ToFloat32 } from '../../../src/onnx/float16'
import type { GraphInput } from '../../../src/onnx/types'

const config = readModelConfig({ num_attention_heads: 4, num_key_value_heads: 2, head_dim: 8 })
const text = (...ids: number[]): ModelInput => ({ kind: 'text', ids: Int32Array.from(ids), typeIds: null })
const input = (name: string, elementType: number, dims: GraphInput['dims'] = ['batch', 'tokens']): GraphInput => ({
  name,
  elementType,
  dims,
})

test('types follow the file, one row for each input', () => {
  const feeds = buildFeeds(
    [input('input_ids', 6), input('attention_mask', 7), input('token_type_ids', 7), input('position_ids', 7)],
    [text(5, 6, 7), text(8, 9, 10)],
    config,
  )
  expect(feeds['input_ids']).toEqual({ type: 'int32', dims: [2, 3], data: Int32Array.of(5, 6, 7, 8, 9, 10) })
  expect(feeds['attention_mask']).toEqual({
    type: 'int64',
    dims: [2, 3],
    data: BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 1n),
  })
  expect(feeds['token_type_ids']?.data).toEqual(BigInt64Array.of(0n, 0n, 0n, 0n, 0n, 0n))
  expect(feeds['position_ids']?.data).toEqual(BigInt64Array.of(0n, 1n, 2n, 0n, 1n, 2n))
})

test.each([
  ['past_key_values.0.key', ['batch_size', 2, 'past_sequence_length', 8], [2, 2, 0, 8]],
  ['past_key_values.0.value', ['batch_size', 'heads', 'past_sequence_length', 'd'], [2, 2, 0, 8]],
  ['past_0', [2, 'batch', 4, 'past', 8], [2, 2, 4, 0, 8]],
])('%s %j is an empty past %j', (name, dims, expected) => {
  const feeds = buildFeeds([input(name, 1, dims)], [text(1), text(2)], config)
  expect(feeds[name]?.dims).toEqual(expected)
  expect(feeds[name]?.data).toHaveLength(0)
})

test('switches of merged decoders are off, and only one row of logits is asked for', () => {
  const feeds = buildFeeds([input('use_cache_branch', 9, [1]), input('num_logits_to_keep', 7, [])], [text(1)], config)
  expect(feeds['use_cache_branch']).toEqual({ type: 'bool', dims: [1], data: Uint8Array.of(0) })
  expect(feeds['num_logits_to_keep']).toEqual({ type: 'int64', dims: [], data: BigInt64Array.of(1n) })
})

test('pixels are stacked', () => {
  const image = (value: number): ModelInput => ({
    kind: 'image',
    pixels: new Float32Array(12).fill(value),
    shape: [3, 2, 2],
  })
  const feeds = buildFeeds([input('pixel_values', 1, ['batch', 3, 2, 2])], [image(1), image(2)], config)
  expect(feeds['pixel_values']?.dims).toEqual([2, 3, 2, 2])
  expect([...feeds['pixel_values']!.data]).toEqual([...Array<number>(12).fill(1), ...Array<number>(12).fill(2)])
})

describe('refusals', () => {
  test('a mixed batch', () => {
    expect(() => buildFeeds([input('input_ids', 7)], [text(1), text(1, 2)], config)).toThrow(/same size/)
  })

  test('an input that nobody can give is named', () => {
    expect(() => buildFeeds([input('encoder_hidden_states', 1, ['b', 't', 64])], [text(1)], config)).toThrow(
      /encoder_hidden_states/,
    )
    expect(() => inputKind([input('input_ids', 7), input('pixel_values', 1)])).toThrow(/text and pictures at once/)
    expect(() => inputKind([input('input_features', 1)])).toThrow(/input_features/)
  })
})

test('a fixed batch is seen', () => {
  expect(fixedBatch([input('pixel_values', 1, [1, 3, 224, 224])])).toBe(1)
  expect(fixedBatch([input('pixel_values', 1, ['batch', 3, 224, 224])])).toBeNull()
})

test('half precision is rounded to the nearest, ties to even', () => {
  const half = (value: number) => float16ToFloat32(toFloat16Bits(Float32Array.of(value))[0]!)
  expect([half(1), half(-2.5), half(65504), half(1e-8), half(6e-8), half(Infinity)]).toEqual([
    1,
    -2.5,
    65504,
    0,
    2 ** -24,
    Infinity,
  ])
  expect(half(NaN)).toBeNaN()
  expect(half(1 + 2 ** -11)).toBe(1)
  expect(half(1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9)
  fc.assert(
    fc.property(fc.double({ min: -60000, max: 60000, noNaN: true }), (value) => {
      expect(Math.abs(half(value) - Math.fround(value))).toBeLessThanOrEqual(
        Math.max(Math.abs(value) * 2 ** -11, 2 ** -25) * 1.0001,
      )
    }),
  )
})
