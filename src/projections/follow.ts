import { meanOfRows } from '../core/linear'
import type { JointVectors, MetricId } from '../core/types'
import { fitMaps, type FollowMaps } from './follow-fit'
import { type FollowSample, sampleAttention, type SampleInput } from './follow-sample'
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
export async function fitPicture(
  joint: JointVectors,
  metric: MetricId,
  pca: Float32Array,
  dims: 2 | 3,
  input: SampleInput,
): Promise<Float32Array | null> {
  const { n, dim } = joint
  const sample = sampleAttention(input)
  if (sample.blocks.length === 0) return null
  const points = pointsOf(sample, n)
  const frame = takeFeatures(joint, metric, points)
  const maps = await fitMaps(sample, frame.features, dim, dims, principalMap(frame.features, pca, points, dim, dims))
  const picture = drawMaps(joint, metric, frame, maps, dims)
  holdIn(picture, dims)
  return picture
}

/** A sample's queries and keys as points of the picture: queries, then keys. */
function pointsOf({ queries, keys }: FollowSample, n: number): Int32Array {
  const points = new Int32Array(queries.length + keys.length)
  points.set(queries)
  for (let index = 0; index < keys.length; index++) points[queries.length + index] = n + keys[index]!
  return points
}

/** Points as the metric sees them (directions under the cosine), around their common mean, with a mean square of 1. */
interface Features {
  /** [points of the sample, dim] */
  features: Float32Array
  mean: Float64Array
  scale: number
}

function takeFeatures({ q, k, n, dim }: JointVectors, metric: MetricId, points: Int32Array): Features {
  const features = new Float32Array(points.length * dim)
  for (let row = 0; row < points.length; row++) {
    const point = points[row]!
    const from = (point < n ? point : point - n) * dim
    const vectors = point < n ? q : k
    let square = 0
    for (let at = from; at < from + dim; at++) square += vectors[at]! * vectors[at]!
    const factor = factorOf(metric, square)
    for (let column = 0; column < dim; column++) features[row * dim + column] = factor * vectors[from + column]!
  }
  const mean = meanOfRows(features, points.length, dim)
  let square = 0
  for (let at = 0, column = 0; at < features.length; at++, column = column + 1 === dim ? 0 : column + 1) {
    const value = features[at]! - mean[column]!
    features[at] = value
    square += value * value
  }
  const scale = square > 0 ? Math.sqrt(points.length / square) : 0
  for (let at = 0; at < features.length; at++) features[at]! *= scale
  return { features, mean, scale }
}

/** What a row whose values' squares sum to `square` is multiplied by, so that the metric sees it. */
const factorOf = (metric: MetricId, square: number): number =>
  metric === 'euclidean' ? 1 : square > 0 ? 1 / Math.sqrt(square) : 0

/** The map whose picture is `pca`, up to a factor for each axis: rowsᵀ·pca, as principal directions are eigenvectors of rowsᵀ·rows. */
function principalMap(
  features: Float32Array,
  pca: Float32Array,
  points: Int32Array,
  dim: number,
  dims: number,
): Float64Array {
  const map = new Float64Array(dims * dim)
  for (let axis = 0; axis < dims; axis++) {
    let square = 0
    for (let row = 0, at = 0; row < points.length; row++) {
      const place = pca[points[row]! * dims + axis]!
      square += place * place
      for (let column = axis * dim; column < axis * dim + dim; column++, at++) map[column]! += place * features[at]!
    }
    for (let column = axis * dim; column < axis * dim + dim; column++) map[column]! /= square > 0 ? square : 1
  }
  return map
}

/** All points placed by the maps [n+m,dims]. */
function drawMaps(
  joint: JointVectors,
  metric: MetricId,
  frame: Features,
  maps: FollowMaps,
  dims: number,
): Float32Array {
  const { q, k, n, m, dim } = joint
  const picture = new Float32Array((n + m) * dims)
  const shift = maps.shift
  placeRows(q, n, dim, metric, frame, maps.query, new Float64Array(dims), picture.subarray(0, n * dims))
  placeRows(k, m, dim, metric, frame, maps.key, shift, picture.subarray(n * dims))
  return picture
}

function placeRows(
  vectors: Float32Array,
  count: number,
  dim: number,
  metric: MetricId,
  { mean, scale }: Features,
  map: Float64Array,
  shift: Float64Array,
  target: Float32Array,
): void {
  const dims = shift.length
  const third = (dims - 1) * dim // in the plane a second time the second axis, for nothing
  const scaled = map.map((value) => value * scale)
  const offset = shift.map((value, axis) => {
    for (let column = 0; column < dim; column++) value -= mean[column]! * scaled[axis * dim + column]!
    return value
  })
  for (let row = 0; row < count; row++) {
    let square = 0
    let x = 0
    let y = 0
    let z = 0
    for (let column = 0, at = row * dim; column < dim; column++, at++) {
      const value = vectors[at]!
      square += value * value
      x += value * scaled[column]!
      y += value * scaled[dim + column]!
      z += value * scaled[third + column]!
    }
    const factor = factorOf(metric, square)
    target[row * dims] = factor * x + offset[0]!
    target[row * dims + 1] = factor * y + offset[1]!
    if (dims === 3) target[row * dims + 2] = factor * z + offset[2]!
  }
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
