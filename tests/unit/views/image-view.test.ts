import { describe, expect, it } from 'vitest'
import { heatPixels, shareOf } from '../../../src/views/draw-image'
import { ImageAttention } from '../../../src/views/image-attention.svelte'
import {
  largestOf,
  layoutImage,
  linksAbove,
  mapOf,
  rectOf,
  rollOut,
  strongestKeys,
  tokenAt,
} from '../../../src/views/image-grid'

/** A softmax-like matrix: rows sum to 1, no two entries alike. */
function attentionOf(size: number, seed: number): Float32Array {
  const weights = Float32Array.from({ length: size * size }, (_, at) => 1.1 + Math.sin(seed + at * 12.9898))
  for (let query = 0; query < size; query++) {
    const row = weights.subarray(query * size, (query + 1) * size)
    const sum = row.reduce((total, weight) => total + weight, 0)
    row.forEach((weight, key) => (row[key] = weight / sum))
  }
  return weights
}

describe.each([
  { name: '14 px, CLS', rows: 16, columns: 16, tokens: 257, width: 224, height: 224 },
  { name: '16 px, CLS and distillation', rows: 14, columns: 14, tokens: 198, width: 224, height: 224 },
  { name: '32 px, no CLS', rows: 7, columns: 7, tokens: 49, width: 224, height: 224 },
  { name: 'CLS and four registers, not square', rows: 16, columns: 24, tokens: 389, width: 336, height: 224 },
])('patches of an image ($name)', ({ rows, columns, tokens, width, height }) => {
  const layout = layoutImage({ rows, columns }, tokens, { width, height }, 271)

  it('are found where they are drawn, each once', () => {
    for (let token = 0; token < tokens; token++) {
      const rect = rectOf(layout, token)
      for (const [x, y] of [
        [0.5, 0.5],
        [0.02, 0.02],
        [0.98, 0.98],
      ] as const)
        expect(tokenAt(layout, rect.x + x * rect.width, rect.y + y * rect.height)).toBe(token)
    }
  })

  it('run row by row over the whole image, tiles stay inside', () => {
    const { prefix, image } = layout
    expect(prefix).toBe(tokens - rows * columns)
    expect(rectOf(layout, prefix)).toMatchObject({ x: image.x, y: 0 })
    const last = rectOf(layout, tokens - 1)
    expect(last.x + last.width).toBeCloseTo(image.x + image.width, 6)
    expect(last.y + last.height).toBeCloseTo(image.height, 6)
    expect(rectOf(layout, prefix + columns).y).toBeCloseTo(image.height / rows, 6)
    expect(image.width / image.height).toBeCloseTo(width / height, 2)
    for (let token = 0; token < prefix; token++) {
      const tile = rectOf(layout, token)
      expect(tile.y + tile.height).toBeLessThanOrEqual(layout.height)
      expect(tile.x + tile.width).toBeLessThan(image.x)
    }
    for (const [x, y] of [
      [-1, 5],
      [layout.width + 1, 5],
      [image.x + 5, -1],
      [image.x + 5, layout.height + 1],
    ] as const)
      expect(tokenAt(layout, x, y)).toBe(-1)
  })
})

