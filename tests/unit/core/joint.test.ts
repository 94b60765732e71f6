import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { computeAttention } from '../../../src/core/attention'
import { keepRaw, liftKeys, scaleAndTranslate, translateKeys } from '../../../src/core/joint'
import { meanOfRows } from '../../../src/core/linear'
import { hashUniform } from '../../../src/core/random'
import type { HeadVectors, JointVectors } from '../../../src/core/types'
import { extremeHead, randomHead } from './heads'

const attentionOf = (q: Float32Array, k: Float32Array, { n, m, dim, scale }: HeadVectors) =>
  computeAttention({ q, k, queries: n, keys: m, dim, scale, mask: { causal: false, window: null } })

const largestGap = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let gap = 0
  for (let index = 0; index < a.length; index++) gap = Math.max(gap, Math.abs(a[index]! - b[index]!))
  return gap
}

const dot = (a: Float32Array, i: number, b: Float32Array, j: number, dim: number) => {
  let sum = 0
  for (let column = 0; column < dim; column++) sum += a[i * dim + column]! * b[j * dim + column]!
  return sum
}

const largest = (...lists: Float32Array[]) => Math.max(0, ...lists.flatMap((list) => Array.from(list, Math.abs)))

const plainHead: HeadVectors = {
  q: Float32Array.from({ length: 40 }, (_, index) => 4 * hashUniform(1, index) - 1),
  k: Float32Array.from({ length: 40 }, (_, index) => 4 * hashUniform(2, index) - 3),
  n: 10,
  m: 10,
  dim: 4,
  scale: 0.5,
}

describe.each([
  ['random', randomHead],
  ['extreme', extremeHead],
])('%s heads', (_, heads) => {
  test('translating the keys leaves attention rows as they are, to 1e-5', () => {
    fc.assert(
      fc.property(heads, (head) => {
        const joint = translateKeys(head)
        expect(joint.c).toBe(1)
        expect(joint.q).toEqual(head.q)
        expect(largestGap(attentionOf(joint.q, joint.k, head), attentionOf(head.q, head.k, head))).toBeLessThan(1e-5)
      }),
      { numRuns: 300 },
    )
  })

  test('the centroids meet', () => {
    fc.assert(
      fc.property(heads, fc.constantFrom(0.2, 0.5, 1, 2, 5), (head, c) => {
        const joint = scaleAndTranslate(head, c)
        const gap = largestGap(meanOfRows(joint.q, head.n, head.dim), meanOfRows(joint.k, head.m, head.dim))
        // One float32 rounding each of c·q, of the shift and of k/c + shift.
        const size = Math.max(largest(head.k) / c, largest(joint.shift), largest(joint.q, joint.k))
        expect(gap).toBeLessThanOrEqual(3 * 2 ** -24 * size)
      }),
    )
  })

  test('the scale leaves dot products as they are', () => {
    fc.assert(
      fc.property(heads, fc.constantFrom(0.2, 0.4, 0.7, 1, 1.25, 5), (head, c) => {
        const { n, m, dim } = head
        const joint = scaleAndTranslate(head, c)
        const limit = 1e-5 * dim * (largest(joint.q) * largest(joint.k) + largest(head.q) * largest(head.k))
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < m; j++) {
            // Before the translation: the shift taken off again.
            const moved = dot(joint.q, i, joint.k, j, dim) - dot(joint.q, i, joint.shift, 0, dim)
            expect(Math.abs(moved - dot(head.q, i, head.k, j, dim))).toBeLessThanOrEqual(limit)
          }
        }
      }),
    )
  })

  test('the lift makes distances rank keys as dot products do', () => {
    fc.assert(
      fc.property(heads, (head) => {
        const joint = liftKeys(head)
        const { n, m, dim } = head
        expect([joint.dim, joint.c]).toEqual([dim + 1, 1])
        expect(joint.shift).toEqual(new Float32Array(dim + 1))
        const squareOf = (i: number, j: number) => {
          let sum = 0
          for (let column = 0; column <= dim; column++) {
            sum += (joint.q[i * (dim + 1) + column]! - joint.k[j * (dim + 1) + column]!) ** 2
          }
          return sum
        }
        const limit = 1e-6 * (dim + 1) * (largest(joint.q) + largest(joint.k)) ** 2
        for (let i = 0; i < n; i++) {
          for (let j = 1; j < m; j++) {
            const nearer = squareOf(i, 0) - squareOf(i, j)
            const larger = 2 * (dot(head.q, i, head.k, j, dim) - dot(head.q, i, head.k, 0, dim))
            expect(Math.abs(nearer - larger)).toBeLessThanOrEqual(limit)
          }
        }
      }),
    )
  })
})

test('translating the queries instead does change attention', () => {
  const queryMean = meanOfRows(plainHead.q, 10, 4)
  const keyMean = meanOfRows(plainHead.k, 10, 4)
  const moved = plainHead.q.map((value, index) => value + keyMean[index % 4]! - queryMean[index % 4]!)
  const gap = largestGap(attentionOf(moved, plainHead.k, plainHead), attentionOf(plainHead.q, plainHead.k, plainHead))
  expect(gap).toBeGreaterThan(0.05)
})

test('means are taken in float64', () => {
  const n = 4096
  const q = new Float32Array(n).fill(0.1)
  q[0] = 1e7
  const head = { q, k: new Float32Array(n), n, m: n, dim: 1, scale: 1 }
  const exact = (1e7 + (n - 1) * Math.fround(0.1)) / n
  expect(translateKeys(head).shift[0]).toBe(Math.fround(exact))
})

test('raw keeps everything; no method touches its input', () => {
  const before = structuredClone(plainHead)
  const raw = keepRaw(plainHead)
  expect(raw.q).toEqual(plainHead.q)
  expect(raw.k).toEqual(plainHead.k)
  expect([raw.c, ...raw.shift]).toEqual([1, 0, 0, 0, 0])
  for (const apply of [translateKeys, liftKeys, (head: HeadVectors) => scaleAndTranslate(head, 2)]) apply(plainHead)
  expect(plainHead).toEqual(before)
})

test('k/c + shift is what the answer says it is', () => {
  const joint = scaleAndTranslate(plainHead, 1.7)
  const again = plainHead.k.map((value, index) => value / 1.7 + joint.shift[index % 4]!)
  expect(joint.k).toEqual(again)
})

test.each<[string, (head: HeadVectors) => JointVectors]>([
  ['raw', keepRaw],
  ['translate', translateKeys],
  ['scale', (head) => scaleAndTranslate(head, 2)],
  ['lift', liftKeys],
])('%s refuses numbers that are not finite', (_, apply) => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    for (const part of ['q', 'k'] as const) {
      const head = structuredClone(plainHead)
      head[part][7] = bad
      expect(() => apply(head)).toThrow(expect.objectContaining({ code: 'VERIFY_FAILED' }) as Error)
    }
  }
})

test('without queries or without keys nothing is shifted', () => {
  const empty = { ...plainHead, q: new Float32Array(), n: 0 }
  expect(translateKeys(empty).k).toEqual(plainHead.k)
  expect(translateKeys({ ...plainHead, k: new Float32Array(), m: 0 }).shift).toEqual(new Float32Array(4))
})
