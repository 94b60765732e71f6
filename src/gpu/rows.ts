import { AppError } from '../core/errors'
import type { MetricId } from '../core/types'

/** Rows as the GPU compares them; src/kernels/neighbors.as.ts prepares them in the same way. */
export interface PreparedRows {
  count: number
  /** Rows with the padding. */
  stride: number
  /** Columns in fours. */
  quads: number
  metric: MetricId
  dim: number
  /** Euclidean: a power of two that brings the largest value near 1. */
  scale: number
  /** [quads][stride][4] rows of length 1 (cosine), or centred and scaled (Euclidean). */
  values: Float32Array
  /** [count] inverse norms (cosine), 0 for rows of zeros. */
  inverses: Float64Array
}

/** Throws VERIFY_FAILED for a value that is not finite. */
export function prepareRows(
  rows: Float32Array,
  count: number,
  dim: number,
  stride: number,
  metric: MetricId,
): PreparedRows {
  const means = new Float64Array(dim)
  const inverses = new Float64Array(count)
  let largest = 0
  let zeros = false
  for (let row = 0; row < count; row++) {
    let square = 0
    for (let column = 0; column < dim; column++) {
      const value = rows[row * dim + column]!
      square += value * value
      means[column]! += value / count
      largest = Math.max(largest, Math.abs(value))
    }
    if (!Number.isFinite(square)) throw notFinite(row)
    inverses[row] = square > 0 ? 1 / Math.sqrt(square) : 0
    zeros ||= square === 0
  }
  const cosine = metric === 'cosine'
  const scale = cosine || largest === 0 ? 1 : 2 ** -Math.floor(Math.log2(largest))
  // A direction of their own puts rows of zeros at 0 from each other and at 1 from all others, in the same arithmetic.
  const width = dim + (cosine && zeros ? 1 : 0)
  const quads = Math.ceil(width / 4)
  const values = new Float32Array(quads * stride * 4)
  for (let row = 0; row < count; row++) {
    const factor = cosine ? inverses[row]! : scale
    for (let column = 0; column < dim; column++) {
      const value = (rows[row * dim + column]! - (cosine ? 0 : means[column]!)) * factor
      values[((column >> 2) * stride + row) * 4 + (column & 3)] = value
    }
    if (cosine && factor === 0) values[((dim >> 2) * stride + row) * 4 + (dim & 3)] = 1
  }
  return { count, stride, quads, metric, dim, scale, values, inverses }
}

/** Half of the squared distance of two rows in float64, in the units of the prepared ones; 1 − cosine for cosine. */
export function measureHalf(rows: Float32Array, prepared: PreparedRows, a: number, b: number): number {
  const { dim, metric, scale, inverses } = prepared
  const left = metric === 'cosine' ? inverses[a]! : scale
  const right = metric === 'cosine' ? inverses[b]! : scale
  if (left === 0 || right === 0) return left === right ? 0 : 1
  let sum = 0
  for (let column = 0; column < dim; column++) {
    const difference = rows[a * dim + column]! * left - rows[b * dim + column]! * right
    sum += difference * difference
  }
  return 0.5 * sum
}

function notFinite(point: number): AppError {
  return new AppError(
    'VERIFY_FAILED',
    `Point ${point} of this head holds a number that is not finite, so it has no place in a picture: try the fp32 file of the model.`,
  )
}
