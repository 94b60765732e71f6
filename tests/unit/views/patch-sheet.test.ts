import { expect, it } from 'vitest'
import type { Sequence } from '../../../src/core/types'
import { buildTokenTable } from '../../../src/encodings/tokens'
import { buildPatchSheet } from '../../../src/views/patch-sheet'

/** Images of 2 × 3 patches of 4 × 4 pixels after a CLS; every pixel says where it is. */
function image(id: number): Sequence {
  const [width, height] = [12, 8]
  const rgba = new Uint8ClampedArray(4 * width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rgba.set([x * 20, y * 30, id, 255], 4 * (y * width + x))
  const tokens = Array.from({ length: 7 }, (_, at) => ({ id: -1, text: String(at), special: at < 1 }))
  return { id: `i${id}`, name: '', tokens, truncated: 0, grid: { rows: 2, columns: 3 }, crop: { width, height, rgba } }
}

it('puts every patch into a cell of its own, shared by its query and its key', () => {
  const table = buildTokenTable([image(1), image(2)])
  const { rgba, columns, cellPx, cells } = buildPatchSheet(table)!
  expect([cells[0], cells[7], cells[14]]).toEqual([65_535, 65_535, 65_535])
  expect(new Set(cells).size).toBe(13)
  for (let point = 0; point < 14; point++) {
    const position = point % 7
    const cell = cells[point]!
    expect(cells[14 + point]).toBe(cell)
    if (position === 0) continue
    const [row, column] = [Math.floor((position - 1) / 3), (position - 1) % 3]
    for (const [x, y] of [
      [0, 0],
      [15, 0],
      [7, 15],
    ] as const) {
      const at = 4 * ((Math.floor(cell / columns) * cellPx + y) * columns * cellPx + (cell % columns) * cellPx + x)
      expect([...rgba.subarray(at, at + 4)]).toEqual([
        (column * 4 + Math.floor(x / 4)) * 20,
        (row * 4 + Math.floor(y / 4)) * 30,
        point < 7 ? 1 : 2,
        255,
      ])
    }
  }
})

it('has nothing to show for texts', () => {
  const text: Sequence = { id: 't', name: 't', tokens: [{ id: 1, text: 'a', special: false }], truncated: 0 }
  expect(buildPatchSheet(buildTokenTable([text]))).toBeNull()
})
