import { describe, expect, it } from 'vitest'
import type { Sequence, Token } from '../../../src/core/types'
import { encodingOf, encodings, isEncoding } from '../../../src/encodings'
import { keptByLegend } from '../../../src/encodings/legend-filter'
import {
  buildTokenTable,
  classOf,
  lengthOf,
  pointOf,
  pieceStateOf,
  roleOf,
  shareOf,
  tokenOf,
} from '../../../src/encodings/tokens'
import type { EncodingContext, Legend } from '../../../src/encodings/types'

const token = (text: string, special = false): Token => ({ id: text.length, text, special })
const sequence = (id: string, ...tokens: Token[]): Sequence => ({ id, name: id, tokens, truncated: 0 })

const sequences = [
  sequence('a', token('[CLS]', true), token('the'), token('cat'), token('##s'), token('.'), token('[SEP]', true)),
  sequence('b', token('[CLS]', true), token('1,969'), token('[SEP]', true)),
]
const table = buildTokenTable(sequences)
const norms = {
  q: Float32Array.from({ length: 9 }, (_, index) => 1 + index),
  k: Float32Array.from({ length: 9 }, (_, index) => 11 + index),
}
const contexts: EncodingContext[] = [
  { table, norms },
  { table, norms: null },
  { table: buildTokenTable([]), norms: null },
  { table: buildTokenTable([sequence('one', token('alone'))]), norms: null },
]

const legendIndices = (legend: Legend): number[] =>
  legend.kind === 'ramp'
    ? [...(legend.query ?? []), ...(legend.key ?? [])]
    : legend.items.flatMap(({ query, key }) => [query, key]).filter((index) => index >= 0)

describe.each(encodings.map((encoding) => [encoding.id, encoding] as const))('colour encoding %s', (_, encoding) => {
  it('gives every point a colour that its palette has, in both themes', () => {
    for (const context of contexts) {
      const indices = encoding.indices(context)
      expect(indices).toHaveLength(context.table.n + context.table.m)
      for (const shade of ['light', 'dark'] as const)
        for (const id of [undefined, 'default', 'paper', 'contrast'] as const) {
          const palette = encoding.palette(shade, id)
          expect(palette).toHaveLength(1024)
          for (const index of indices) expect(palette[4 * index + 3]).toBe(255)
        }
    }
  })

  it('explains in its legend only colours that the palette has, and says a value of every point', () => {
    for (const context of contexts) {
      const palette = encoding.palette('light')
      for (const index of legendIndices(encoding.legend(context))) expect(palette[4 * index + 3]).toBe(255)
      for (let point = 0; point < context.table.n + context.table.m; point++) {
        const value = encoding.value(context, point)
        expect('key' in value ? value.key : value.text).not.toBe('')
      }
    }
  })

  it('tells queries from keys of the same token by colour', () => {
    const indices = encoding.indices(contexts[0]!)
    for (let row = 0; row < table.n; row++) expect(indices[row]).not.toBe(indices[table.n + row])
  })
})

it('knows its encodings by id, and falls back to query and key', () => {
  expect(new Set(encodings.map(({ id }) => id)).size).toBe(encodings.length)
  expect(encodingOf('norm').id).toBe('norm')
  expect(encodingOf('no such').id).toBe('type')
  expect(isEncoding('mod5')).toBe(true)
  expect(isEncoding('no such')).toBe(false)
})

