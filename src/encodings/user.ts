import { isNumeric, readNumber, type UserColumn } from '../core/user-column'
import { categories } from './categories'
import { mutedColors, parseHex } from './colors'
import { paletteOf, rampPalette, rampSteps } from './palette'
import { roleOf } from './tokens'
import type { Encoding, EncodingContext, LegendLabel } from './types'

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

function categoryEncoding(column: UserColumn | null): Encoding {
  return categories({
    id: 'user',
    values: column?.values ?? [null],
    valueAt: (context, point) => valueAt(column, context, point),
    without: { key: 'noValue' },
  })
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
      at: (share) => String(Number((low + share * (high - low)).toPrecision(6))),
    }),
    value: (context, point) => labelAt(column, context, point),
  }
}

export const user = userEncoding(null)
