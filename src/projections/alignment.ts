import { Matrix, SingularValueDecomposition } from 'ml-matrix'

/**
 * Turns and mirrors `points` [count,dims] onto `reference` [count,dims] (orthogonal Procrustes without scaling; both centred).
 * Returns a new array, centred on the origin.
 */
export function alignToReference(points: Float32Array, reference: Float32Array, dims: number): Float32Array {
  const count = points.length / dims
  const from = meanPoint(points, count, dims)
  const to = meanPoint(reference, count, dims)
  const cross = Matrix.zeros(dims, dims)
  for (let point = 0; point < count; point++) {
    for (let row = 0; row < dims; row++) {
      const value = points[point * dims + row]! - from[row]!
      for (let column = 0; column < dims; column++) {
        const product = value * (reference[point * dims + column]! - to[column]!)
        cross.set(row, column, cross.get(row, column) + product)
      }
    }
  }
  const { leftSingularVectors, rightSingularVectors } = new SingularValueDecomposition(cross)
  const turn = leftSingularVectors.mmul(rightSingularVectors.transpose())
  const aligned = new Float32Array(points.length)
  for (let point = 0; point < count; point++) {
    for (let column = 0; column < dims; column++) {
      let sum = 0
      for (let row = 0; row < dims; row++) sum += (points[point * dims + row]! - from[row]!) * turn.get(row, column)
      aligned[point * dims + column] = sum
    }
  }
  return aligned
}

function meanPoint(points: Float32Array, count: number, dims: number): Float64Array {
  const mean = new Float64Array(dims)
  for (let at = 0; at < points.length; at++) mean[at % dims]! += points[at]! / count
  return mean
}
