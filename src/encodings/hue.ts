import { hueOf } from '../core/patch-pixels'
import { mixColors, parseHex, type Rgb } from './colors'
import { paletteOf } from './palette'
import { patchColor } from './patches'
import { roleOf } from './tokens'
import type { Encoding, EncodingContext } from './types'

/** Steps of the circle; the index after them is for grey. Keys come after the queries. */
const steps = 127

const colorOfHue = (degrees: number): Rgb => {
  const channel = (offset: number): number => {
    const k = (offset + degrees / 60) % 6
    return Math.round(255 * (0.88 - 0.76 * Math.max(0, Math.min(k, 4 - k, 1))))
  }
  return [channel(5), channel(3), channel(1)]
}

const hueAt = ({ table }: EncodingContext, point: number): number | null => {
  const color = patchColor(table, point)
  return color && hueOf(color)
}

/** Hue of the patch's mean colour as itself; what is too near grey, and CLS and registers, are grey. */
export const hue: Encoding = {
  id: 'hue',
  scope: 'token',
  kind: 'image',
  palette(shade) {
    const grey = parseHex(shade === 'dark' ? '#6b7280' : '#a3a9b3')
    const background = parseHex(shade === 'dark' ? '#0f1115' : '#ffffff')
    const circle = Array.from({ length: steps }, (_, step) => colorOfHue((360 * step) / steps))
    const queries = [...circle, grey]
    return paletteOf([...queries, ...queries.map((color) => mixColors(color, background, 0.25))])
  },
  indices: (context) =>
    Uint8Array.from({ length: context.table.n + context.table.m }, (_, point) => {
      const degrees = hueAt(context, point)
      const index = degrees === null ? steps : Math.round((degrees / 360) * steps) % steps
      return index + (roleOf(context.table, point) === 'key' ? steps + 1 : 0)
    }),
  legend: () => ({
    kind: 'ramp',
    from: { text: '0°' },
    to: { text: '360°' },
    query: [0, steps - 1],
    key: [steps + 1, 2 * steps],
    at: (share) => `${Math.round(360 * share)}°`,
  }),
  value(context, point) {
    const degrees = hueAt(context, point)
    return degrees === null ? { key: 'unknown' } : { text: `${Math.round(degrees)}°` }
  },
}
