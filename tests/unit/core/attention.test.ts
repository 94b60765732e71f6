import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  computeAttention,
  isVisible,
  mergePieces,
  renormalizeWithout,
  visibleKeys,
  weightByValueNorm,
} from '../../../src/core/attention'
import type { HeadVectors, Mask } from '../../../src/core/types'
import { extremeHead, randomHead } from './heads'

const masks = fc.record({
  causal: fc.boolean(),
  window: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 6 })),
})

/** The definition, cell by cell. */
function naiveAttention({ q, k, n, m, dim, scale }: HeadVectors, mask: Mask): number[] {
  const weights: number[] = []
  for (let i = 0; i < n; i++) {
    const scores = Array.from({ length: m }, (_, j) => {
      let score = 0
      for (let column = 0; column < dim; column++) score += scale * q[i * dim + column]! * k[j * dim + column]!
      return isVisible(mask, i, j) ? score : -Infinity
    })
    const largest = Math.max(...scores)
    const parts = scores.map((score) => (score === -Infinity ? 0 : Math.exp(score - largest)))
    const total = parts.reduce((sum, part) => sum + part, 0)
    weights.push(...parts.map((part) => (total > 0 ? part / total : 0)))
  }
  return weights
}

test('attention is the softmax over the visible keys', () => {
  fc.assert(
    fc.property(randomHead, masks, (head, mask) => {
      const { n, m, dim } = head
      const weights = computeAttention({ ...head, queries: n, keys: m, dim, mask })
      for (const [index, expected] of naiveAttention(head, mask).entries()) {
        expect(Math.abs(weights[index]! - expected)).toBeLessThan(1e-6)
      }
    }),
  )
})

test('rows sum to 1 whatever the norms are, and hidden cells are 0', () => {
  fc.assert(
    fc.property(extremeHead, masks, (head, mask) => {
      const { n, m, dim } = head
      const weights = computeAttention({ ...head, queries: n, keys: m, dim, mask })
      for (let i = 0; i < n; i++) {
        const row = weights.subarray(i * m, (i + 1) * m)
        const visible = Array.from(row.keys()).filter((j) => isVisible(mask, i, j))
        expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(visible.length > 0 ? 1 : 0, 5)
        for (const [j, weight] of row.entries()) if (!isVisible(mask, i, j)) expect(weight).toBe(0)
      }
    }),
  )
})

test('the visible keys of a query are one run', () => {
  fc.assert(
    fc.property(masks, fc.nat(12), fc.nat(12), (mask, query, keys) => {
      const { first, end } = visibleKeys(mask, query, keys)
      for (let key = 0; key < keys; key++) expect(key >= first && key < end).toBe(isVisible(mask, query, key))
      expect(end).toBeGreaterThanOrEqual(first)
    }),
  )
})

test('leaving keys out states the removed mass and lets rows sum to 1', () => {
  const weights = Float32Array.from([0.5, 0.25, 0.25, 0.75, 0, 0.25, 1, 0, 0])
  const { weights: rest, removedMass } = renormalizeWithout(weights, 3, 3, Uint8Array.from([1, 0, 0]))
  expect(Array.from(rest)).toEqual([0, 0.5, 0.5, 0, 0, 1, 0, 0, 0])
  expect(Array.from(removedMass)).toEqual([0.5, 0.75, 1])
})

test('attention to a word is the sum over its pieces, from a word the mean', () => {
  const weights = Float32Array.from([0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0, 0.25, 0.75])
  const merged = mergePieces(weights, 3, Int32Array.from([0, 0, 1]))
  expect(merged.words).toBe(2)
  expect(Array.from(merged.weights)).toEqual([0.75, 0.25, 0.25, 0.75])
})

test('merged rows still sum to 1', () => {
  fc.assert(
    fc.property(randomHead, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (head, starts) => {
      const size = Math.min(head.n, head.m)
      const mask = { causal: false, window: null }
      const weights = computeAttention({ ...head, queries: size, keys: size, mask })
      let word = 0
      const words = Int32Array.from({ length: size }, (_, index) => (index > 0 && starts[index] ? ++word : word))
      const merged = mergePieces(weights, size, words)
      for (let row = 0; row < merged.words; row++) {
        const sum = merged.weights.subarray(row * merged.words, (row + 1) * merged.words).reduce((a, b) => a + b, 0)
        expect(sum).toBeCloseTo(1, 5)
      }
    }),
  )
})

test('weights times value norms', () => {
  const result = weightByValueNorm(Float32Array.from([0.5, 0.5, 1, 0]), 2, 2, Float32Array.from([3, 4, 0, 2]), 2)
  expect(Array.from(result)).toEqual([2.5, 1, 5, 0])
})
