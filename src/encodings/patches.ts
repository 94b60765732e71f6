import type { ImageCrop, Sequence } from '../core/types'
import type { Rgb } from './colors'
import type { TokenTable } from './types'

export interface PatchPlace {
  sequence: Sequence
  row: number
  column: number
  rows: number
  columns: number
}

/** Where the patch of a point lies in its image; null: the point is no patch. */
export function patchOf(table: TokenTable, point: number): PatchPlace | null {
  const sequence = table.sequences[table.sequenceOf[point] ?? -1]
  const grid = sequence?.grid
  if (!sequence || !grid) return null
  const { rows, columns } = grid
  const patch = (table.positionOf[point] ?? 0) - (sequence.tokens.length - rows * columns)
  if (patch < 0) return null
  return { sequence, row: Math.floor(patch / columns), column: patch % columns, rows, columns }
}

const known = new WeakMap<ImageCrop, { rows: number; columns: number; colors: Float32Array }>()

/** [rows·columns,3] mean bytes of each patch, in the order of the patches. Pixels that no patch has (the rest of a division) are left out. */
export function meanColors(crop: ImageCrop, rows: number, columns: number): Float32Array {
  const made = known.get(crop)
  if (made && made.rows === rows && made.columns === columns) return made.colors
  const height = Math.floor(crop.height / rows)
  const width = Math.floor(crop.width / columns)
  const colors = new Float32Array(3 * rows * columns)
  for (let y = 0; y < height * rows; y += 1)
    for (let x = 0; x < width * columns; x += 1) {
      const at = 3 * (Math.floor(y / height) * columns + Math.floor(x / width))
      const from = 4 * (y * crop.width + x)
      for (let channel = 0; channel < 3; channel += 1)
        colors[at + channel]! += crop.rgba[from + channel]! / (width * height)
    }
  known.set(crop, { rows, columns, colors })
  return colors
}

/** Mean colour of a point's patch, bytes; null: no patch, or its pixels are not known. */
export function patchColor(table: TokenTable, point: number): Rgb | null {
  const place = patchOf(table, point)
  if (!place?.sequence.crop) return null
  const colors = meanColors(place.sequence.crop, place.rows, place.columns)
  const at = 3 * (place.row * place.columns + place.column)
  return [colors[at]!, colors[at + 1]!, colors[at + 2]!]
}

/** Hue in degrees (0 red, 120 green, 240 blue); null where the colour is too near grey to have one. */
export function hueOf([red, green, blue]: Rgb): number | null {
  const most = Math.max(red, green, blue)
  const spread = most - Math.min(red, green, blue)
  if (spread < 8) return null
  const sixth =
    most === red ? (green - blue) / spread : most === green ? (blue - red) / spread + 2 : (red - green) / spread + 4
  return ((sixth + 6) % 6) * 60
}

/** Brightness 0 … 1: luma after Rec. 709, of the bytes as they are. */
export const brightnessOf = ([red, green, blue]: Rgb): number => (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
