import { describe, expect, it } from 'vitest'
import { patchTable } from '../../../src/core/axis-figures/patch-table'
import { AppError } from '../../../src/core/errors'
import type { ModelInput, Sequence } from '../../../src/core/types'
import { patchColor, patchOf } from '../../../src/encodings/patches'
import { buildTokenTable } from '../../../src/encodings/tokens'
import { pictureTokens, toCrop, trimCrop } from '../../../src/models/image-processor'
import { readModelConfig } from '../../../src/models/model-config'
import { requireGrid } from '../../../src/models/suitability'
import { tileNamesOf } from '../../../src/views/draw-image'
import { layoutImage, rectOf, tokenAt } from '../../../src/views/image-grid'
import { buildPatchSheet } from '../../../src/views/patch-sheet'

type Picture = Extract<ModelInput, { kind: 'image' }>

const plain = { factor: 1, mean: [0], deviation: [1] }
const red = [220, 40, 30]
const grey = [90, 120, 150]

/** Pixels of one colour with one patch of another, as a model of that patch size takes them. */
function drawOdd(height: number, width: number, patch: number, odd: { row: number; column: number }): Picture {
  const pixels = new Float32Array(3 * height * width)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const isOdd = Math.floor(y / patch) === odd.row && Math.floor(x / patch) === odd.column
      for (let channel = 0; channel < 3; channel++)
        pixels[(channel * height + y) * width + x] = (isOdd ? red : grey)[channel]!
    }
  return { kind: 'image', pixels, shape: [3, height, width] }
}

/** Each model's self-test ran on a square picture of `probe` pixels a side. */
describe.each([
  { name: '14 px, CLS', patch: 14, prefix: 1, probe: 224, height: 224, width: 224, odd: { row: 5, column: 9 } },
  {
    name: '16 px, CLS and distillation',
    patch: 16,
    prefix: 2,
    probe: 224,
    height: 224,
    width: 224,
    odd: { row: 13, column: 0 },
  },
  { name: '32 px, CLS', patch: 32, prefix: 1, probe: 224, height: 224, width: 224, odd: { row: 0, column: 6 } },
  { name: '16 px, no CLS', patch: 16, prefix: 0, probe: 224, height: 224, width: 224, odd: { row: 0, column: 0 } },
  {
    name: '14 px, CLS and four registers, lying',
    patch: 14,
    prefix: 5,
    probe: 518,
    height: 224,
    width: 336,
    odd: { row: 15, column: 23 },
  },
  {
    name: '16 px, standing, pixels left over',
    patch: 16,
    prefix: 1,
    probe: 384,
    height: 250,
    width: 190,
    odd: { row: 14, column: 10 },
  },
  {
    name: '32 px, wide, many pixels left over',
    patch: 32,
    prefix: 1,
    probe: 224,
    height: 95,
    width: 255,
    odd: { row: 1, column: 6 },
  },
])('one odd patch ($name)', ({ patch, prefix, probe, height, width, odd }) => {
  const config = readModelConfig({ patch_size: patch })
  const seen = drawOdd(probe, probe, patch, { row: 0, column: 0 })
  const input = drawOdd(height, width, patch, odd)
  const grid = requireGrid(Math.floor(probe / patch) ** 2 + prefix, seen, input, config)
  const { rows, columns } = grid
  const token = prefix + odd.row * columns + odd.column
  const crop = trimCrop(toCrop(input, plain), grid, patch)
  const sequence: Sequence = {
    id: 'i',
    name: 'i',
    tokens: pictureTokens(grid),
    truncated: 0,
    grid: { rows, columns },
    crop,
  }
  const table = buildTokenTable([sequence])

  it('lies in the grid, and nothing is drawn that no patch has', () => {
    expect(grid).toEqual({ rows: Math.floor(height / patch), columns: Math.floor(width / patch), prefix })
    expect([crop.height, crop.width]).toEqual([rows * patch, columns * patch])
    expect(sequence.tokens).toHaveLength(prefix + rows * columns)
    expect(sequence.tokens[token]!.text).toBe(`${odd.row},${odd.column}`)
  })

  it('is the only one of its colour, as query and as key', () => {
    const points = Array.from({ length: table.n + table.m }, (_, point) => point)
    const found = points.filter((point) => Math.round(patchColor(table, point)?.[0] ?? 0) === red[0])
    expect(found).toEqual([token, table.n + token])
    expect(patchOf(table, token)).toMatchObject(odd)
    for (const point of points.slice(prefix, table.n))
      expect(patchColor(table, point)!.map(Math.round)).toEqual(point === token ? red : grey)
    const { row, column, hue } = patchTable([sequence])!
    expect([row[token]! * rows - 0.5, column[token]! * columns - 0.5].map(Math.round)).toEqual([odd.row, odd.column])
    expect([...hue.keys()].filter((at) => hue[at]! < 30)).toEqual([token])
  })

  it('is outlined and located where it is drawn in the image view', () => {
    const layout = layoutImage({ rows, columns }, sequence.tokens.length, crop, 300)
    const rect = rectOf(layout, token)
    expect(tokenAt(layout, rect.x + rect.width / 2, rect.y + rect.height / 2)).toBe(token)
    const scale = layout.image.height / crop.height
    for (const [x, y] of [
      [0.1, 0.1],
      [0.9, 0.9],
    ] as const) {
      const [column, line] = [
        Math.floor((rect.x - layout.image.x + x * rect.width) / (layout.image.width / crop.width)),
        Math.floor((rect.y + y * rect.height) / scale),
      ]
      expect([...crop.rgba.subarray(4 * (line * crop.width + column)).subarray(0, 3)]).toEqual(red)
    }
  })

  it('is the one odd sprite of the scatter', () => {
    const { rgba, columns: across, cellPx, cells } = buildPatchSheet(table)!
    expect([...cells.slice(0, prefix)]).toEqual(new Array(prefix).fill(65_535))
    for (let at = prefix; at < table.n; at++) {
      const cell = cells[at]!
      expect(cells[table.n + at]).toBe(cell)
      const [left, top] = [(cell % across) * cellPx, Math.floor(cell / across) * cellPx]
      for (const inside of [0, cellPx - 1]) {
        const from = 4 * ((top + inside) * across * cellPx + left + inside)
        expect([...rgba.subarray(from, from + 3)]).toEqual(at === token ? red : grey)
      }
    }
  })
})

