import { paletteRoles, parseHex } from './colors'
import { paletteOf } from './palette'
import { roleOf } from './tokens'
import type { Encoding } from './types'

/** Queries and keys in two colours. */
export const type: Encoding = {
  id: 'type',
  scope: 'token',
  palette: (shade, id = 'default') =>
    paletteOf([parseHex(paletteRoles[id][shade].query), parseHex(paletteRoles[id][shade].key)]),
  indices: ({ table }) => new Uint8Array(table.n + table.m).fill(1, table.n),
  legend: () => ({
    kind: 'steps',
    items: [
      { label: { key: 'query' }, query: 0, key: -1 },
      { label: { key: 'key' }, query: -1, key: 1 },
    ],
  }),
  value: ({ table }, point) => ({ key: roleOf(table, point) }),
}
