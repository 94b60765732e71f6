import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Sequence } from '../../../src/core/types'
import { buildTokenTable } from '../../../src/encodings/tokens'
import { sizesByNorm } from '../../../src/views/point-sizes'
import { selectionEmphasis } from '../../../src/views/scene-sync'
import { massInside, selectionBySequence, summariseSelection } from '../../../src/views/selection-summary'

const sequence = (id: string, ...texts: string[]): Sequence => ({
  id,
  name: id,
  tokens: texts.map((text) => ({ id: 0, text, special: false })),
  truncated: 0,
})
const table = buildTokenTable([
  sequence('a', 'the', 'cat', 'sat'),
  sequence('b', 'the', 'dog', 'sat', 'down'),
  sequence('c', 'the'),
])
const total = table.n + table.m

describe('the summary of a selection', () => {
  it('counts what a recount counts, whatever is selected', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(total - 1)), (points) => {
        const summary = summariseSelection(table, points)
        expect(summary.points).toBe(points.length)
        expect(summary.queries).toBe(points.filter((point) => point < table.n).length)
        expect(summary.keys).toBe(points.filter((point) => point >= table.n).length)
        const sequences = points.map((point) => table.sequenceOf[point])
        expect(summary.sequences).toBe(new Set(sequences).size)
        expect(summary.positions.inside.reduce((sum, count) => sum + count, 0)).toBe(points.length)
        expect(summary.positions.all.reduce((sum, count) => sum + count, 0)).toBe(total)
        for (const { text, inside, all } of summary.enriched) {
          const isOf = (point: number) =>
            table.sequences[table.sequenceOf[point]!]!.tokens[table.positionOf[point]!]!.text === text
          expect(inside).toBe(points.filter(isOf).length)
          expect(all).toBe([...table.sequenceOf.keys()].filter(isOf).length)
        }
      }),
    )
  })

  it('names the tokens that stand out against the rest, with their factor', () => {
    const the = [0, 3, 7, 8, 11, 15]
    const { enriched, largestShare, sequences } = summariseSelection(table, [...the, 1])
    expect(enriched.map(({ text }) => text)).toEqual(['the'])
    expect(enriched[0]).toMatchObject({ inside: 6, all: 6 })
    expect(enriched[0]!.factor).toBeCloseTo(6.5 / 8 / (0.5 / 10))
    expect(sequences).toBe(3)
    expect(largestShare).toBeCloseTo(3 / 7)
  })

  it('is empty for an empty selection', () => {
    expect(summariseSelection(table, [])).toMatchObject({ points: 0, sequences: 0, largestShare: 0, enriched: [] })
  })
})

describe('where the attention of a selection goes', () => {
  it('is the weight on selected keys of the same sequence, beside what even attention gives', () => {
    const groups = selectionBySequence(table, [0, 2, 9, 10, 4])
    expect([...groups.keys()]).toEqual([0, 1])
    expect(groups.get(0)).toEqual({ queries: [0, 2], keys: Uint8Array.of(0, 1, 1) })
    expect(groups.get(1)).toEqual({ queries: [1], keys: new Uint8Array(4) })
    const weights = Float32Array.of(0.2, 0.3, 0.5, 1, 0, 0, 0.1, 0.1, 0.8)
    const both = massInside(weights, 3, groups.get(0)!, { causal: false, window: null })
    expect(both.inside).toBeCloseTo(0.8 + 0.9)
    expect(both.even).toBeCloseTo(4 / 3)
    const causal = massInside(weights, 3, groups.get(0)!, { causal: true, window: null })
    expect(causal.inside).toBeCloseTo(0.9)
    expect(causal.even).toBeCloseTo(2 / 3)
  })
})

describe('what is drawn of it', () => {
  it('dims all other points; the pinned one stands out', () => {
    expect([...selectionEmphasis(table, [1, 3], 3)].slice(0, 5)).toEqual([0, 1, 0, 2, 0])
  })

  it('grows points with their norms, queries and keys on one scale', () => {
    const sizes = sizesByNorm({ q: Float32Array.of(1, 2), k: Float32Array.of(3, 3) })
    expect([...sizes]).toEqual([64, 160, 255, 255])
    expect([...sizesByNorm({ q: Float32Array.of(2), k: Float32Array.of(2) })]).toEqual([128, 128])
  })
})
