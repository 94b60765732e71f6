import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Token } from '../../../src/core/types'
import { mostLines, visibleLines } from '../../../src/views/draw-bipartite'
import { sequenceLinks, strongestLinks } from '../../../src/views/links'
import { opacityOf } from '../../../src/views/opacity'
import { PatternSum } from '../../../src/views/position-pattern'
import { prepareSentence, type SentenceInput } from '../../../src/views/sentence-weights'
import { headAtStrip, layOutStrip, poolWeights } from '../../../src/views/thumbnails'
import { findPieceMarks, groupWords, joinWords } from '../../../src/views/words'

const token = (text: string): Token => ({ id: 0, text, special: /^(\[|<)/.test(text) })
const tokens = (...texts: string[]): Token[] => texts.map(token)
const groups = (...texts: string[]): number[] => {
  const list = tokens(...texts)
  const marks = findPieceMarks([{ id: '0', name: '', tokens: list, truncated: 0 }])
  return [...groupWords(list, marks)]
}

/** Rows that sum to 1, from any numbers; `causal` masks later keys. */
const softRows = (size: number, raw: readonly number[], causal: boolean): Float32Array => {
  const weights = new Float32Array(size * size)
  for (let query = 0; query < size; query += 1) {
    const keys = causal ? query + 1 : size
    let total = 0
    for (let key = 0; key < keys; key += 1) total += raw[(query * size + key) % raw.length]! + 0.01
    for (let key = 0; key < keys; key += 1)
      weights[query * size + key] = (raw[(query * size + key) % raw.length]! + 0.01) / total
  }
  return weights
}

const matrices = fc
  .record({
    size: fc.integer({ min: 1, max: 7 }),
    raw: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 49, maxLength: 49 }),
    hidden: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
    joins: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
    causal: fc.boolean(),
  })
  .map(({ size, raw, hidden, joins, causal }) => {
    const words = new Int32Array(size)
    for (let at = 1; at < size; at += 1) words[at] = words[at - 1]! + (joins[at] ? 0 : 1)
    return {
      size,
      weights: softRows(size, raw, causal),
      hidden: Uint8Array.from({ length: size }, (_, at) => (hidden[at] ? 1 : 0)),
      words,
      causal,
    }
  })

const plain = (weights: Float32Array, size: number): SentenceInput => ({
  weights,
  size,
  hiddenQueries: new Uint8Array(size),
  hiddenKeys: new Uint8Array(size),
  words: null,
  values: null,
})

describe('words of word pieces', () => {
  it('follow the marks of each vocabulary', () => {
    expect(groups('[CLS]', 'un', '##believ', '##able', '!', '[SEP]')).toEqual([0, 1, 1, 1, 2, 3])
    expect(groups('The', 'Ġcat', 'ty', ',', 'Ġdon', "'t", '.')).toEqual([0, 1, 1, 2, 3, 3, 4])
    expect(groups('▁Hel', 'lo', '▁you', '</s>')).toEqual([0, 0, 1, 2])
    expect(groups('hel', 'lo</w>', 'you</w>')).toEqual([0, 0, 1])
  })

  it('stay pieces where nothing marks them', () => {
    expect(groups('ab', 'cd')).toEqual([0, 1])
  })

  it('are read without the marks inside', () => {
    const list = tokens('[CLS]', 'un', '##believ', '##able')
    expect(joinWords(list, Int32Array.of(0, 1, 1, 1))).toEqual(['[CLS]', 'unbelievable'])
    expect(joinWords(tokens('Ġcat', 'ty'), Int32Array.of(0, 0))).toEqual(['Ġcatty'])
  })
})

describe('the sentence', () => {
  it('is the weights themselves where nothing is asked for', () => {
    const weights = softRows(3, [0.2, 0.9, 0.4, 0.1], false)
    const { weights: shown, removedMass, meanRemoved } = prepareSentence(plain(weights, 3))
    expect([...shown]).toEqual([...weights].map((value) => expect.closeTo(value, 6)))
    expect([...removedMass]).toEqual([0, 0, 0])
    expect(meanRemoved).toBe(0)
  })

  it('gives rows that sum to 1 without hidden keys, and the mass that they had', () => {
    fc.assert(
      fc.property(matrices, ({ size, weights, hidden }) => {
        const shown = prepareSentence({ ...plain(weights, size), hiddenKeys: hidden })
        for (let query = 0; query < size; query += 1) {
          const row = shown.weights.subarray(query * size, (query + 1) * size)
          const removed = [...hidden].reduce((sum, is, key) => sum + (is ? weights[query * size + key]! : 0), 0)
          expect(shown.removedMass[query]).toBeCloseTo(removed, 5)
          const total = row.reduce((sum, weight) => sum + weight, 0)
          if (removed < 0.9999) expect(total).toBeCloseTo(1, 5)
          hidden.forEach((is, key) => is && expect(row[key]).toBe(0))
          // What is left, scaled back, and what was removed add up to the whole row.
          expect(total * (1 - removed) + removed).toBeCloseTo(1, 4)
        }
      }),
    )
  })

  it('sums attention to a word and averages attention from it', () => {
    fc.assert(
      fc.property(matrices, ({ size, weights, words }) => {
        const shown = prepareSentence({ ...plain(weights, size), words })
        const count = Math.max(...words) + 1
        expect(shown.size).toBe(count)
        for (let from = 0; from < count; from += 1) {
          const pieces = [...words.keys()].filter((at) => words[at] === from)
          for (let to = 0; to < count; to += 1) {
            let sum = 0
            for (const query of pieces)
              words.forEach((word, key) => (sum += word === to ? weights[query * size + key]! : 0))
            expect(shown.weights[from * count + to]).toBeCloseTo(sum / pieces.length, 5)
          }
        }
      }),
    )
  })

  it('hides a word as a whole, leaves hidden queries out of the mean, and multiplies by the norm of the value', () => {
    const weights = softRows(3, [0.5], false)
    const hidden = Uint8Array.of(1, 0, 0)
    const merged = prepareSentence({
      ...plain(weights, 3),
      hiddenKeys: hidden,
      hiddenQueries: hidden,
      words: Int32Array.of(0, 0, 1),
    })
    expect([...merged.hiddenKeys]).toEqual([1, 0])
    expect([...merged.weights]).toEqual([0, 0, 0, 1])
    expect(merged.meanRemoved).toBeCloseTo(2 / 3)
    const values = { v: Float32Array.of(3, 4, 0, 0, 0, 2), dim: 2 }
    const weighted = prepareSentence({ ...plain(weights, 3), values })
    expect([...weighted.weights.subarray(0, 3)]).toEqual([5 / 3, 0, 2 / 3].map((value) => expect.closeTo(value, 5)))
  })

  it('never gives a masked pair any weight', () => {
    fc.assert(
      fc.property(
        matrices.filter(({ causal }) => causal),
        ({ size, weights, hidden }) => {
          const shown = prepareSentence({ ...plain(weights, size), hiddenKeys: hidden })
          for (const scale of ['whole', 'row', 'column'] as const) {
            const { lines } = visibleLines({ weights: shown.weights, size, scale, active: null })
            expect(lines.filter(({ query, key }) => key > query)).toEqual([])
          }
        },
      ),
    )
  })
})

