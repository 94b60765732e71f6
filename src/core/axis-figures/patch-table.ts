import { brightnessOf, hueOf, patchPixels } from '../patch-pixels'
import type { Sequence } from '../types'
import type { PatchTable } from './types'

/** The patches under the tokens of some sequences, one after the other; null: no image among them. */
export function patchTable(sequences: readonly Sequence[]): PatchTable | null {
  if (!sequences.some(({ grid, crop }) => grid && crop)) return null
  const n = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0)
  const empty = () => new Float32Array(n).fill(Number.NaN)
  const table = { row: empty(), column: empty(), hue: empty(), brightness: empty(), frequency: empty() }
  let start = 0
  for (const { tokens, grid, crop } of sequences) {
    if (grid && crop) {
      const { rows, columns } = grid
      const { colors, frequency } = patchPixels(crop, rows, columns)
      const first = start + tokens.length - rows * columns
      for (let patch = 0; patch < rows * columns; patch++) {
        const color = [colors[3 * patch]!, colors[3 * patch + 1]!, colors[3 * patch + 2]!] as const
        table.row[first + patch] = (Math.floor(patch / columns) + 0.5) / rows
        table.column[first + patch] = ((patch % columns) + 0.5) / columns
        table.hue[first + patch] = hueOf(color) ?? Number.NaN
        table.brightness[first + patch] = brightnessOf(color)
        table.frequency[first + patch] = frequency[patch]!
      }
    }
    start += tokens.length
  }
  return table
}