describe('maps and links', () => {
  const size = 11
  const weights = attentionOf(size, 3)

  it('are rows for queries and columns for keys', () => {
    expect([...mapOf(weights, size, 4, 'query')]).toEqual([...weights.slice(44, 55)])
    expect([...mapOf(weights, size, 4, 'key')]).toEqual(Array.from({ length: size }, (_, q) => weights[q * size + 4]))
  })

  it('are scaled by the largest patch; what lies beside the image does not count', () => {
    expect(largestOf(Float32Array.of(0.9, 0.1, 0.4, 0.2), 1)).toBeCloseTo(0.4, 6)
    expect(largestOf(Float32Array.of(0.9, 0.1), 2)).toBeCloseTo(0.9, 6)
    expect([shareOf(0.2, 0.4), shareOf(0.9, 0.4), shareOf(0, 0)]).toEqual([0.5, 1, 0])
  })

  it('point to the largest weight of each row', () => {
    for (const { query, key, weight } of strongestKeys(weights, size)) {
      const row = [...weights.slice(query * size, (query + 1) * size)]
      expect(weight).toBe(Math.max(...row))
      expect(key).toBe(row.indexOf(weight))
    }
  })

  it('above a threshold are all counted, the strongest kept, drawn last', () => {
    const all = [...weights].filter((weight) => weight >= 0.1)
    const { links, count } = linksAbove(weights, size, 0.1, 5)
    expect(count).toBe(all.length)
    expect(links.map(({ weight }) => weight)).toEqual(all.sort((a, b) => a - b).slice(-5))
    for (const { query, key, weight } of links) expect(weights[query * size + key]).toBe(weight)
  })

  it('become pixels whose opacity is the weight', () => {
    const pixels = heatPixels(Float32Array.of(0.7, 0.1, 0.2), 1, 0.2, [1, 2, 3])
    expect([...pixels]).toEqual([1, 2, 3, 128, 1, 2, 3, 255])
  })
})

describe('attention over heads', () => {
  const size = 6
  const shape = { layers: 3, heads: 2 }
  const of = ({ layer, head }: { layer: number; head: number }) => attentionOf(size, 7 * layer + head)
  const source = { attention: (head: { layer: number; head: number }) => Promise.resolve({ weights: of(head), size }) }
  const make = () => new ImageAttention(source, () => Promise.resolve())

  it('is the mean of a layer, or of all', async () => {
    const state = make()
    await state.askMean('layer', 0, 1, shape)
    const layer = [of({ layer: 1, head: 0 }), of({ layer: 1, head: 1 })]
    state.mean!.weights.forEach((value, at) => expect(value).toBeCloseTo((layer[0]![at]! + layer[1]![at]!) / 2, 6))
    await state.askMean('all', 0, 0, shape)
    const first = [0, 1, 2].flatMap((at) => [0, 1].map((head) => of({ layer: at, head })[0]!))
    expect(state.mean!.weights[0]).toBeCloseTo(first.reduce((sum, value) => sum + value, 0) / 6, 6)
  })

  it('rolls out as the product of ½ mean + ½ identity', async () => {
    const state = make()
    await state.askMean('rollout', 0, 0, shape)
    let expected: number[][] | null = null
    for (let layer = 0; layer < shape.layers; layer++) {
      const step = Array.from({ length: size }, (_, q) =>
        Array.from(
          { length: size },
          (_, k) =>
            (of({ layer, head: 0 })[q * size + k]! + of({ layer, head: 1 })[q * size + k]!) / 4 + (q === k ? 0.5 : 0),
        ),
      )
      const before: number[][] | null = expected
      expected = before
        ? step.map((row) => row.map((_, k) => row.reduce((sum, weight, j) => sum + weight * before[j]![k]!, 0)))
        : step
    }
    state.mean!.weights.forEach((value, at) =>
      expect(value).toBeCloseTo(expected![Math.floor(at / size)]![at % size]!, 5),
    )
    for (let query = 0; query < size; query++) {
      const row = rollOut(of({ layer: 0, head: 0 }), null, size).slice(query * size, (query + 1) * size)
      expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5)
    }
  })

  it('gives every head’s map of a token, and stops for a later question', async () => {
    const state = make()
    await state.askMaps(0, 2, 'key', shape, 3)
    expect(state.maps.map((map) => [...map!])).toEqual(
      [...state.maps.keys()].map((at) => [...mapOf(of({ layer: Math.floor(at / 2), head: at % 2 }), size, 2, 'key')]),
    )
    const early = state.askMaps(0, 1, 'query', shape, 0)
    const late = state.askMaps(0, 5, 'query', shape, 0)
    await Promise.all([early, late])
    expect([...state.maps[0]!]).toEqual([...mapOf(of({ layer: 0, head: 0 }), size, 5, 'query')])
  })
})
