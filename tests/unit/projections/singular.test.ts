import { Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix'
import { expect, test } from 'vitest'
import { translateKeys } from '../../../src/core/joint'
import { hashUniform } from '../../../src/core/random'
import type { ProjectionSettings } from '../../../src/core/types'
import { projection } from '../../../src/projections/singular'
import type { HeadContext } from '../../../src/projections/types'

test('inner products of drawn points are the best approximation of q·(k − mean k) in so few dimensions', async () => {
  const [n, m, dim, dims] = [30, 40, 6, 2]
  const numbers = (count: number, seed: number) =>
    Float32Array.from({ length: count * dim }, (_, index) => hashUniform(seed, index) - 0.3)
  const vectors = { q: numbers(n, 1), k: numbers(m, 2), n, m, dim, scale: 1 }
  const context = {
    vectors,
    spans: [],
    settings: { dims } as ProjectionSettings,
    pause: async () => undefined,
  } as unknown as HeadContext
  const points = await projection.project(translateKeys(vectors), context)

  const rows = (list: Float32Array, count: number) =>
    new Matrix(Array.from({ length: count }, (_, row) => Array.from(list.subarray(row * dim, (row + 1) * dim))))
  const queries = rows(vectors.q, n)
  const keys = rows(vectors.k, m).center('column')
  const products = queries.mmul(keys.transpose())
  // Thin QR of both sides, then the SVD of the small product of their R.
  const { upperTriangularMatrix: rq } = new QrDecomposition(queries)
  const { upperTriangularMatrix: rk } = new QrDecomposition(keys)
  const { diagonal } = new SingularValueDecomposition(rq.mmul(rk.transpose()))
  const expectedLoss = diagonal.slice(dims).reduce((sum, value) => sum + value * value, 0)

  let loss = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let product = 0
      for (let axis = 0; axis < dims; axis++) product += points[i * dims + axis]! * points[(n + j) * dims + axis]!
      loss += (products.get(i, j) - product) ** 2
    }
  }
  expect(loss).toBeCloseTo(expectedLoss, 3)
  expect(loss).toBeLessThan(0.9 * products.norm() ** 2)
})
