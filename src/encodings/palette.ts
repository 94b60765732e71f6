import {
  categoryColors,
  mixColors,
  mutedColors,
  paletteRamps,
  paperSteps,
  parseHex,
  rampColor,
  type Rgb,
} from './colors'
import type { PaletteId, Role, Shade } from './types'

/** Ramps: queries take the first half of the palette, keys the second. */
export const rampSteps = 128

export const rampIndex = (role: Role, share: number): number =>
  (role === 'key' ? rampSteps : 0) + Math.round(Math.min(1, Math.max(0, share)) * (rampSteps - 1))

export const rampRange: Record<Role, readonly [number, number]> = {
  query: [0, rampSteps - 1],
  key: [rampSteps, 2 * rampSteps - 1],
}

/** Steps: category c of a query is index 2c, of a key 2c + 1. */
export const stepIndex = (role: Role, category: number): number => 2 * category + (role === 'key' ? 1 : 0)

function writeColor(palette: Uint8Array, index: number, color: Rgb): void {
  palette.set([color[0], color[1], color[2], 255], 4 * index)
}

/** Palette of given colours from index 0 on; the rest stays transparent. */
export function paletteOf(colors: readonly Rgb[]): Uint8Array {
  const palette = new Uint8Array(4 * 256)
  colors.forEach((color, index) => writeColor(palette, index, color))
  return palette
}

/** One ramp for queries, another for keys. */
export function rampPalette(shade: Shade, id: PaletteId = 'default'): Uint8Array {
  const palette = new Uint8Array(4 * 256)
  for (let step = 0; step < rampSteps; step += 1) {
    const share = step / (rampSteps - 1)
    writeColor(palette, step, rampColor(paletteRamps[id][shade].query, share))
    writeColor(palette, rampSteps + step, rampColor(paletteRamps[id][shade].key, share))
  }
  return palette
}

/** One ramp for the role that has values, grey for the other. */
export function oneRampPalette(role: Role, shade: Shade, id: PaletteId = 'default'): Uint8Array {
  const palette = rampPalette(shade, id)
  const [from, to] = rampRange[role === 'query' ? 'key' : 'query']
  for (let index = from; index <= to; index += 1) writeColor(palette, index, parseHex(mutedColors[shade]))
  return palette
}

/** Full colours for queries, the same mixed towards the background for keys: hue is the category, strength the role. */
export function stepPalette(
  shade: Shade,
  categories: number,
  hexes: readonly string[] = categoryColors[shade],
  id: PaletteId = 'default',
): Uint8Array {
  const background: Rgb = shade === 'dark' ? [15, 17, 21] : [255, 255, 255]
  const foreground: Rgb = shade === 'dark' ? [255, 255, 255] : [0, 0, 0]
  const colors: Rgb[] = []
  for (let category = 0; category < categories; category += 1) {
    const hex = hexes[category % hexes.length] ?? '#888888'
    const color = id === 'contrast' ? mixColors(parseHex(hex), foreground, 0.3) : parseHex(hex)
    colors.push(color, mixColors(color, background, 0.3))
  }
  return paletteOf(colors)
}

/** The paper's five pairs, for as many categories. */
export const paperPalette = (): Uint8Array =>
  paletteOf(paperSteps.query.flatMap((query, step) => [parseHex(query), parseHex(paperSteps.key[step] ?? query)]))

/** CSS colour of one palette entry. */
export function cssOf(palette: Uint8Array, index: number): string {
  return `rgb(${palette[4 * index] ?? 0} ${palette[4 * index + 1] ?? 0} ${palette[4 * index + 2] ?? 0})`
}

/** CSS gradient of a range of palette entries, left to right. */
export function cssGradient(palette: Uint8Array, [from, to]: readonly [number, number], stops = 8): string {
  const colors = Array.from({ length: stops }, (_, index) =>
    cssOf(palette, Math.round(from + ((to - from) * index) / (stops - 1))),
  )
  return `linear-gradient(to right, ${colors.join(', ')})`
}
