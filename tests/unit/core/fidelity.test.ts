import fc from 'fast-check'
import { expect, test } from 'vitest'
import { computeFidelity, type FidelityInput } from '../../../src/core/fidelity'
import { liftKeys, translateKeys } from '../../../src/core/joint'
import type { HeadVectors } from '../../../src/core/types'
import { goldenHead, readGoldenHead, spansOf } from '../golden-head'
import { naiveFidelity } from './naive'

/** Small integers: ties and equal rows are common, sums are exact. */
const arbitraryInput = fc
  .record({
    lengths: fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 4 }),
    dim: fc.integer({ min: 1, max: 4 }),
    dims: fc.constantFrom(2 as const, 3 as const),
    causal: fc.boolean(),
    window: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 9 })),
    seed: fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 97, maxLength: 97 }),
    special: fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
    withPoints: fc.boolean(),
    euclidean: fc.boolean(),
  })
  .map(({ lengths, dim, dims, causal, window, seed, special, withPoints, euclidean }) => {
    const spans = spansOf(lengths)
    const n = lengths.reduce((sum, length) => sum + length, 0)
    const numbers = (length: number, offset: number) =>
      Float32Array.from({ length }, (_, index) => seed[(index * 31 + offset) % seed.length]!)
    const vectors: HeadVectors = { q: numbers(n * dim, 1), k: numbers(n * dim, 40), n, m: n, dim, scale: 0.5 }
    const flags = Uint8Array.from({ length: n }, (_, index) => (special[index % special.length] ? 1 : 0))
    const input: FidelityInput = {
      vectors,
      joint: translateKeys(vectors),
      jointMetric: euclidean ? 'euclidean' : 'cosine',
      mask: { causal, window },
      querySpecial: flags,
      keySpecial: flags,
      points: withPoints ? numbers(2 * n * dims, 7) : null,
      dims,
    }
    return { input, spans }
  })

test('every figure is what its definition says', () => {
  fc.assert(
    fc.property(arbitraryInput, ({ input, spans }) => {
      const found = computeFidelity(input, spans)
      for (const [name, expected] of Object.entries(naiveFidelity(input, spans))) {
        const value = found[name as keyof typeof found]
        if (expected === null) expect(value, name).toBeNull()
        else expect(value, name).toBeCloseTo(expected, 9)
      }
    }),
    { numRuns: 400 },
  )
})

const plain = (vectors: HeadVectors, more: Partial<FidelityInput> = {}): FidelityInput => ({
  vectors,
  joint: translateKeys(vectors),
  jointMetric: 'cosine',
  mask: { causal: false, window: null },
  querySpecial: new Uint8Array(vectors.n),
  keySpecial: new Uint8Array(vectors.m),
  points: null,
  dims: 2,
  ...more,
})

test('a real head gives the reference figures', () => {
  const { vectors, spans } = readGoldenHead()
  const { joint, jointRecall, chanceRecall, pairs, undefinedRows } = computeFidelity(plain(vectors), spans)
  expect(joint).toBeCloseTo(goldenHead.before_projection.spearman_cosine, 4)
  expect(jointRecall).toBeCloseTo(goldenHead.before_projection.recall5, 4)
  expect(chanceRecall).toBeCloseTo(0.205, 3)
  expect(pairs).toBe(goldenHead.lengths.reduce((sum, length) => sum + length * length, 0))
  expect(undefinedRows).toBe(0)
})

test('the lift is exact by construction on a real head', () => {
  const { vectors, spans } = readGoldenHead()
  const figures = computeFidelity(plain(vectors, { joint: liftKeys(vectors), jointMetric: 'euclidean' }), spans)
  expect(figures.joint).toBeCloseTo(-1, 4)
  expect(figures.jointRecall).toBeGreaterThan(0.999)
})

test('a popular key lifts the overall agreement, not the query-specific one', () => {
  // All scores come from the key alone, and the picture shows just that.
  const n = 12
  const k = Float32Array.from({ length: n }, (_, index) => index + 1)
  const vectors: HeadVectors = { q: new Float32Array(n).fill(1), k, n, m: n, dim: 1, scale: 1 }
  const points = new Float32Array(4 * n)
  for (let key = 0; key < n; key++) points[2 * (n + key)] = 100 - key
  const figures = computeFidelity(plain(vectors, { points }), spansOf([n]))
  expect(figures.picture).toBe(-1)
  expect(figures.pictureSpecific).toBeNull()
})

test('causal rows need five visible keys', () => {
  const { vectors } = readGoldenHead()
  const figures = computeFidelity(plain(vectors, { mask: { causal: true, window: null } }), spansOf([3, 6]))
  expect(figures.shortRows).toBe(3 + 4)
  expect(figures.pairs).toBe(5 + 6)
})

test('all equal points: everything undefined and counted, nothing NaN', () => {
  const n = 8
  const same = new Float32Array(n * 2).fill(3)
  const vectors: HeadVectors = { q: same, k: same, n, m: n, dim: 2, scale: 1 }
  const figures = computeFidelity(plain(vectors, { points: new Float32Array(4 * n) }), spansOf([n]))
  expect(figures).toMatchObject({ joint: null, picture: null, pictureRecall: null, pairs: 0, undefinedRows: n })
})

test('queries and keys of different sequences never meet (cross-attention)', () => {
  const { vectors } = readGoldenHead()
  const spans = [
    { queryStart: 0, queries: 4, keyStart: 0, keys: 9 },
    { queryStart: 4, queries: 5, keyStart: 9, keys: 7 },
  ]
  const head = { ...vectors, q: vectors.q.slice(0, 9 * 32), k: vectors.k.slice(0, 16 * 32), n: 9, m: 16 }
  const input = plain(head)
  const found = computeFidelity(input, spans)
  expect(found.joint).toBeCloseTo(naiveFidelity(input, spans).joint!, 9)
  expect(found.pairs).toBe(4 * 9 + 5 * 7)
})
