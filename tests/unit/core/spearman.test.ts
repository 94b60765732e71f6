import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashUniform } from '../../../src/core/random'
import { Ranker, spearman } from '../../../src/core/spearman'
import { naiveRanks, naiveSpearman } from './naive'

/** Few distinct values, so that ties are common; also longer than the runs of the sort. */
const row = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true })), {
  minLength: 2,
  maxLength: 70,
})

test('ranks share their mean where values are equal', () => {
  fc.assert(
    fc.property(row, (values) => {
      const ranks = new Float64Array(values.length)
      const spread = new Ranker(100).rank(Float64Array.from(values), values.length, ranks)
      expect(Array.from(ranks)).toEqual(naiveRanks(values))
      const middle = (values.length + 1) / 2
      expect(spread).toBeCloseTo(
        naiveRanks(values).reduce((sum, rank) => sum + (rank - middle) ** 2, 0),
        6,
      )
    }),
    { numRuns: 500 },
  )
})

test('one ranker serves rows of any length, one after the other', () => {
  const ranker = new Ranker(300)
  for (const length of [300, 1, 13, 25, 200, 2]) {
    const values = Float64Array.from({ length }, (_, index) => (index * 7919) % 101)
    const ranks = new Float64Array(300)
    ranker.rank(values, length, ranks)
    expect(Array.from(ranks.subarray(0, length))).toEqual(naiveRanks(Array.from(values)))
  }
})

test('long rows of any shape come out in order, equal values by index', () => {
  const shapes: Record<string, (random: (index: number) => number, index: number) => number> = {
    even: (random, index) => random(index),
    bell: (random, index) => random(index) + random(index + 1000) + random(index + 2000),
    steps: (random, index) => Math.floor(60 * random(index)),
    'one far away': (random, index) => (index === 7 ? 1e300 : random(index)),
    'as good as equal': (random, index) => 1 + (random(index) < 0.5 ? 0 : Number.EPSILON),
    endless: (random, index) => (index === 9 ? -Infinity : random(index)),
  }
  for (const [name, shape] of Object.entries(shapes))
    for (const length of [48, 64, 300]) {
      const values = Float64Array.from({ length }, (_, index) => shape((at) => hashUniform(3, at), index))
      const ranker = new Ranker(length)
      const ranks = new Float64Array(length)
      ranker.rank(values, length, ranks)
      expect(Array.from(ranks), `${name} ${length}`).toEqual(naiveRanks(Array.from(values)))
      const wanted = [...values.keys()].sort((a, b) => values[a]! - values[b]! || a - b)
      expect(Array.from(ranker.sortedIndices(values, length)), `${name} ${length}`).toEqual(wanted)
    }
})

test('Spearman is the Pearson correlation of the ranks', () => {
  fc.assert(
    fc.property(row, row, (first, second) => {
      const count = Math.min(first.length, second.length)
      const found = spearman(first, second)
      const expected = naiveSpearman(first.slice(0, count), second.slice(0, count))
      if (expected === null) expect(found).toBeNull()
      else expect(found).toBeCloseTo(expected, 10)
    }),
  )
})

test('known values', () => {
  expect(spearman([1, 2, 3, 4], [10, 20, 30, 40])).toBe(1)
  expect(spearman([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1)
  expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 12)
  expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull()
  expect(spearman([1], [2])).toBeNull()
})
