import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { computeFidelity } from '../../../src/core/fidelity'
import { keepRaw, translateKeys } from '../../../src/core/joint'
import { hashUniform } from '../../../src/core/random'
import type { HeadVectors, JointVectors, MetricId } from '../../../src/core/types'
import { orientAxes } from '../../../src/projections/orientation'
import { computePca } from '../../../src/projections/pca'
import { goldenHead, readGoldenHead, spansOf } from '../golden-head'

function makeHead(n: number, m: number, dim: number, size = 1): HeadVectors {
  const numbers = (count: number, seed: number) =>
    Float32Array.from({ length: count * dim }, (_, index) => {
      const spread = 1 / (1 + (index % dim))
      return size * spread * (hashUniform(seed, index) + hashUniform(seed, index, 1) - 0.7)
    })
  return { q: numbers(n, 1), k: numbers(m, 2), n, m, dim, scale: 1 }
}

/** PCA by the textbook: centred rows times the right singular vectors of the centred rows. */
function textbookPca({ q, k, n, m, dim }: JointVectors, metric: MetricId, dims: number): number[][] {
  const rows = Array.from({ length: n + m }, (_, index) => {
    const source = index < n ? q : k
    const start = (index < n ? index : index - n) * dim
    const row = Array.from(source.subarray(start, start + dim))
    const norm = metric === 'cosine' ? Math.hypot(...row) || 1 : 1
    return row.map((value) => value / norm)
  })
  const matrix = new Matrix(rows).center('column')
  const { rightSingularVectors } = new SingularValueDecomposition(matrix, { autoTranspose: true })
  return matrix.mmul(rightSingularVectors.subMatrix(0, dim - 1, 0, dims - 1)).to2DArray()
}

describe.each([
  [5, 64],
  [7, 30],
  [16, 33],
  [33, 20],
])('%i dimensions', (dim, n) => {
  test.each<MetricId>(['cosine', 'euclidean'])(
    '%s: the textbook’s coordinates up to the sign of an axis',
    async (metric) => {
      const joint = translateKeys(makeHead(n, n + 5, dim))
      const expected = textbookPca(joint, metric, 3)
      const points = await computePca(joint, metric, 3, [])
      for (let axis = 0; axis < 3; axis++) {
        const largest = Math.max(...expected.map((row) => Math.abs(row[axis]!)))
        const first = expected.findIndex((row) => Math.abs(row[axis]!) === largest)
        const sign = Math.sign(points[first * 3 + axis]! / expected[first]![axis]!)
        for (const [point, row] of expected.entries()) {
          expect(Math.abs(points[point * 3 + axis]! - sign * row[axis]!)).toBeLessThan(1e-5 * largest + 1e-7)
        }
      }
    },
  )
})

test('a real head gives the reference agreement', async () => {
  const { vectors, spans } = readGoldenHead()
  const joint = translateKeys(vectors)
  const special = new Uint8Array(vectors.n)
  const points = await computePca(joint, 'euclidean', 2, spans)
  const { picture } = computeFidelity(
    {
      vectors,
      joint,
      jointMetric: 'cosine',
      mask: { causal: false, window: null },
      querySpecial: special,
      keySpecial: special,
      points,
      dims: 2,
    },
    spans,
  )
  expect(picture).toBeCloseTo(goldenHead.reference['scikit-learn PCA']!.spearman!, 3)
})

test('two dimensions are the first two of three', async () => {
  const joint = translateKeys(makeHead(20, 20, 8))
  const flat = await computePca(joint, 'cosine', 2, spansOf([20]))
  const deep = await computePca(joint, 'cosine', 3, spansOf([20]))
  for (let point = 0; point < 40; point++) {
    expect(flat[point * 2]).toBe(deep[point * 3])
    expect(flat[point * 2 + 1]).toBe(deep[point * 3 + 1])
  }
})

test('the size of the numbers does not matter to cosine, huge or tiny', async () => {
  const expected = await computePca(keepRaw(makeHead(20, 20, 8)), 'cosine', 2, spansOf([20]))
  for (const size of [2 ** -60, 2 ** 60]) {
    expect(await computePca(keepRaw(makeHead(20, 20, 8, size)), 'cosine', 2, spansOf([20]))).toEqual(expected)
  }
})

test('axes without spread are exactly 0', async () => {
  const head = makeHead(6, 6, 4)
  for (let index = 0; index < head.q.length; index++) if (index % 4 > 0) head.q[index] = head.k[index] = 0
  const points = await computePca(keepRaw(head), 'euclidean', 3, spansOf([6]))
  for (let point = 0; point < 12; point++) {
    expect([points[point * 3 + 1], points[point * 3 + 2]]).toEqual([0, 0])
  }
  expect(points.some((value) => value !== 0)).toBe(true)
})

describe('orientation', () => {
  const spans = spansOf([3, 3])
  const mirror = (points: Float32Array, axis: number) =>
    points.map((value, index) => (index % 3 === axis && value !== 0 ? -value : value))
  // x: keys right of queries; y: rises with position; z: no meaning of its own.
  const points = Float32Array.from(
    Array.from({ length: 12 }, (_, index) => [
      (index < 6 ? -1 : 1) + 0.3 * hashUniform(1, index),
      (index % 3) + 0.3 * hashUniform(2, index),
      hashUniform(3, index) ** 3,
    ]).flat(),
  )

  test('mirrored pictures come out the same', () => {
    const expected = points.slice()
    orientAxes(expected, 6, 6, 3, spans)
    for (const axes of [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]) {
      const turned = axes.reduce(mirror, points)
      orientAxes(turned, 6, 6, 3, spans)
      expect(turned).toEqual(expected)
    }
  })

  test('keys are right of queries, later tokens above earlier ones, and the frame is right-handed', () => {
    const turned = [0, 1].reduce(mirror, points)
    orientAxes(turned, 6, 6, 3, spans)
    const mean = (axis: number, chosen: (point: number) => boolean) => {
      const list = Array.from({ length: 12 }, (_, point) => point).filter(chosen)
      return list.reduce((sum, point) => sum + turned[point * 3 + axis]!, 0) / list.length
    }
    expect(mean(0, (point) => point >= 6)).toBeGreaterThan(mean(0, (point) => point < 6))
    expect(mean(1, (point) => point % 3 === 2)).toBeGreaterThan(mean(1, (point) => point % 3 === 0))
    const centre = [0, 1, 2].map((axis) => mean(axis, () => true))
    let handed = 0
    for (let point = 0; point < 12; point++) {
      handed += centre.reduce((product, middle, axis) => product * (turned[point * 3 + axis]! - middle), 1)
    }
    expect(handed).toBeGreaterThan(0)
  })

  test('where the centroids meet, axis 1 follows position', () => {
    const line = Float32Array.from({ length: 24 }, (_, index) => (index % 2 === 0 ? -(Math.floor(index / 2) % 6) : 0))
    orientAxes(line, 6, 6, 2, spansOf([6]))
    expect(Array.from({ length: 6 }, (_, point) => line[point * 2])).toEqual([-0, 1, 2, 3, 4, 5].map(Math.abs))
  })
})