it('tokens that are no grid are refused, and so is another size where patches have none', () => {
  const square = drawOdd(64, 64, 16, { row: 0, column: 0 })
  const refusal = (patchSize: number | null, tokens: number, input: Picture) => {
    try {
      return requireGrid(tokens, square, input, readModelConfig(patchSize === null ? {} : { patch_size: patchSize }))
    } catch (error) {
      return error instanceof AppError ? error.code : error
    }
  }
  expect(refusal(16, 15, square)).toBe('SHAPE_SURPRISE')
  expect(refusal(null, 17, square)).toEqual({ rows: 4, columns: 4, prefix: 1 })
  expect(refusal(null, 17, drawOdd(64, 96, 16, { row: 0, column: 0 }))).toBe('SHAPE_SURPRISE')
  expect(refusal(16, 17, drawOdd(8, 96, 8, { row: 0, column: 0 }))).toBe('SHAPE_SURPRISE')
})

it('the token after CLS is the teacher’s in a DeiT that has one, a register elsewhere', () => {
  const grid = { rows: 1, columns: 1, prefix: 3 }
  const texts = (config: object) =>
    pictureTokens(grid, readModelConfig(config, 'image').distilled).map(({ text }) => text)
  expect(texts({ model_type: 'deit' })).toEqual(['[CLS]', '[DIST]', '[REG1]', '0,0'])
  expect(texts({ model_type: 'dinov2_with_registers' })).toEqual(['[CLS]', '[REG1]', '[REG2]', '0,0'])
  expect(tileNamesOf(pictureTokens(grid, true))).toEqual(['CLS', 'DIST', 'R1'])
})