describe('values', () => {
  const values = (id: string): string[] => {
    const encoding = encodingOf(id)
    return Array.from({ length: table.n + table.m }, (_, point) => {
      const value = encoding.value({ table, norms }, point)
      return 'key' in value ? value.key : value.text
    })
  }

  it('position runs from the first to the last token of its own sequence', () => {
    expect(values('position').slice(0, 9)).toEqual([
      '0.00',
      '0.20',
      '0.40',
      '0.60',
      '0.80',
      '1.00',
      '0.00',
      '0.50',
      '1.00',
    ])
    const indices = encodingOf('position').indices({ table, norms })
    expect([...indices.slice(0, 6)]).toEqual([0, 25, 51, 76, 102, 127])
    expect([...indices.slice(9, 15)]).toEqual([128, 153, 179, 204, 230, 255])
  })

  it('position mod 5 starts again at the sixth token and at a new sequence', () => {
    expect(values('mod5').slice(0, 9)).toEqual(['0', '1', '2', '3', '4', '0', '0', '1', '2'])
  })

  it('norms of queries and keys share one domain', () => {
    const encoding = encodingOf('norm')
    const legend = encoding.legend({ table, norms })
    expect(legend).toMatchObject({ from: { text: '1.0' }, to: { text: '19.0' } })
    const indices = encoding.indices({ table, norms })
    expect(indices[0]).toBe(0)
    expect(indices[17]).toBe(255)
    expect(indices[9]! - 128).toBeGreaterThan(indices[8]!)
    expect(values('norm')[9]).toBe('11.00')
  })

  it('tells kinds of tokens apart', () => {
    expect(values('special').slice(0, 9)).toEqual([
      'special',
      'word',
      'word',
      'piece',
      'punctuation',
      'special',
      'special',
      'number',
      'special',
    ])
    expect(classOf(token('Ġ42'))).toBe('number')
    expect(classOf(token('▁word'))).toBe('word')
    expect(classOf(token('—'))).toBe('punctuation')
  })

  it('names the sequence itself, though the colours repeat', () => {
    const many = buildTokenTable(Array.from({ length: 24 }, (_, index) => sequence(`s${index}`, token('x'))))
    const context = { table: many, norms: null }
    const encoding = encodingOf('sequence')
    expect(encoding.value(context, 13)).toEqual({ text: '13' })
    expect(encoding.indices(context)[13]).toBe(encoding.indices(context)[3])
    const legend = encoding.legend(context)
    const labels = legend.kind === 'steps' ? legend.items.map(({ label }) => label) : []
    expect(labels).toHaveLength(10)
    expect([labels[3], labels[4]]).toEqual([{ text: '3, 13 …' }, { text: '4, 14' }])
  })

  it('counts how often a token occurs, the most frequent at the end of the ramp', () => {
    expect(values('frequency').slice(0, 9)).toEqual(['2×', '1×', '1×', '1×', '1×', '2×', '2×', '1×', '2×'])
    const indices = encodingOf('frequency').indices({ table, norms })
    expect([indices[0], indices[1], indices[9], indices[10]]).toEqual([127, 0, 255, 128])
  })

  it('tells the pieces of words apart, whichever piece the vocabulary marks', () => {
    expect(values('piece').slice(0, 9)).toEqual([
      'other',
      'whole',
      'start',
      'inside',
      'other',
      'other',
      'other',
      'other',
      'other',
    ])
    const marked = buildTokenTable([
      sequence('g', token('Hel'), token('lo'), token('Ġworld'), token('!'), token('Ġun'), token('told'), token('Ġ')),
    ])
    expect(Array.from({ length: 7 }, (_, point) => pieceStateOf(marked, point))).toEqual([
      'start',
      'inside',
      'whole',
      'other',
      'start',
      'inside',
      'other',
    ])
  })

  it('shows matches of the search, as queries and as keys', () => {
    const matches = Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 0, 0)
    const encoding = encodingOf('search')
    const indices = encoding.indices({ table, norms, matches })
    expect([indices[2], indices[11], indices[0], indices[9]]).toEqual([0, 1, 2, 3])
    expect(encoding.value({ table, norms, matches }, 11)).toEqual({ key: 'match' })
    expect(encoding.value({ table, norms }, 11)).toEqual({ key: 'other' })
  })

  it('shows attention only of the role that has it, uniform in the middle of received', () => {
    const attention = {
      entropy: Float32Array.from({ length: 9 }, (_, row) => (row === 0 ? Number.NaN : row / 8)),
      received: Float32Array.of(1, 16, 1 / 16, 4, 1, 1, 1, 1, 1),
    }
    const received = encodingOf('received')
    const indices = received.indices({ table, norms, attention })
    expect([...indices.slice(9, 13)]).toEqual([192, 255, 128, 223])
    const palette = received.palette('light')
    const colorAt = (index: number): number[] => [...palette.slice(4 * index, 4 * index + 3)]
    expect(colorAt(indices[0]!)).toEqual(colorAt(indices[8]!))
    expect(received.value({ table, norms, attention }, 10)).toEqual({ text: '16.0×' })
    expect(received.value({ table, norms, attention }, 1)).toEqual({ key: 'unknown' })
    const entropy = encodingOf('entropy')
    expect(entropy.indices({ table, norms, attention })[8]).toBe(127)
    expect(entropy.value({ table, norms, attention }, 4)).toEqual({ text: '0.50' })
    expect(entropy.value({ table, norms, attention }, 0)).toEqual({ key: 'unknown' })
    expect(entropy.value({ table, norms, attention }, 12)).toEqual({ key: 'unknown' })
  })

  it('counts characters without the marks of the vocabulary', () => {
    expect(values('length')[3]).toBe('1')
    expect(values('length')[1]).toBe('3')
  })
})

