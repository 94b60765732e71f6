import { parseHex, type Rgb } from './colors'
import { paletteOf } from './palette'
import { patchColor } from './patches'
import { roleOf } from './tokens'
import type { Encoding } from './types'

/** Steps of each channel: 125 colours for queries, the same for keys, so that shapes alone tell them apart. */
const steps = 5
const colors = steps ** 3

const stepOf = (byte: number): number => Math.min(steps - 1, Math.floor((byte / 256) * steps))
const levelOf = (step: number): number => Math.round((255 * step) / (steps - 1))

const hexOf = (color: Rgb): string => `#${color.map((byte) => Math.round(byte).toString(16).padStart(2, '0')).join('')}`

/** Mean colour of the patch, in five steps a channel; CLS and registers are grey. */
export const patch: Encoding = {
  id: 'patch',
  scope: 'token',
  kind: 'image',
  palette(shade) {
    const cube = Array.from({ length: colors }, (_, index): Rgb => [
      levelOf(Math.floor(index / steps / steps)),
      levelOf(Math.floor(index / steps) % steps),
      levelOf(index % steps),
    ])
    const half = [...cube, parseHex(shade === 'dark' ? '#6b7280' : '#a3a9b3')]
    return paletteOf([...half, ...half])
  },
  indices: ({ table }) =>
    Uint8Array.from({ length: table.n + table.m }, (_, point) => {
      const color = patchColor(table, point)
      const index = color ? (stepOf(color[0]) * steps + stepOf(color[1])) * steps + stepOf(color[2]) : colors
      return index + (roleOf(table, point) === 'key' ? colors + 1 : 0)
    }),
  // Black to white: the diagonal of the cube.
  legend: () => ({
    kind: 'steps',
    items: [0, 1, 2, 3, 4].map((step) => {
      const index = step * (steps * steps + steps + 1)
      return { label: { text: `${Math.round((100 * step) / (steps - 1))} %` }, query: index, key: index + colors + 1 }
    }),
  }),
  value({ table }, point) {
    const color = patchColor(table, point)
    return color ? { text: hexOf(color) } : { key: 'unknown' }
  },
}
