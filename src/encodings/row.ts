import { patchOf } from './patches'
import { rampEncoding } from './ramp'
import type { Encoding } from './types'

/** Row of the patch in its image, from the top. CLS and registers have none: they count as the first. */
export const row: Encoding = {
  ...rampEncoding({
    id: 'row',
    scope: 'token',
    prepare:
      ({ table }) =>
      (point) => {
        const patch = patchOf(table, point)
        return patch ? patch.row / Math.max(1, patch.rows - 1) : 0
      },
    ends: ({ table }) => [{ text: '0' }, { text: String((table.sequences[0]?.grid?.rows ?? 1) - 1) }],
    at: ({ table }, share) => String(Math.round(share * ((table.sequences[0]?.grid?.rows ?? 1) - 1))),
    value({ table }, point) {
      const patch = patchOf(table, point)
      return patch ? { text: String(patch.row) } : { key: 'unknown' }
    },
  }),
  kind: 'image',
}
