import type { Span } from '../core/types'

/** Below this share of an axis' spread a difference is rounding, not meaning. */
const vanishing = 1e-3

/**
 * Mirrors axes in place so that a picture is the same between runs, seeds and engines: axis 1 points from the queries' mean to
 * the keys' mean (where these meet: along rising position), axis 2 along rising position, axis 3 makes the picture
 * right-handed (the mean of x·y·z is positive, which a mirror image would not have). What decides nothing falls through to
 * position, then to the skew of the axis.
 * @param points [n+m,dims], queries first
 */
export function orientAxes(points: Float32Array, n: number, m: number, dims: number, spans: readonly Span[]): void {
  const positions = positionsOf(n, m, spans)
  for (let axis = 0; axis < dims; axis++) {
    if (directionOf(points, n, m, dims, axis, positions) >= 0) continue
    for (let at = axis; at < points.length; at += dims) points[at] = 0 - points[at]! // never −0
  }
}

/** [n+m] position of each query, then each key, inside its sequence. */
function positionsOf(n: number, m: number, spans: readonly Span[]): Float64Array {
  const positions = new Float64Array(n + m)
  for (const span of spans) {
    for (let index = 0; index < span.queries; index++) positions[span.queryStart + index] = index
    for (let index = 0; index < span.keys; index++) positions[n + span.keyStart + index] = index
  }
  return positions
}

function directionOf(
  points: Float32Array,
  n: number,
  m: number,
  dims: number,
  axis: number,
  positions: Float64Array,
): number {
  const count = n + m
  const { mean, spread } = describe(count, (point) => points[point * dims + axis]!)
  if (spread === 0) return 0
  if (axis === 0 && n > 0 && m > 0) {
    let queries = 0
    let keys = 0
    for (let point = 0; point < n; point++) queries += points[point * dims]! - mean
    for (let point = n; point < count; point++) keys += points[point * dims]! - mean
    const gap = keys / m - queries / n
    if (Math.abs(gap) > vanishing * spread) return gap
  }
  if (axis === 2) {
    let sum = 0
    const first = describe(count, (point) => points[point * dims]!)
    const second = describe(count, (point) => points[point * dims + 1]!)
    for (let point = 0; point < count; point++) {
      const x = points[point * dims]! - first.mean
      const y = points[point * dims + 1]! - second.mean
      sum += x * y * (points[point * dims + 2]! - mean)
    }
    const size = count * first.spread * second.spread * spread
    if (Math.abs(sum) > vanishing * size && size > 0) return sum
  }
  const along = describe(count, (point) => positions[point]!)
  let agreement = 0
  for (let point = 0; point < count; point++) {
    agreement += (points[point * dims + axis]! - mean) * (positions[point]! - along.mean)
  }
  if (Math.abs(agreement) > vanishing * count * spread * along.spread) return agreement
  let skew = 0
  for (let point = 0; point < count; point++) {
    const value = (points[point * dims + axis]! - mean) / spread
    skew += value * value * value
  }
  return skew
}

function describe(count: number, value: (point: number) => number): { mean: number; spread: number } {
  let sum = 0
  for (let point = 0; point < count; point++) sum += value(point)
  const mean = count > 0 ? sum / count : 0
  let square = 0
  for (let point = 0; point < count; point++) square += (value(point) - mean) * (value(point) - mean)
  return { mean, spread: count > 0 ? Math.sqrt(square / count) : 0 }
}
