import { AppError } from './errors'

/**
 * Mean of `count` rows of `rows` [count,dim], summed in float64; zeros when there are none.
 * Throws VERIFY_FAILED when a number is not finite (a float64 sum of float32 numbers cannot overflow by itself).
 */
export function meanOfRows(rows: Float32Array, count: number, dim: number): Float64Array {
  const mean = new Float64Array(dim)
  const end = count * dim
  let column = 0
  // Four columns at a time: their sums stay in registers.
  for (; column + 4 <= dim; column += 4) {
    let [a, b, c, d] = [0, 0, 0, 0]
    for (let at = column; at < end; at += dim) {
      a += rows[at]!
      b += rows[at + 1]!
      c += rows[at + 2]!
      d += rows[at + 3]!
    }
    mean.set([a, b, c, d], column)
  }
  for (; column < dim; column++) {
    let sum = 0
    for (let at = column; at < end; at += dim) sum += rows[at]!
    mean[column] = sum
  }
  for (column = 0; column < dim; column++) {
    if (!Number.isFinite(mean[column])) {
      throw new AppError(
        'VERIFY_FAILED',
        'A query or key of this head holds a number that is not finite, so it has no place in a picture: try the fp32 file of the model.',
      )
    }
    if (count > 0) mean[column]! /= count
  }
  return mean
}

/** 2-norms of the rows of `rows` [count,dim], float64. */
export function normsOfRows(rows: Float32Array, count: number, dim: number): Float64Array {
  const norms = new Float64Array(count)
  for (let row = 0, at = 0; row < count; row++) {
    let sum = 0
    for (let column = 0; column < dim; column++, at++) sum += rows[at]! * rows[at]!
    norms[row] = Math.sqrt(sum)
  }
  return norms
}

/** Mean of a list; null when it is empty. */
export function meanOf(values: ArrayLike<number>): number | null {
  if (values.length === 0) return null
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]!
  return sum / values.length
}

/** Dot products of row `query` of `q` with rows `keyStart + key` of `k`, both of width `dim`: `target[key]` for key in [first,end). */
export function fillDots(
  q: Float32Array,
  k: Float32Array,
  dim: number,
  query: number,
  keyStart: number,
  first: number,
  end: number,
  target: Float64Array,
): void {
  const from = query * dim
  const to = from + dim
  for (let key = first, at = (keyStart + first) * dim; key < end; key++) {
    let sum = 0
    for (let column = from; column < to; column++, at++) sum += q[column]! * k[at]!
    target[key] = sum
  }
}
