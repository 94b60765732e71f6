import { mixColors, mutedColors, paletteRoles, parseHex } from './colors'
import { paletteOf } from './palette'
import { roleOf } from './tokens'
import type { Encoding, EncodingContext } from './types'

const isMatch = ({ table, matches }: EncodingContext, point: number): boolean =>
  matches?.[point < table.n ? point : point - table.n] === 1

/** Matches of the search in the colours of their role, all other tokens grey. */
export const search: Encoding = {
  id: 'search',
  scope: 'token',
  palette(shade, id = 'default') {
    const { query, key } = paletteRoles[id][shade]
    const grey = parseHex(mutedColors[shade])
    const faint = mixColors(grey, parseHex(shade === 'dark' ? '#0f1115' : '#ffffff'), 0.3)
    return paletteOf([parseHex(query), parseHex(key), grey, faint])
  },
  indices: (context) =>
    Uint8Array.from(
      { length: context.table.n + context.table.m },
      (_, point) => (isMatch(context, point) ? 0 : 2) + (roleOf(context.table, point) === 'key' ? 1 : 0),
    ),
  legend: () => ({
    kind: 'steps',
    items: [
      { label: { key: 'match' }, query: 0, key: 1 },
      { label: { key: 'other' }, query: 2, key: 3 },
    ],
  }),
  value: (context, point) => ({ key: isMatch(context, point) ? 'match' : 'other' }),
}
