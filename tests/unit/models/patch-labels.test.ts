import { describe, expect, it } from 'vitest'
import { noLabel, readMask, resizeMap, type LabelMap } from '../../../src/core/label-map'
import type { ImageCrop } from '../../../src/core/types'
import { labelPatches, type SeePicture } from '../../../src/models/patch-labels'

const mapOf = (width: number, height: number, at: (x: number, y: number) => number, names: string[]): LabelMap => ({
  width,
  height,
  indices: Uint8Array.from({ length: width * height }, (_, pixel) => at(pixel % width, Math.floor(pixel / width))),
  names,
})

/** A model that takes the middle square of a picture, pixel by pixel, and cuts it into patches of `side`. */
const middleSquare =
  (side: number, calls: number[] = []): SeePicture =>
  async (rgba, width, height) => {
    calls.push(width * height)
    const edge = Math.min(width, height)
    const [left, top] = [Math.floor((width - edge) / 2), Math.floor((height - edge) / 2)]
    const crop: ImageCrop = { width: edge, height: edge, rgba: new Uint8ClampedArray(4 * edge * edge) }
    for (let y = 0; y < edge; y++)
      crop.rgba.set(rgba.subarray(4 * ((top + y) * width + left), 4 * ((top + y) * width + left + edge)), 4 * y * edge)
    return { crop, rows: Math.floor(edge / side), columns: Math.floor(edge / side) }
  }

describe('labels of patches', () => {
  it('lie where the model’s own crop puts them', async () => {
    // 8 columns of 4 pixels; the middle square of a 32 × 16 picture begins at the third.
    const map = mapOf(32, 16, (x) => Math.floor(x / 4), [...'abcdefgh'])
    const calls: number[] = []
    const found = await labelPatches(map, { width: 32, height: 16 }, middleSquare(4, calls))
    expect([...found].map((index) => map.names[index])).toEqual([...'cdefcdefcdefcdef'])
    expect(calls).toHaveLength(3) // eight labels, three a picture
  })

  it('are the same from a mask of another size', async () => {
    const map = mapOf(8, 4, (x) => x, [...'abcdefgh'])
    const found = await labelPatches(map, { width: 64, height: 32 }, middleSquare(8))
    expect([...found].map((index) => map.names[index])).toEqual([...'cdefcdefcdefcdef'])
  })

  it('are what covers most of the patch, and none where more of it has none', async () => {
    // Patches of 10 columns: 4 of a, 6 of b; 4 of a, 6 of none; 5 of none, 3 and 2 of labels.
    const rows = ['aaaabbbbbb', 'aaaa......', '.....aaabb']
    const map = mapOf(10, 30, (x, y) => ({ a: 0, b: 1 })[rows[Math.floor(y / 10)]![x]!] ?? noLabel, ['a', 'b'])
    const see: SeePicture = async (rgba, width, height) => ({
      crop: { width, height, rgba: new Uint8ClampedArray(rgba) },
      rows: 3,
      columns: 1,
    })
    expect([...(await labelPatches(map, { width: 10, height: 30 }, see))]).toEqual([1, -1, -1])
  })

  it('are none in an empty map', async () => {
    const map = mapOf(4, 4, () => noLabel, [])
    expect([...(await labelPatches(map, { width: 4, height: 4 }, middleSquare(2)))]).toEqual([-1, -1, -1, -1])
  })

  it('of a large picture are read at a smaller size of the same shape', async () => {
    const calls: number[] = []
    const map = mapOf(2, 1, (x) => x, ['left', 'right'])
    const found = await labelPatches(map, { width: 8000, height: 4000 }, middleSquare(256, calls))
    expect(calls).toEqual([1024 * 512])
    expect([...found]).toEqual([0, 1, 0, 1])
  })
})

describe('a mask', () => {
  const pixels = (...colors: number[][]) => Uint8ClampedArray.from(colors.flat())

  it('has one label a colour, and none where it is transparent', () => {
    const rgba = pixels([255, 0, 0, 255], [0, 0, 10, 255], [255, 0, 0, 255], [1, 2, 3, 0])
    expect(readMask(rgba, 2, 2)).toEqual({
      width: 2,
      height: 2,
      indices: Uint8Array.of(0, 1, 0, noLabel),
      names: ['#ff0000', '#00000a'],
    })
  })

  it('is none with more colours than labels can be told apart', () => {
    const greys = (count: number) => pixels(...Array.from({ length: count }, (_, at) => [at, at, at, 255]))
    expect(readMask(greys(64), 64, 1)?.names).toHaveLength(64)
    expect(readMask(greys(65), 65, 1)).toBeNull()
  })

  it('is scaled without mixing labels', () => {
    const map = mapOf(2, 2, (x, y) => 2 * y + x, [...'abcd'])
    expect([...resizeMap(map, 4, 4).indices]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3])
  })
})
