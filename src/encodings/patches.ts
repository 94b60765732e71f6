import { patchPixels } from '../core/patch-pixels'
import type { Sequence } from '../core/types'
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

/** Mean colour of a point's patch, bytes; null: no patch, or its pixels are not known. */
export function patchColor(table: TokenTable, point: number): Rgb | null {
  const place = patchOf(table, point)
  if (!place?.sequence.crop) return null
  const { colors } = patchPixels(place.sequence.crop, place.rows, place.columns)
  const at = 3 * (place.row * place.columns + place.column)
  return [colors[at]!, colors[at + 1]!, colors[at + 2]!]
}
