import { Matrix, SingularValueDecomposition } from 'ml-matrix'

/**
 * Centres `points` [count,dims] and turns (and mirrors, where that fits better) them in place onto `reference` [count,dims]:
 * the orthogonal Procrustes problem (Schönemann 1966), so pictures of one head keep one orientation. Sizes stay.
 */
export function alignTo(points: Float32Array, reference: Float32Array, dims: number): void {
  const count = points.length / dims
  if (count === 0) return
  const centre = meanPoint(points, dims)
  const referenceCentre = meanPoint(reference, dims)
  const cross = Matrix.zeros(dims, dims)
  for (let point = 0; point < count; point++) {
    for (let row = 0; row < dims; row++) {
      const value = points[point * dims + row]! - centre[row]!
      for (let column = 0; column < dims; column++) {
        const other = reference[point * dims + column]! - referenceCentre[column]!
        cross.set(row, column, cross.get(row, column) + value * other)
      }
    }
  }
  const turn = findTurn(cross, dims)
  const from = new Float64Array(dims)
  for (let point = 0; point < count; point++) {
    for (let row = 0; row < dims; row++) from[row] = points[point * dims + row]! - centre[row]!
    for (let column = 0; column < dims; column++) {
      let sum = 0
      for (let row = 0; row < dims; row++) sum += from[row]! * turn.get(row, column)
      points[point * dims + column] = sum
    }
  }
}

/** The orthogonal matrix nearest to `cross`; the unit matrix where that is undefined. */
function findTurn(cross: Matrix, dims: number): Matrix {
  const size = cross.norm()
  if (!(size > 0) || !Number.isFinite(size)) return Matrix.eye(dims)
  const { leftSingularVectors, rightSingularVectors } = new SingularValueDecomposition(cross.mul(1 / size))
  const turn = leftSingularVectors.mmul(rightSingularVectors.transpose())
  // Points on a line leave singular vectors of length 0 behind.
  const rest = turn.mmul(turn.transpose()).sub(Matrix.eye(dims)).norm()
  return rest < 1e-6 ? turn : Matrix.eye(dims)
}

function meanPoint(points: Float32Array, dims: number): Float64Array {
  const mean = new Float64Array(dims)
  for (let index = 0; index < points.length; index++) mean[index % dims]! += points[index]!
  for (let axis = 0; axis < dims; axis++) mean[axis]! /= points.length / dims
  return mean
}
