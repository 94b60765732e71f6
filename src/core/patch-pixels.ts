import type { ImageCrop } from './types'

/** Red, green, blue: bytes, fractions allowed. */
export type PatchColor = readonly [number, number, number]

/** Hue in degrees (0 red, 120 green, 240 blue); null where the colour is too near grey to have one. */
export function hueOf([red, green, blue]: PatchColor): number | null {
  const most = Math.max(red, green, blue)
  const spread = most - Math.min(red, green, blue)
  if (spread < 8) return null
  const sixth =
    most === red ? (green - blue) / spread : most === green ? (blue - red) / spread + 2 : (red - green) / spread + 4
  return ((sixth + 6) % 6) * 60
}

/** Brightness 0 … 1: luma after Rec. 709, of the bytes as they are. */
export const brightnessOf = ([red, green, blue]: PatchColor): number =>
  (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255

export interface PatchPixels {
  /** [rows·columns,3] mean bytes of each patch, in the order of the patches. */
  colors: Float32Array
  /** [rows·columns] cycles a patch (see `frequencyOf`); NaN: no texture. */
  frequency: Float32Array
}

/** Less deviation of the brightness than this is no texture: two steps of 255. */
const leastDeviation = 2 / 255

const known = new WeakMap<ImageCrop, { rows: number; columns: number; pixels: PatchPixels }>()

/** Colours and frequencies of all patches of a picture; measured once. Pixels that no patch has (the rest of a division) are left out. */
export function patchPixels(crop: ImageCrop, rows: number, columns: number): PatchPixels {
  const made = known.get(crop)
  if (made && made.rows === rows && made.columns === columns) return made.pixels
  const height = Math.floor(crop.height / rows)
  const width = Math.floor(crop.width / columns)
  const colors = new Float32Array(3 * rows * columns)
  const frequency = new Float32Array(rows * columns)
  const luma = new Float32Array(height * width)
  for (let patch = 0; patch < rows * columns; patch += 1) {
    const top = Math.floor(patch / columns) * height
    const left = (patch % columns) * width
    const sum: [number, number, number] = [0, 0, 0]
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1) {
        const at = 4 * ((top + y) * crop.width + left + x)
        const [red, green, blue] = [crop.rgba[at]!, crop.rgba[at + 1]!, crop.rgba[at + 2]!]
        sum[0] += red
        sum[1] += green
        sum[2] += blue
        luma[y * width + x] = brightnessOf([red, green, blue])
      }
    colors.set(
      sum.map((total) => total / (width * height)),
      3 * patch,
    )
    frequency[patch] = frequencyOf(luma, height, width) ?? Number.NaN
  }
  const pixels = { colors, frequency }
  known.set(crop, { rows, columns, pixels })
  return pixels
}

/**
 * How fine the texture of a patch is, in cycles across its width: the root mean square frequency of its brightness [height,width].
 * A wave of ω radians a pixel has neighbours that differ by 4 sin²(ω/2) times its variance in the mean; solved for ω across and
 * down, and joined. Slow waves, of which a patch shows less than one, count as half a cycle to one.
 * @returns null where the patch is nearly plain
 */
export function frequencyOf(luma: ArrayLike<number>, height: number, width: number): number | null {
  const count = height * width
  let mean = 0
  for (let at = 0; at < count; at += 1) mean += luma[at]! / count
  let variance = 0
  for (let at = 0; at < count; at += 1) variance += (luma[at]! - mean) ** 2 / count
  if (Math.sqrt(variance) < leastDeviation) return null
  let across = 0
  let down = 0
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const value = luma[y * width + x]!
      if (x + 1 < width) across += (luma[y * width + x + 1]! - value) ** 2
      if (y + 1 < height) down += (luma[(y + 1) * width + x]! - value) ** 2
    }
  const omega = (sum: number, pairs: number): number =>
    pairs > 0 ? 2 * Math.asin(Math.min(1, Math.sqrt(sum / pairs / (4 * variance)))) : 0
  return (Math.hypot(omega(across, height * (width - 1)), omega(down, (height - 1) * width)) * width) / (2 * Math.PI)
}
