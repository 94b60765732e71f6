import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { noLabel, type LabelMap } from '../../../src/core/label-map'
import type { Pixels } from '../../../src/models/image-processor'
import { labelMapOf, measureSight, scoresOf } from '../../../src/models/segment-map'
import { Segmentation } from '../../../src/models/segmentation'
import type { ModelSpec } from '../../../src/rpc/contracts'
import { segmentationFiles } from '../../helpers/make-segmentation'
import { nodeRuntime } from '../../helpers/node-runtime'
import { siteFile } from '../../helpers/truth'

const spec: ModelSpec = {
  id: 'zoo/segment',
  revision: 'main',
  host: 'http://host',
  dtype: null,
  file: null,
  backend: 'auto',
  threads: null,
}
const ignore = () => undefined

/** Thirds: red, green and blue from left to right. */
const thirds = (width: number, height: number): Pixels => ({
  width,
  height,
  rgba: Uint8ClampedArray.from({ length: 4 * width * height }, (_, at) => {
    const column = Math.floor(at / 4) % width
    return at % 4 === 3 || at % 4 === Math.floor((3 * column) / width) ? 255 : 0
  }),
})

/** Takes the middle square as it is, and normalises. (The library's own processors run in browsers only: images-labels.spec.) */
const middleSquare = {
  async toInput(rgba: Uint8ClampedArray, width: number, height: number) {
    const side = Math.min(width, height)
    const [left, top] = [(width - side) / 2, (height - side) / 2]
    const pixels = Float32Array.from({ length: 3 * side * side }, (_, at) => {
      const [channel, pixel] = [Math.floor(at / (side * side)), at % (side * side)]
      const from = (top + Math.floor(pixel / side)) * width + left + (pixel % side)
      return (rgba[4 * from + channel]! / 255 - 0.45) / 0.22
    })
    return { kind: 'image' as const, pixels, shape: [3, side, side] as [number, number, number] }
  },
}

function segmentationOf(
  files: Record<string, Uint8Array<ArrayBuffer>>,
  picture = thirds(32, 32),
  pictures = middleSquare,
) {
  const asked: string[] = []
  const segmentation = new Segmentation({
    provider: nodeRuntime(),
    fetch: (address) => {
      const path = /\/resolve\/main\/(.+)$/.exec(String(address))?.[1] ?? ''
      asked.push(path)
      const file = files[path]
      return Promise.resolve(file ? new Response(file) : new Response('', { status: 404 }))
    },
    caches: null,
    now: () => 0,
    decode: () => Promise.resolve(picture),
    readPictures: () => Promise.resolve(pictures),
  })
  return { segmentation, asked }
}

async function mapOf(files: Record<string, Uint8Array<ArrayBuffer>>, picture?: Pixels): Promise<LabelMap> {
  const { segmentation } = segmentationOf(files, picture)
  await segmentation.open(spec, ignore, ignore)
  return segmentation.segment(new Blob())
}

/** Names along the middle row, at the middle of each of some parts; null: no label. */
const along = ({ width, height, indices, names }: LabelMap, parts: number) =>
  Array.from({ length: parts }, (_, part) => {
    const column = Math.floor(((part + 0.5) / parts) * width)
    return names[indices[Math.floor(height / 2) * width + column]!] ?? null
  })