describe('token table', () => {
  it('lists all queries, then all keys, sequence after sequence', () => {
    expect([table.n, table.m]).toEqual([9, 9])
    expect([...table.sequenceOf]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1])
    expect([...table.positionOf].slice(9)).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2])
    expect(tokenOf(table, 16)?.text).toBe('1,969')
    expect([roleOf(table, 8), roleOf(table, 9)]).toEqual(['query', 'key'])
    expect(lengthOf(table, 16)).toBe(3)
    expect(shareOf(table, 16)).toBe(0.5)
  })

  it('finds the point of a token, and none beyond its sequence', () => {
    expect(pointOf(table, 1, 2, 'query')).toBe(8)
    expect(pointOf(table, 1, 2, 'key')).toBe(17)
    expect(pointOf(table, 1, 3, 'key')).toBe(-1)
    expect(pointOf(table, 5, 0, 'query')).toBe(-1)
  })
})

describe('legend as a filter', () => {
  const context = { table, norms }
  it('keeps the chosen categories, as queries and as keys', () => {
    const kept = keptByLegend(encodingOf('special'), context, { entries: new Set([1]), range: null })
    expect([...kept]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
  })
  it('keeps a part of a ramp, and leaves out what has no value there', () => {
    const firstHalf = keptByLegend(encodingOf('position'), context, { entries: null, range: [0, 0.5] })
    expect([...firstHalf].map((kept) => kept === 1)).toEqual(
      Array.from({ length: 18 }, (_, point) => shareOf(table, point) <= 0.5),
    )
    const queries = keptByLegend(encodingOf('position'), context, { entries: new Set([0]), range: [0, 0.5] })
    expect([...queries]).toEqual([...firstHalf].map((kept, point) => (point < 9 ? kept : 0)))
    const attention = {
      entropy: Float32Array.of(NaN, 0.1, 0.2, 0.3, 0.5, 0.9, 0.1, 0.1, 1),
      received: new Float32Array(9).fill(1),
    }
    const even = keptByLegend(encodingOf('entropy'), { table, norms, attention }, { entries: null, range: [0.25, 1] })
    expect([...even]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 1, ...new Array<number>(9).fill(0)])
  })
  it('says the value at every place of a ramp, from end to end', () => {
    for (const encoding of encodings) {
      const legend = encoding.legend({ table, norms })
      if (legend.kind !== 'ramp') continue
      const texts = [0, 0.25, 0.5, 0.75, 1].map((share) => Number.parseFloat(legend.at(share)))
      expect(texts.every(Number.isFinite), encoding.id).toBe(true)
      expect(texts, encoding.id).toEqual(texts.toSorted((a, b) => a - b))
      for (const [end, text] of [
        [legend.from, texts[0]],
        [legend.to, texts[4]],
      ] as const)
        if ('text' in end && !/[¹⁄₁₆]/u.test(end.text))
          expect(text, encoding.id).toBeCloseTo(Number.parseFloat(end.text), 1)
    }
  })
  it('keeps a role of ramps and of query and key', () => {
    const keys = [...new Array<number>(9).fill(0), ...new Array<number>(9).fill(1)]
    expect([...keptByLegend(encodingOf('norm'), context, { entries: new Set([1]), range: null })]).toEqual(keys)
    expect([...keptByLegend(encodingOf('type'), context, { entries: new Set([1]), range: null })]).toEqual(keys)
  })
})
