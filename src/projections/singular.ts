import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix'
import { meanOfRows } from '../core/linear'
import type { JointVectors } from '../core/types'
import { orientAxes } from './orientation'
import type { Projection } from './types'

/** Directions with a smaller share of the largest eigenvalue are rounding. */
const emptyShare = 1e-12

/**
 * The axes that explain most of q·k over the data: with Q = Q̂·R_Q and centred K = K̂·R_K (R from the eigenvectors of QᵀQ and
 * KᵀK, the same up to a rotation as a thin QR's), R_Q·R_Kᵀ = U·S·Vᵀ; queries are drawn at Q̂·U·√S, keys at K̂·V·√S. So the
 * inner product of two drawn points is the best approximation of q·(k − mean K) in so few dimensions.
 */
export const projection: Projection = {
  id: 'singular',
  async project(joint, { settings: { dims }, spans, pause }) {
    const { q, k, n, m, dim } = joint
    const points = new Float32Array((n + m) * dims)
    if (n === 0 || m === 0) return points
    const keyMean = meanOfRows(k, m, dim)
    await pause(0, 3)
    const queries = factorize(q, n, dim, new Float64Array(dim))
    await pause(1, 3)
    const keys = factorize(k, m, dim, keyMean)
    await pause(2, 3)
    const { leftSingularVectors, rightSingularVectors, diagonal } = new SingularValueDecomposition(
      queries.root.mmul(keys.root.transpose()),
    )
    const queryMap = queries.inverse.mmul(leftSingularVectors)
    const keyMap = keys.inverse.mmul(rightSingularVectors)
    const roots = diagonal.map((value) => Math.sqrt(value))
    draw(q, n, dim, new Float64Array(dim), queryMap, roots, dims, points, 0)
    draw(k, m, dim, keyMean, keyMap, roots, dims, points, n)
    orientAxes(points, n, m, dims, spans)
    return points
  },
}

/** A root R of XᵀX = RᵀR of the rows less `mean`, and the pseudo-inverse of R. */
function factorize(
  rows: JointVectors['q'],
  count: number,
  dim: number,
  mean: Float64Array,
): { root: Matrix; inverse: Matrix } {
  const gram = new Float64Array(dim * dim)
  const row = new Float64Array(dim)
  for (let index = 0; index < count; index++) {
    for (let column = 0; column < dim; column++) row[column] = rows[index * dim + column]! - mean[column]!
    for (let i = 0; i < dim; i++) {
      const value = row[i]!
      for (let j = i, at = i * dim + i; j < dim; j++, at++) gram[at]! += value * row[j]!
    }
  }
  const matrix = new Matrix(dim, dim)
  for (let i = 0; i < dim; i++) {
    for (let j = i; j < dim; j++) {
      matrix.set(i, j, gram[i * dim + j]!)
      matrix.set(j, i, gram[i * dim + j]!)
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true })
  let largest = 0
  for (const value of realEigenvalues) if (value > largest) largest = value
  const root = Matrix.zeros(dim, dim)
  const inverse = Matrix.zeros(dim, dim)
  for (let axis = 0; axis < dim; axis++) {
    const value = realEigenvalues[axis]!
    if (!(value > emptyShare * largest)) continue
    const size = Math.sqrt(value)
    for (let column = 0; column < dim; column++) {
      const part = eigenvectorMatrix.get(column, axis)
      root.set(axis, column, part * size)
      inverse.set(column, axis, part / size)
    }
  }
  return { root, inverse }
}

function draw(
  rows: Float32Array,
  count: number,
  dim: number,
  mean: Float64Array,
  map: Matrix,
  roots: readonly number[],
  dims: number,
  points: Float32Array,
  firstPoint: number,
): void {
  for (let axis = 0; axis < Math.min(dims, dim); axis++) {
    const direction = Float64Array.from({ length: dim }, (_, column) => map.get(column, axis) * roots[axis]!)
    for (let row = 0; row < count; row++) {
      let sum = 0
      for (let column = 0; column < dim; column++)
        sum += (rows[row * dim + column]! - mean[column]!) * direction[column]!
      points[(firstPoint + row) * dims + axis] = sum
    }
  }
}