describe('a segmentation model', () => {
  it('names the pixels of a picture', async () => {
    const map = await mapOf(segmentationFiles())
    expect([map.width, map.height]).toEqual([32, 32])
    expect(along(map, 6)).toEqual(['red', 'red', 'green', 'green', 'blue', 'blue'])
  })

  it('names only what its crop shows, where that lies', async () => {
    // The middle square of 96 × 48 is the second and the third quarter; red ends at a third.
    const map = await mapOf(segmentationFiles(), thirds(96, 48))
    expect([map.width, map.height]).toEqual([96, 48])
    expect(along(map, 12)).toEqual([
      ...[null, null, null],
      ...['red', 'green', 'green', 'green', 'green', 'blue'],
      ...[null, null, null],
    ])
  })

  it('reports its weights’ hash and how far the download is', async () => {
    const { segmentation, asked } = segmentationOf(segmentationFiles())
    const stages: string[] = []
    const info = await segmentation.open(spec, ({ stage }) => stages.push(stage), ignore)
    expect(info).toMatchObject({ id: 'zoo/segment' })
    expect(info.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(stages).toContain('download')
    expect(asked).toContain('onnx/model.onnx')
  })

  it.each([
    ['its pixels', 1],
    ['what the processor shows of its size', 2],
  ])('says that a picture failed, by its name, where %s can’t be made', async (_, failing) => {
    let calls = 0
    const odd = {
      toInput: async (...given: Parameters<typeof middleSquare.toInput>) => {
        calls += 1
        if (calls === failing) throw new Error('height must be positive')
        return middleSquare.toInput(...given)
      },
    }
    const { segmentation } = segmentationOf(segmentationFiles(), thirds(32, 32), odd)
    await segmentation.open(spec, ignore, ignore)
    await expect(segmentation.segment(new File([], 'odd.png'))).rejects.toMatchObject({
      code: 'IMAGE_FAILED',
      message: expect.stringContaining('odd.png') as string,
      details: expect.stringContaining('height must be positive') as string,
    })
    // The next one has its labels.
    expect(along(await segmentation.segment(new File([], 'fine.png')), 3)).toEqual(['red', 'green', 'blue'])
  })

  it('is refused in words where it has no names, too few names, or is something else', async () => {
    const open = (files: Record<string, Uint8Array<ArrayBuffer>>) => mapOf(files)
    await expect(open(segmentationFiles({ names: null }))).rejects.toMatchObject({ code: 'NOT_SEGMENTATION' })
    await expect(open(segmentationFiles({ names: ['red', 'green'] }))).rejects.toMatchObject({
      code: 'NOT_SEGMENTATION',
      message: expect.stringContaining('no name for class 2') as string,
    })
    const read = (path: string) => new Uint8Array(readFileSync(siteFile('zoo/bert-eager-dynamo', path)))
    const text = { ...segmentationFiles(), 'onnx/model.onnx': read('onnx/model.onnx') }
    await expect(open(text)).rejects.toMatchObject({ code: 'NOT_SEGMENTATION' })
    const vision = new Uint8Array(readFileSync(siteFile('zoo/vit-sdpa-ts', 'onnx/model.onnx')))
    await expect(open({ ...segmentationFiles(), 'onnx/model.onnx': vision })).rejects.toMatchObject({
      code: 'NOT_SEGMENTATION',
    })
    await expect(open({})).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
  })
})

const tensor = (dims: number[], values: readonly number[]) => ({ dims, data: Float32Array.from(values) })
const whole = { left: 0, right: 1, top: 0, bottom: 1 }

describe('scores', () => {
  it('of queries are their classes weighed by their masks', () => {
    const [low, high] = [-20, 20]
    const found = scoresOf([
      // Two queries of two classes and "nothing": the first is class 1, the second is nothing.
      tensor([1, 2, 3], [0, Math.log(8), 0, 0, 0, 30]),
      tensor([1, 2, 1, 2], [high, low, high, high]),
    ])!
    expect([found.classes, found.height, found.width]).toEqual([2, 1, 2])
    expect([...found.data].map((value) => Math.round(value * 1000))).toEqual([100, 0, 800, 0])
  })

  it('are none in outputs of other shapes', () => {
    expect(scoresOf([tensor([1, 10], new Array<number>(10).fill(0))])).toBeNull()
    expect(scoresOf([tensor([1, 4, 5], new Array<number>(20).fill(0))])).toBeNull()
  })

  it('are bilinear between their places', () => {
    // Class 1 wins right of a quarter: scores 1, 0 against 0.5 everywhere cross there.
    const scores = { data: Float32Array.of(1, 0, 0.5, 0.5), classes: 2, height: 1, width: 2 }
    const map = labelMapOf(scores, whole, { width: 8, height: 1 }, ['left', 'right'])
    expect([...map.indices]).toEqual([0, 0, 0, 0, 1, 1, 1, 1])
    const skewed = labelMapOf({ ...scores, data: Float32Array.of(1, 0, 0.25, 0.25) }, whole, { width: 8, height: 1 }, [
      'a',
      'b',
    ])
    expect([...skewed.indices]).toEqual([0, 0, 0, 0, 0, 1, 1, 1])
  })

  it('of more classes than a byte can tell apart keep the most frequent', () => {
    const classes = 300
    const data = new Float32Array(classes * classes)
    for (let each = 0; each < classes; each++) data[each * classes + each] = 1
    const names = Array.from({ length: classes }, (_, each) => `class ${each}`)
    const map = labelMapOf({ data, classes, height: 1, width: classes }, whole, { width: 300, height: 1 }, names)
    expect(map.names.length).toBeLessThanOrEqual(noLabel)
    expect(map.names[map.indices[0]!]).toBe('class 0')
  })
})

describe('what a processor shows', () => {
  const plane = (width: number, height: number, at: (x: number, y: number) => number) => ({
    width,
    height,
    data: Float32Array.from({ length: width * height }, (_, pixel) => at(pixel % width, Math.floor(pixel / width))),
  })

  it('is measured through a frame, another order of brightness and normalisation', () => {
    // 8 × 4 pixels; the picture lies in columns 2 to 5 only, upside down in brightness (−2 · byte + 3).
    const inside = (x: number) => x >= 2 && x < 6
    const show = (share: (x: number, y: number) => number) =>
      plane(8, 4, (x, y) => (inside(x) ? 3 - 2 * share(x, y) : 0))
    const sight = measureSight(
      show(() => 0),
      show(() => 1),
      show((x) => (x - 2 + 0.5) / 4),
      show((_, y) => (y + 0.5) / 4),
    )
    expect(sight.left).toBeCloseTo(-0.5, 5)
    expect(sight.right).toBeCloseTo(1.5, 5)
    expect(sight.top).toBeCloseTo(0, 5)
    expect(sight.bottom).toBeCloseTo(1, 5)
  })
})