describe('opacity', () => {
  const weights = Float32Array.of(0.2, 0.4, 0.1, 0.8)

  it('is the weight over the largest of all, of its query or of its key', () => {
    expect(opacityOf(weights, 2, 'whole')(0, 1)).toBeCloseTo(0.5)
    expect(opacityOf(weights, 2, 'row')(0, 0)).toBeCloseTo(0.5)
    expect(opacityOf(weights, 2, 'column')(1, 0)).toBeCloseTo(0.5)
    expect(opacityOf(new Float32Array(4), 2, 'row')(0, 0)).toBe(0)
  })

  it('draws the strongest lines of a long sentence and counts the others', () => {
    const size = 128
    const many = Float32Array.from({ length: size * size }, (_, at) => 0.5 + (at % 7) / 20)
    const { lines, leftOut } = visibleLines({ weights: many, size, scale: 'whole', active: null })
    expect(lines).toHaveLength(mostLines)
    expect(lines.length + leftOut).toBe(size * size)
  })
})

describe('links of a head', () => {
  const weights = Float32Array.of(0.9, 0.1, 0, 0.3, 0.3, 0.4, 0, 0.95, 0.05)

  it('are the strongest of every query above the threshold, the strongest last', () => {
    const links = sequenceLinks(weights, 3, { count: 2, threshold: 0.2 })
    expect(links.map(({ query, key }) => [query, key])).toEqual([
      [1, 0],
      [1, 2],
      [0, 0],
      [2, 1],
    ])
  })

  it('of one token keep to the threshold too', () => {
    expect(strongestLinks(weights, 3, 1, 'key', 10, 0.2).map(({ query }) => query)).toEqual([2, 1])
  })
})

describe('the pattern by position', () => {
  it('is the mean over the sequences that reach a pair', () => {
    const sum = new PatternSum(3)
    sum.add(Float32Array.of(1, 0, 0.25, 0.75), 2)
    sum.add(Float32Array.of(0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0, 0, 1), 3)
    const { weights, reach, sequences } = sum.mean()
    expect([...weights]).toEqual([0.75, 0.125, 0.25, 0.25, 0.625, 0.25, 0, 0, 1])
    expect([...reach]).toEqual([2, 2, 1])
    expect(sequences).toBe(2)
  })
})

describe('the strip of heads', () => {
  it('gives each head a place and finds it again', () => {
    const shape = layOutStrip(12, 12, 420)
    expect(shape.widthPx).toBeLessThanOrEqual(420)
    const { leftPx, topPx, stepPx } = shape
    expect(headAtStrip(shape, leftPx + 9 * stepPx + 1, topPx + 3 * stepPx + 1)).toEqual({ layer: 3, head: 9 })
    expect(headAtStrip(shape, 3, topPx + 5)).toBeNull()
    expect(headAtStrip(shape, leftPx + 12 * stepPx, topPx)).toBeNull()
    expect(layOutStrip(48, 64, 400).thumbPx).toBeGreaterThanOrEqual(12)
  })

  it('keeps a lone strong cell of a long sequence, and sharp cells of a short one', () => {
    const long = new Float32Array(100 * 100)
    long[37 * 100 + 59] = 0.4
    const pooled = poolWeights(long, 100, 20)
    expect(pooled.filter((value) => value > 0)).toHaveLength(1)
    expect(pooled[7 * 20 + 11]).toBe(1)
    expect([...poolWeights(Float32Array.of(1, 0, 0.5, 0.25), 2, 4)]).toEqual([
      1, 1, 0, 0, 1, 1, 0, 0, 0.5, 0.5, 0.25, 0.25, 0.5, 0.5, 0.25, 0.25,
    ])
  })
})
