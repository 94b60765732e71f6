import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrangeHeads, countBins, extentOf, neighbourInOrder, shareOfExtent, sortHeads } from '../../../src/ui/arrange'
import { groupEnds, groupOf, headGroups } from '../../../src/ui/head-groups'

const values = [0.5, null, 0.9, 0.1, 0.5, 0.7]

describe('arranging heads', () => {
  it('leaves the grid alone until it is asked to sort or to filter', () => {
    expect(arrangeHeads(values, 3, { sort: 'grid', range: null })).toBeNull()
  })
  it('sorts either way, equal ones as they were, unknown ones last', () => {
    expect([...arrangeHeads(values, 3, { sort: 'high', range: null })!]).toEqual([2, 5, 0, 4, 3, 1])
    expect([...arrangeHeads(values, 3, { sort: 'low', range: null })!]).toEqual([3, 0, 4, 5, 2, 1])
  })
  it('filters in place, or fills whole rows when sorted', () => {
    expect([...arrangeHeads(values, 3, { sort: 'grid', range: [0.5, 0.8] })!]).toEqual([0, -1, -1, -1, 4, 5])
    expect([...arrangeHeads(values, 3, { sort: 'high', range: [0.1, 0.7] })!]).toEqual([5, 0, 4, 3, -1, -1])
    expect([...arrangeHeads(values, 3, { sort: 'low', range: [2, 3] })!]).toEqual([-1, -1, -1])
  })
  it('holds every head once, in order, whatever the values are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.float({ noNaN: true }))),
        fc.constantFrom('high' as const, 'low' as const),
        (all, sort) => {
          const sorted = sortHeads(all, sort)
          expect(sorted.toSorted((a, b) => a - b)).toEqual(all.map((_, index) => index))
          const known = sorted.map((index) => all[index]).filter((value) => value !== null)
          for (let at = 1; at < known.length; at += 1)
            expect(sort === 'high' ? known[at - 1]! >= known[at]! : known[at - 1]! <= known[at]!).toBe(true)
        },
      ),
      { seed: 5 },
    )
  })
  it('moves over empty places and stops at the edges', () => {
    const order = Int32Array.of(4, -1, 2, 0, 5, -1)
    expect(neighbourInOrder(order, 3, 4, 'right')).toBe(2)
    expect(neighbourInOrder(order, 3, 4, 'down')).toBe(0)
    expect(neighbourInOrder(order, 3, 2, 'right')).toBe(-1)
    expect(neighbourInOrder(order, 3, 2, 'down')).toBe(-1)
    expect(neighbourInOrder(order, 3, 5, 'up')).toBe(-1)
    expect(neighbourInOrder(order, 3, 1, 'left')).toBe(4)
  })
  it('counts heads by value', () => {
    const extent = extentOf(values)!
    expect(extent).toEqual({ low: 0.1, high: 0.9, count: 5 })
    expect(countBins(values, extent, 4)).toEqual([1, 0, 3, 1])
    expect(countBins([2, 2], extentOf([2, 2])!, 4)).toEqual([0, 0, 2, 0])
    expect(extentOf([null])).toBeNull()
    expect(shareOfExtent(0.9, extent)).toBe(1)
    expect(shareOfExtent(null, extent)).toBeNaN()
  })
})

it('tells which heads share keys', () => {
  expect(headGroups({ heads: 12, kvHeads: 12 })).toBeNull()
  const groups = headGroups({ heads: 9, kvHeads: 3 })!
  expect(groups).toEqual({ size: 3, count: 3 })
  expect([0, 2, 3, 8].map((head) => groupOf(groups, head))).toEqual([0, 0, 1, 2])
  expect(groupEnds(groups, 1)).toEqual([3, 5])
})
