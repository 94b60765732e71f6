import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClusterPicture } from '../../../src/core/clustering'
import { hashUniform } from '../../../src/core/random'

/** The definition, word by word: every point ranked by distance, ties broken evenly. */
function naiveShare(points: Float32Array, dims: number, n: number, rows: number[], k: number): number {
  const shares: number[] = []
  for (const first of [0, n])
    for (const row of rows) {
      const distance = (other: number): number =>
        Array.from(
          { length: dims },
          (_, axis) => points[(first + other) * dims + axis]! - points[(first + row) * dims + axis]!,
        )
          .map((difference) => difference ** 2)
          .reduce((a, b) => a + b, 0)
      const others = Array.from({ length: n }, (_, other) => other).filter((other) => other !== row)
      const limit = others.map(distance).sort((a, b) => a - b)[k - 1]!
      const nearer = others.filter((other) => distance(other) < limit)
      const level = others.filter((other) => distance(other) === limit)
      const marked = (list: number[]): number => list.filter((other) => rows.includes(other)).length
      shares.push((marked(nearer) + (marked(level) * (k - nearer.length)) / level.length) / k)
    }
  return shares.reduce((a, b) => a + b, 0) / shares.length
}

describe('clustering of matches', () => {
  const maskOf = (n: number, rows: number[]): Uint8Array =>
    Uint8Array.from({ length: n }, (_, row) => (rows.includes(row) ? 1 : 0))

  it('agrees with the definition', () => {
    const places = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 120, maxLength: 120 })
    const marks = fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { minLength: 2, maxLength: 18 })
    fc.assert(
      fc.property(places, marks, fc.constantFrom(2 as const, 3 as const), (values, marked, dims) => {
        const rows = marked.toSorted((a, b) => a - b)
        const points = Float32Array.from(values.slice(0, 40 * dims))
        const result = new ClusterPicture(points, dims).score(Int32Array.from(rows), maskOf(20, rows))!
        expect(result.share).toBeCloseTo(naiveShare(points, dims, 20, rows, Math.min(10, rows.length - 1)), 10)
        expect(result.chance).toBeCloseTo((rows.length - 1) / 19, 12)
      }),
      { seed: 5 },
    )
  })

  it('finds the nearest whatever the shape of the cloud: even, far points, heaps, one line', () => {
    const n = 400
    const shapes = {
      even: (random: () => number) => random(),
      far: (random: () => number) => (random() < 0.02 ? 1e4 * (random() - 0.5) : random()),
      heaps: (random: () => number) => Math.round(4 * random()) + (random() < 0.5 ? 0 : 1e-3 * random()),
      line: (random: () => number, at: number) => (at % 2 ? 7 : random()),
    }
    const rows = Array.from({ length: 30 }, (_, index) => 13 * index)
    for (const [name, shape] of Object.entries(shapes))
      for (const dims of [2, 3] as const) {
        let step = 0
        const random = (): number => hashUniform(5, dims, step++)
        const points = Float32Array.from({ length: 2 * n * dims }, (_, at) => shape(random, at))
        const result = new ClusterPicture(points, dims).score(Int32Array.from(rows), maskOf(n, rows))!
        expect(result.share, `${name} ${dims}`).toBeCloseTo(naiveShare(points, dims, n, rows, 10), 10)
      }
  })

  it('is 1 for a group of its own, 0 for a heap of equal points, and nothing for one match or all', () => {
    const n = 30
    const rows = [3, 9, 20, 21]
    const grouped = Float32Array.from({ length: 4 * n }, (_, at) => {
      const row = (at >> 1) % n
      return rows.includes(row) ? 50 + 0.01 * row : row
    })
    expect(new ClusterPicture(grouped, 2).score(Int32Array.from(rows), maskOf(n, rows))?.score).toBe(1)
    expect(
      new ClusterPicture(new Float32Array(4 * n), 2).score(Int32Array.from(rows), maskOf(n, rows))?.score,
    ).toBeCloseTo(0, 12)
    expect(new ClusterPicture(grouped, 2).score(Int32Array.of(1), maskOf(n, [1]))).toBeNull()
    const all = Array.from({ length: n }, (_, row) => row)
    expect(new ClusterPicture(grouped, 2).score(Int32Array.from(all), maskOf(n, all))).toBeNull()
  })
})
