import { patchOf } from './patches'
import { rampEncoding } from './ramp'
import type { Encoding } from './types'

/** Column of the patch in its image, from the left. CLS and registers have none: they count as the first. */
export const column: Encoding = {
  ...rampEncoding({
    id: 'column',
    scope: 'token',
    prepare:
      ({ table }) =>
      (point) => {
        const patch = patchOf(table, point)
        return patch ? patch.column / Math.max(1, patch.columns - 1) : 0
      },
    ends: ({ table }) => [{ text: '0' }, { text: String((table.sequences[0]?.grid?.columns ?? 1) - 1) }],
    at: ({ table }, share) => String(Math.round(share * ((table.sequences[0]?.grid?.columns ?? 1) - 1))),
    value({ table }, point) {
      const patch = patchOf(table, point)
      return patch ? { text: String(patch.column) } : { key: 'unknown' }
    },
  }),
  kind: 'image',
}
