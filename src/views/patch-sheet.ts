import { patchOf } from '../encodings/patches'
import type { TokenTable } from '../encodings/types'
import type { SceneSprites } from '../scene/api'

/** Above this number of patches they are stored at half the size. */
const fineUpTo = 16_384
const noCell = 65_535

/** All patches of all images as one picture of square cells, and the cell of each point; null: there are none, or too many. */
export function buildPatchSheet(table: TokenTable): Omit<SceneSprites, 'outlined'> | null {
  const places = Array.from({ length: table.n }, (_, point) => patchOf(table, point))
  const count = places.filter((place) => place?.sequence.crop).length
  if (count === 0 || count >= noCell) return null
  const cellPx = count <= fineUpTo ? 16 : 8
  const columns = Math.ceil(Math.sqrt(count))
  const rows = Math.ceil(count / columns)
  const rgba = new Uint8Array(4 * columns * rows * cellPx * cellPx)
  const words = new Uint32Array(rgba.buffer)
  const cells = new Uint16Array(table.n + table.m).fill(noCell)
  let cell = 0
  places.forEach((place, point) => {
    const crop = place?.sequence.crop
    if (!place || !crop) return
    const source = new Uint32Array(crop.rgba.buffer)
    const width = Math.floor(crop.width / place.columns)
    const height = Math.floor(crop.height / place.rows)
    const left = (cell % columns) * cellPx
    const top = Math.floor(cell / columns) * cellPx
    for (let y = 0; y < cellPx; y += 1) {
      const from = (place.row * height + Math.floor(((y + 0.5) / cellPx) * height)) * crop.width + place.column * width
      const to = (top + y) * columns * cellPx + left
      for (let x = 0; x < cellPx; x += 1) words[to + x] = source[from + Math.floor(((x + 0.5) / cellPx) * width)]!
    }
    cells[point] = cell
    if (table.m === table.n) cells[table.n + point] = cell
    cell += 1
  })
  return { rgba, columns, rows, cellPx, cells }
}
