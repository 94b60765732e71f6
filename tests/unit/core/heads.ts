import fc from 'fast-check'
import type { HeadVectors } from '../../../src/core/types'

const numbers = (length: number, limit: number) =>
  fc.array(
    fc.integer({ min: -limit * 1000, max: limit * 1000 }).map((value) => value / 1000),
    { minLength: length, maxLength: length },
  )

/** Heads as a model makes them: components up to 4, dimensions 1 … 8, 1 … 12 queries and keys. */
export const randomHead: fc.Arbitrary<HeadVectors> = fc
  .record({
    n: fc.integer({ min: 1, max: 12 }),
    m: fc.integer({ min: 1, max: 12 }),
    dim: fc.integer({ min: 1, max: 8 }),
  })
  .chain(({ n, m, dim }) =>
    fc.record({ q: numbers(n * dim, 4), k: numbers(m * dim, 4) }).map(({ q, k }) => ({
      q: Float32Array.from(q),
      k: Float32Array.from(k),
      n,
      m,
      dim,
      scale: 1 / Math.sqrt(dim),
    })),
  )

/**
 * Heads at the edge: huge or tiny norms, zeros, all points equal, one point. Their numbers are small integers times a power
 * of two and their counts are powers of two, so that rounding can't blur a result.
 */
export const extremeHead: fc.Arbitrary<HeadVectors> = fc
  .record({
    n: fc.constantFrom(1, 2, 4, 8),
    m: fc.constantFrom(1, 2, 4, 8),
    dim: fc.constantFrom(1, 2, 4, 7),
    size: fc.constantFrom(2 ** -60, 1, 2 ** 40),
    kind: fc.constantFrom('mixed', 'zeros', 'equal'),
    integers: fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 120, maxLength: 120 }),
  })
  .map(({ n, m, dim, size, kind, integers }) => {
    const at = (index: number) =>
      kind === 'zeros' ? 0 : size * integers[kind === 'equal' ? index % dim : index % integers.length]!
    return {
      q: Float32Array.from({ length: n * dim }, (_, index) => at(index)),
      k: Float32Array.from({ length: m * dim }, (_, index) => at(index + n * dim)),
      n,
      m,
      dim,
      scale: 0.5,
    }
  })
