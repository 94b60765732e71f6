import { meanOfRows } from '../core/linear'
import type { JointVectors, MetricId } from '../core/types'
import { fitMaps, type FollowMaps } from './follow-fit'
import { sampleAttention, type FollowSample, type SampleInput } from './follow-sample'
import type { HeadContext } from './types'

/*
 * Layouts that follow attention (docs/follow-attention.md). Most neighbours of a point are of its own type, so the graph of neighbours
 * says little of where queries lie among keys: the start decides that. A start that is fitted to the head's scores, and as wide as the
 * finished layout so that it is kept, makes distances follow attention and leaves the neighbours to the graph.
 */

/** In standard deviations. */
const outlierLimit = 4

/** What following needs to know of a head. */
export const followInput = (context: HeadContext): SampleInput => ({
  vectors: context.vectors,
  spans: context.spans,
  mask: { causal: context.causal, window: context.window },
  querySpecial: context.special,
  keySpecial: context.keySpecial,
})

/**
 * A linear picture [n+m,dims] of the joint space in which distances follow scores, fitted from the principal coordinates `pca`; null
 * where no sequence is long enough to fit to.
 */
export function fitPicture(
  joint: JointVectors,
  metric: MetricId,
  pca: Float32Array,
  dims: 2 | 3,
  input: SampleInput,
): Float32Array | null {
  const { n, m, dim } = joint
  const sample = sampleAttention(input)
  if (sample.blocks.length === 0) return null
  const rows = featuresOf(joint, metric)
  const maps = fitMaps(sample, takeRows(rows, sample, n, dim), dim, dims, principalMap(rows, pca, dim, dims))
  const picture = drawMaps(rows, maps, n, m, dim, dims)
  holdIn(picture, dims)
  return picture
}

/** Queries, then keys, as the metric sees them (directions under the cosine), around their common mean, with a mean square of 1. */
function featuresOf({ q, k, n, m, dim }: JointVectors, metric: MetricId): Float32Array {
  const rows = new Float32Array((n + m) * dim)
  rows.set(q.subarray(0, n * dim))
  rows.set(k.subarray(0, m * dim), n * dim)
  if (metric === 'cosine') {
    for (let start = 0; start < rows.length; start += dim) {
      let square = 0
      for (let at = start; at < start + dim; at++) square += rows[at]! * rows[at]!
      const scale = square > 0 ? 1 / Math.sqrt(square) : 0
      for (let at = start; at < start + dim; at++) rows[at]! *= scale
    }
  }
  const mean = meanOfRows(rows, n + m, dim)
  let square = 0
  for (let at = 0, column = 0; at < rows.length; at++, column = column + 1 === dim ? 0 : column + 1) {
    const value = rows[at]! - mean[column]!
    rows[at] = value
    square += value * value
  }
  const scale = square > 0 ? Math.sqrt((n + m) / square) : 0
  for (let at = 0; at < rows.length; at++) rows[at]! *= scale
  return rows
}

/** The map whose picture is `pca`, up to a factor for each axis: rowsᵀ·pca, as principal directions are eigenvectors of rowsᵀ·rows. */
function principalMap(rows: Float32Array, pca: Float32Array, dim: number, dims: number): Float64Array {
  const map = new Float64Array(dims * dim)
  for (let axis = 0; axis < dims; axis++) {
    let square = 0
    for (let point = 0, at = 0; at < rows.length; point++) {
      const place = pca[point * dims + axis]!
      square += place * place
      for (let column = axis * dim; column < axis * dim + dim; column++, at++) map[column]! += place * rows[at]!
    }
    for (let column = axis * dim; column < axis * dim + dim; column++) map[column]! /= square > 0 ? square : 1
  }
  return map
}

function takeRows(rows: Float32Array, { queries, keys }: FollowSample, n: number, dim: number): Float32Array {
  const taken = new Float32Array((queries.length + keys.length) * dim)
  let at = 0
  for (const query of queries) {
    taken.set(rows.subarray(query * dim, (query + 1) * dim), at)
    at += dim
  }
  for (const key of keys) {
    taken.set(rows.subarray((n + key) * dim, (n + key + 1) * dim), at)
    at += dim
  }
  return taken
}

function drawMaps(
  rows: Float32Array,
  { query, key, shift }: FollowMaps,
  n: number,
  m: number,
  dim: number,
  dims: number,
): Float32Array {
  const picture = new Float32Array((n + m) * dims)
  for (let point = 0, at = 0; point < n + m; point++) {
    const map = point < n ? query : key
    for (let axis = 0; axis < dims; axis++, at++) {
      let sum = point < n ? 0 : shift[axis]!
      for (let i = point * dim, j = axis * dim; j < axis * dim + dim; i++, j++) sum += rows[i]! * map[j]!
      picture[at] = sum
    }
  }
  return picture
}

/** Centres a picture in place and holds far outliers at `outlierLimit` standard deviations of its widest axis. */
function holdIn(picture: Float32Array, dims: number): void {
  const count = picture.length / dims
  const mean = meanOfRows(picture, count, dims)
  let widest = 0
  for (let axis = 0; axis < dims; axis++) {
    let square = 0
    for (let at = axis; at < picture.length; at += dims) {
      picture[at]! -= mean[axis]!
      square += picture[at]! * picture[at]!
    }
    widest = Math.max(widest, Math.sqrt(square / count))
  }
  const bound = outlierLimit * widest
  for (let at = 0; at < picture.length; at++) picture[at] = Math.max(-bound, Math.min(bound, picture[at]!))
}

/**
 * A start [count,dims] between the classic one (`follow` 0) and the fitted one (1), both with the standard deviation `spread` along their
 * widest axes; at 1 it is as wide as `finalSpread`.
 */
export function blendStarts(
  classic: Float32Array,
  fitted: Float32Array,
  follow: number,
  spread: number,
  finalSpread: number,
): Float32Array {
  const scale = 1 - follow + (follow * Math.max(spread, finalSpread)) / spread
  return classic.map((value, at) => scale * ((1 - follow) * value + follow * fitted[at]!))
}
