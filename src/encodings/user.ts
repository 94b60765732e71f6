import { isNumeric, readNumber, type UserColumn } from '../core/user-column'
import { categoryColors, mutedColors, parseHex } from './colors'
import { paletteOf, rampPalette, rampSteps } from './palette'
import { stepEncoding } from './steps'
import { roleOf } from './tokens'
import type { Encoding, EncodingContext, LegendLabel } from './types'

/** As many values as there are colours that can be told apart; of more, the most frequent have one each. */
const mostCategories = 10

const valueAt = (column: UserColumn | null, { table }: EncodingContext, point: number): string | null =>
  column?.values[table.sequenceOf[point] ?? -1] ?? null

const labelAt = (column: UserColumn | null, context: EncodingContext, point: number): LegendLabel => {
  const value = valueAt(column, context, point)
  return value === null || value === '' ? { key: 'noValue' } : { text: value }
}

/**
 * A column of the user's: its value for the sequence of a token. Numbers are a ramp from the smallest to the largest, anything else
 * steps, the most frequent value first.
 */
export const userEncoding = (column: UserColumn | null): Encoding => ({
  ...(column && isNumeric(column) ? numberEncoding(column) : categoryEncoding(column)),
  kind: 'text',
  ...(column && { name: column.name }),
})

/** Values by how often they occur; of equals, the one that comes first. */
function frequentValues(column: UserColumn | null): string[] {
  const counts = new Map<string, number>()
  for (const value of column?.values ?? []) if (value) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([, one], [, other]) => other - one).map(([value]) => value)
}

function categoryEncoding(column: UserColumn | null): Encoding {
  const all = frequentValues(column)
  const shown = all.length <= mostCategories ? all : all.slice(0, mostCategories - 1)
  const places = new Map(shown.map((value, place) => [value, place]))
  const hasOthers = all.length > shown.length
  const hasGaps = !column || column.values.some((value) => !value)
  const labels: LegendLabel[] = [
    ...shown.map((text) => ({ text })),
    ...(hasOthers ? [{ key: 'otherValues' } as const] : []),
    ...(hasGaps ? [{ key: 'noValue' } as const] : []),
  ]
  const colorsOf = (shade: 'light' | 'dark') => [
    ...categoryColors[shade].slice(0, shown.length),
    ...(hasOthers ? [shade === 'dark' ? '#8b929d' : '#7d8693'] : []),
    ...(hasGaps ? [shade === 'dark' ? '#4b515b' : '#c3c8cf'] : []),
  ]
  const steps = stepEncoding({
    id: 'user',
    scope: 'token',
    categories: labels.length,
    colors: { light: colorsOf('light'), dark: colorsOf('dark') },
    categoryOf(context, point) {
      const value = valueAt(column, context, point)
      return value ? (places.get(value) ?? shown.length) : labels.length - 1
    },
    label: (_, category) => labels[category] ?? { key: 'noValue' },
  })
  return { ...steps, value: (context, point) => labelAt(column, context, point) }
}

/** The last index of each half is for sequences without a value. */
const lastStep = rampSteps - 2

function numberEncoding(column: UserColumn): Encoding {
  const numbers = column.values.map(readNumber)
  const known = numbers.filter((value) => value !== null)
  const low = known.reduce((least, value) => Math.min(least, value), Infinity)
  const high = known.reduce((most, value) => Math.max(most, value), -Infinity)
  const numberAt = ({ table }: EncodingContext, point: number) => numbers[table.sequenceOf[point] ?? -1] ?? null
  return {
    id: 'user',
    scope: 'token',
    palette(shade, id) {
      const palette = rampPalette(shade, id)
      const muted = paletteOf([parseHex(mutedColors[shade])])
      for (const index of [rampSteps - 1, 2 * rampSteps - 1]) palette.set(muted.subarray(0, 4), 4 * index)
      return palette
    },
    indices: (context) =>
      Uint8Array.from({ length: context.table.n + context.table.m }, (_, point) => {
        const value = numberAt(context, point)
        const share = value === null || high === low ? 0 : (value - low) / (high - low)
        const step = value === null ? rampSteps - 1 : Math.round(share * lastStep)
        return step + (roleOf(context.table, point) === 'key' ? rampSteps : 0)
      }),
    legend: () => ({
      kind: 'ramp',
      from: { text: String(low) },
      to: { text: String(high) },
      query: [0, lastStep],
      key: [rampSteps, rampSteps + lastStep],
    }),
    value: (context, point) => labelAt(column, context, point),
  }
}

export const user = userEncoding(null)
