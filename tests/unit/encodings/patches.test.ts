import { describe, expect, it } from 'vitest'
import { brightnessOf, hueOf, patchPixels } from '../../../src/core/patch-pixels'
import type { Sequence } from '../../../src/core/types'
import { encodingOf } from '../../../src/encodings'
import { patchOf } from '../../../src/encodings/patches'
import { buildTokenTable } from '../../../src/encodings/tokens'

/** 2 × 3 patches of 4 × 4 pixels after a CLS and a register; each patch one colour with a little of another. */
const fills = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [0, 0, 0],
  [255, 255, 255],
  [128, 128, 128],
]
function image(): Sequence {
  const [width, height] = [12, 8]
  const rgba = new Uint8ClampedArray(4 * width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rgba.set([...fills[Math.floor(y / 4) * 3 + Math.floor(x / 4)]!, 255], 4 * (y * width + x))
  const tokens = Array.from({ length: 8 }, (_, at) => ({ id: -1, text: String(at), special: at < 2 }))
  return {
    id: 'i',
    name: 'i.png',
    tokens,
    truncated: 0,
    grid: { rows: 2, columns: 3 },
    crop: { width, height, rgba },
  }
}
const text: Sequence = { id: 't', name: 't', tokens: [{ id: 1, text: 'a', special: false }], truncated: 0 }
const sequence = image()
const table = buildTokenTable([sequence, text])
const context = { table, norms: null }
const valuesOf = (id: string) =>
  Array.from({ length: table.n }, (_, point) => {
    const value = encodingOf(id).value(context, point)
    return 'text' in value ? value.text : value.key
  })

describe('patches', () => {
  it('lie row by row after the tokens before them', () => {
    expect(Array.from({ length: 9 }, (_, point) => patchOf(table, point)).map((p) => p && [p.row, p.column])).toEqual([
      null,
      null,
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
      null,
    ])
    expect(patchOf(table, table.n + 6)).toMatchObject({ row: 1, column: 1 })
  })

  it('have the mean colour of their pixels', () => {
    expect([...patchPixels(sequence.crop!, 2, 3).colors].map(Math.round)).toEqual(fills.flat())
    const mixed = { width: 2, height: 1, rgba: Uint8ClampedArray.of(0, 100, 50, 255, 255, 0, 50, 255) }
    expect([...patchPixels(mixed, 1, 1).colors]).toEqual([127.5, 50, 50])
  })

  it('have a hue unless they are grey, and a brightness', () => {
    expect([hueOf([255, 0, 0]), hueOf([0, 255, 0]), hueOf([0, 0, 255]), hueOf([255, 0, 255])]).toEqual([
      0, 120, 240, 300,
    ])
    expect(hueOf([128, 130, 126])).toBeNull()
    expect(brightnessOf([255, 255, 255])).toBeCloseTo(1, 6)
    expect(brightnessOf([0, 255, 0])).toBeCloseTo(0.7152, 6)
  })
})

describe('colours of patches', () => {
  const none = 'unknown'
  it.each([
    ['row', [none, none, '0', '0', '0', '1', '1', '1', none]],
    ['column', [none, none, '0', '1', '2', '0', '1', '2', none]],
    ['hue', [none, none, '0°', '120°', '240°', none, none, none, none]],
    ['brightness', [none, none, '0.21', '0.72', '0.07', '0.00', '1.00', '0.50', none]],
    ['patch', [none, none, '#ff0000', '#00ff00', '#0000ff', '#000000', '#ffffff', '#808080', none]],
  ])('%s says the value of each', (id, expected) => {
    expect(valuesOf(id)).toEqual(expected)
  })

  it('show the patch’s own colour, near enough, for queries and keys', () => {
    const { palette, indices } = encodingOf('patch')
    const rgba = palette('light')
    const points = indices(context)
    for (const [at, fill] of fills.entries())
      for (const point of [2 + at, table.n + 2 + at])
        for (let channel = 0; channel < 3; channel++)
          expect(Math.abs(rgba[4 * points[point]! + channel]! - fill[channel]!)).toBeLessThan(33)
  })

  it('show hues as themselves', () => {
    const { palette, indices } = encodingOf('hue')
    const rgba = palette('light')
    const [red, green, blue] = [2, 3, 4].map((point) => [...rgba.subarray(4 * indices(context)[point]!)].slice(0, 3))
    expect(red!.indexOf(Math.max(...red!))).toBe(0)
    expect(green!.indexOf(Math.max(...green!))).toBe(1)
    expect(blue!.indexOf(Math.max(...blue!))).toBe(2)
  })
})
