import { brightnessOf } from '../core/patch-pixels'
import { patchColor } from './patches'
import { rampEncoding } from './ramp'
import type { Encoding } from './types'

/** Brightness of the patch's mean colour: 0 black … 1 white. CLS and registers have none: they count as black. */
export const brightness: Encoding = {
  ...rampEncoding({
    id: 'brightness',
    scope: 'token',
    prepare:
      ({ table }) =>
      (point) => {
        const color = patchColor(table, point)
        return color ? brightnessOf(color) : 0
      },
    ends: () => [{ text: '0' }, { text: '1' }],
    value({ table }, point) {
      const color = patchColor(table, point)
      return color ? { text: brightnessOf(color).toFixed(2) } : { key: 'unknown' }
    },
  }),
  kind: 'image',
}
