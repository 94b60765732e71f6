import { describe, expect, it } from 'vitest'
import type { Sequence } from '../../../src/core/types'
import type { UserColumn } from '../../../src/core/user-column'
import { speechParts } from '../../../src/core/speech-part'
import { keptByLegend } from '../../../src/encodings/legend-filter'
import { posEncoding } from '../../../src/encodings/pos'
import { buildTokenTable } from '../../../src/encodings/tokens'
import type { EncodingContext, Legend } from '../../../src/encodings/types'
import { userEncoding } from '../../../src/encodings/user'

const contextOf = (sequences: number): EncodingContext => ({
  table: buildTokenTable(
    Array.from({ length: sequences }, (_, index): Sequence => {
      return { id: `s${index}`, name: '', tokens: [{ id: 1, text: 'x', special: false }], truncated: 0 }
    }),
  ),
  norms: null,
})
const columnOf = (...values: (string | null)[]): UserColumn => ({ name: 'label', values })
const labelsOf = (legend: Legend) =>
  legend.kind === 'steps' ? legend.items.map(({ label }) => ('key' in label ? label.key : label.text)) : []
const colorAt = (palette: Uint8Array, index: number) => [...palette.slice(4 * index, 4 * index + 4)]

describe('a column of categories', () => {
  const column = columnOf('b', 'a', 'b', null, '<i>')
  const context = contextOf(5)
  const encoding = userEncoding(column)

  it('has one step a value, the most frequent first, and one for none', () => {
    expect([encoding.id, encoding.name]).toEqual(['user', 'label'])
    expect(labelsOf(encoding.legend(context))).toEqual(['b', 'a', '<i>', 'noValue'])
    expect([...encoding.indices(context)]).toEqual([0, 2, 0, 6, 4, 1, 3, 1, 7, 5])
    expect([0, 3, 9].map((point) => encoding.value(context, point))).toEqual([
      { text: 'b' },
      { key: 'noValue' },
      { text: '<i>' },
    ])
  })

  it('filters by its legend', () => {
    expect([...keptByLegend(encoding, context, { entries: new Set([0, 3]), range: null })]).toEqual([
      1, 0, 1, 1, 0, 1, 0, 1, 1, 0,
    ])
  })

  it('gives a colour of its own to nine of many values, the rest share one', () => {
    const values = Array.from({ length: 30 }, (_, index) => `v${Math.max(0, index - 12)}`)
    const many = userEncoding(columnOf(...values))
    const large = contextOf(30)
    const labels = labelsOf(many.legend(large))
    expect(labels).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'otherValues'])
    const indices = many.indices(large)
    expect(indices[29]).toBe(indices[25])
    expect(indices[0]).not.toBe(indices[14])
    expect(many.value(large, 29)).toEqual({ text: 'v17' })
    const palette = many.palette('dark')
    expect(new Set(Array.from({ length: 10 }, (_, step) => colorAt(palette, 2 * step).join())).size).toBe(10)
  })
})

describe('a column of numbers', () => {
  const context = contextOf(4)
  const encoding = userEncoding(columnOf('10', '-5', null, '2.5'))

  it('is a ramp from the smallest to the largest; without a value a token is grey', () => {
    const legend = encoding.legend(context)
    expect(legend).toMatchObject({ kind: 'ramp', from: { text: '-5' }, to: { text: '10' } })
    const indices = [...encoding.indices(context)]
    expect(indices).toEqual([126, 0, 127, 63, 254, 128, 255, 191])
    for (const id of ['default', 'paper', 'contrast'] as const) {
      const [red, green, blue] = colorAt(encoding.palette('light', id), 127) as [number, number, number]
      expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThan(30)
    }
    expect(encoding.value(context, 3)).toEqual({ text: '2.5' })
  })

  it('bears one number for all', () => {
    expect([...userEncoding(columnOf('3', '3', '3', '3')).indices(context)]).toEqual([0, 0, 0, 0, 128, 128, 128, 128])
  })
})

it('parts of speech: a step each, as query and as key', () => {
  const context = contextOf(2)
  const encoding = posEncoding(Uint8Array.of(speechParts.indexOf('verb'), speechParts.indexOf('other')))
  expect(labelsOf(encoding.legend(context))).toEqual([...speechParts])
  expect([...encoding.indices(context)]).toEqual([4, 20, 5, 21])
  expect([encoding.value(context, 2), posEncoding(null).value(context, 2)]).toEqual([
    { key: 'verb' },
    { key: 'unknown' },
  ])
  expect([...keptByLegend(encoding, context, { entries: new Set([2]), range: null })]).toEqual([1, 0, 1, 0])
})
