import type { HeadVectors, JointVectors, MetricId, Span } from '../core/types'
import { computePca } from './pca'
import { alignTo } from './procrustes'
import type { HeadContext, Projection } from './types'

/** Sampled points are laid out in so many columns of the principal plane; a point's candidates come from those around it. */
const columnsAround = 2
const perColumn = 12
/** Nearest sampled points whose mean places a point. */
const anchors = 3
const pointsPerSlice = 512

/**
 * A quick look at what `projection` will give: it lays out the sampled sequences only, every other point goes where its nearest
 * sampled points are. Deterministic, but never what the projection itself gives for all points.
 * @param sample indices of the sequences in `context.spans`
 */
export const previewOf = (projection: Projection, sample: readonly number[]): Projection => ({
  id: projection.id,
  project: (joint, context) => projectSample(projection, sample, joint, context),
})

async function projectSample(
  projection: Projection,
  sample: readonly number[],
  joint: JointVectors,
  context: HeadContext,
): Promise<Float32Array> {
  const { dims, metric } = context.settings
  const spans = sample.map((index) => context.spans[index]!)
  const rows = rowsOf(spans, joint.n)
  const layout = await projection.project(takeRows(joint, spans), {
    ...context,
    vectors: takeRows(context.vectors, spans),
    spans: closeUp(spans),
    special: takeFlags(
      context.special,
      spans.map(({ queryStart, queries }) => [queryStart, queries]),
    ),
    keySpecial: takeFlags(
      context.keySpecial,
      spans.map(({ keyStart, keys }) => [keyStart, keys]),
    ),
    pause: (done, total) => context.pause(total > 0 ? (0.8 * done) / total : 0, 1),
  })
  const pca = await computePca(joint, metric, dims, context.spans)
  alignTo(layout, takePoints(pca, rows, dims), dims)
  return placeOthers(joint, metric, pca, rows, layout, dims, (done, total) =>
    context.pause(0.8 + (0.2 * done) / total, 1),
  )
}

/** Places of the sampled points among n queries and m keys, in the order in which the sample has them. */
function rowsOf(spans: readonly Span[], n: number): Int32Array {
  const rows: number[] = []
  for (const { queryStart, queries } of spans) for (let at = 0; at < queries; at++) rows.push(queryStart + at)
  for (const { keyStart, keys } of spans) for (let at = 0; at < keys; at++) rows.push(n + keyStart + at)
  return Int32Array.from(rows)
}

function takeRows<T extends HeadVectors | JointVectors>(source: T, spans: readonly Span[]): T {
  const { dim } = source
  const n = spans.reduce((sum, { queries }) => sum + queries, 0)
  const m = spans.reduce((sum, { keys }) => sum + keys, 0)
  const q = new Float32Array(n * dim)
  const k = new Float32Array(m * dim)
  let atQuery = 0
  let atKey = 0
  for (const { queryStart, queries, keyStart, keys } of spans) {
    q.set(source.q.subarray(queryStart * dim, (queryStart + queries) * dim), atQuery * dim)
    k.set(source.k.subarray(keyStart * dim, (keyStart + keys) * dim), atKey * dim)
    atQuery += queries
    atKey += keys
  }
  return { ...source, q, k, n, m }
}

/** The same sequences one after the other. */
function closeUp(spans: readonly Span[]): Span[] {
  let queryStart = 0
  let keyStart = 0
  return spans.map(({ queries, keys }) => {
    const span = { queryStart, queries, keyStart, keys }
    queryStart += queries
    keyStart += keys
    return span
  })
}

const takeFlags = (flags: Uint8Array, blocks: readonly (readonly [start: number, length: number])[]): Uint8Array =>
  Uint8Array.from(blocks.flatMap(([start, length]) => [...flags.subarray(start, start + length)]))

function takePoints(points: Float32Array, rows: Int32Array, dims: number): Float32Array {
  const taken = new Float32Array(rows.length * dims)
  for (const [at, row] of rows.entries()) taken.set(points.subarray(row * dims, (row + 1) * dims), at * dims)
  return taken
}

/** [n+m,dims]: sampled points as laid out, the others at the mean of their nearest sampled points in the joint space. */
async function placeOthers(
  joint: JointVectors,
  metric: MetricId,
  pca: Float32Array,
  rows: Int32Array,
  layout: Float32Array,
  dims: number,
  pause: (done: number, total: number) => Promise<void>,
): Promise<Float32Array> {
  const count = joint.n + joint.m
  const points = new Float32Array(count * dims)
  const isSampled = new Uint8Array(count)
  for (const [at, row] of rows.entries()) {
    isSampled[row] = 1
    points.set(layout.subarray(at * dims, (at + 1) * dims), row * dims)
  }
  const vectors = unitRows(joint, metric)
  const plane = new PrincipalPlane(pca, rows, dims)
  for (let from = 0; from < count; from += pointsPerSlice) {
    const to = Math.min(count, from + pointsPerSlice)
    for (let row = from; row < to; row++)
      if (!isSampled[row]) placePoint(row, plane.candidates(row), vectors, joint.dim, layout, rows, dims, points)
    await pause(to, count)
  }
  return points
}

function placePoint(
  row: number,
  candidates: readonly number[],
  vectors: Float32Array,
  dim: number,
  layout: Float32Array,
  rows: Int32Array,
  dims: number,
  points: Float32Array,
): void {
  const near = candidates
    .map((at) => ({ at, distance: squaredDistance(vectors, row, rows[at]!, dim) }))
    .sort((one, other) => one.distance - other.distance || one.at - other.at)
    .slice(0, anchors)
  let total = 0
  for (const { at, distance } of near) {
    const weight = 1 / (distance + 1e-6)
    total += weight
    for (let axis = 0; axis < dims; axis++) points[row * dims + axis]! += weight * layout[at * dims + axis]!
  }
  for (let axis = 0; axis < dims; axis++) points[row * dims + axis]! /= total
}

function squaredDistance(vectors: Float32Array, one: number, other: number, dim: number): number {
  let sum = 0
  for (let a = one * dim, b = other * dim, end = a + dim; a < end; a++, b++) {
    const difference = vectors[a]! - vectors[b]!
    sum += difference * difference
  }
  return sum
}

/** [n+m,dim]: queries, then keys; for `cosine` of length 1. */
function unitRows({ q, k, n, m, dim }: JointVectors, metric: MetricId): Float32Array {
  const rows = new Float32Array((n + m) * dim)
  rows.set(q.subarray(0, n * dim))
  rows.set(k.subarray(0, m * dim), n * dim)
  if (metric !== 'cosine') return rows
  for (let row = 0; row < n + m; row++) {
    let square = 0
    for (let at = row * dim; at < (row + 1) * dim; at++) square += rows[at]! ** 2
    if (square === 0) continue
    const factor = 1 / Math.sqrt(square)
    for (let at = row * dim; at < (row + 1) * dim; at++) rows[at]! *= factor
  }
  return rows
}

/** Sampled points by their first two principal coordinates: columns of equal counts, each sorted along the second axis. */
class PrincipalPlane {
  readonly #pca: Float32Array
  readonly #dims: number
  /** First coordinate where each column begins. */
  readonly #starts: Float64Array
  readonly #columns: { places: Int32Array; heights: Float64Array }[]

  constructor(pca: Float32Array, rows: Int32Array, dims: number) {
    this.#pca = pca
    this.#dims = dims
    const order = Int32Array.from(rows.keys()).sort((one, other) => this.#x(rows[one]!) - this.#x(rows[other]!))
    const width = Math.max(1, Math.ceil(Math.sqrt(rows.length)))
    this.#columns = []
    const starts: number[] = []
    for (let from = 0; from < order.length; from += width) {
      starts.push(this.#x(rows[order[from]!]!))
      const places = order.slice(from, from + width).sort((one, other) => this.#y(rows[one]!) - this.#y(rows[other]!))
      this.#columns.push({ places, heights: Float64Array.from(places, (at) => this.#y(rows[at]!)) })
    }
    this.#starts = Float64Array.from(starts)
  }

  /** Indices into the sample of points near `row` in the plane. */
  candidates(row: number): number[] {
    const column = lastNotAbove(this.#starts, this.#x(row))
    const found: number[] = []
    const first = Math.max(0, column - columnsAround)
    for (const { places, heights } of this.#columns.slice(first, column + columnsAround + 1)) {
      const middle = lastNotAbove(heights, this.#y(row))
      const from = Math.max(0, Math.min(middle - perColumn / 2 + 1, places.length - perColumn))
      for (let at = from; at < Math.min(from + perColumn, places.length); at++) found.push(places[at]!)
    }
    return found
  }

  #x = (row: number): number => this.#pca[row * this.#dims]!
  #y = (row: number): number => this.#pca[row * this.#dims + 1]!
}

/** Index of the last of the ascending `values` that is not above `value`; 0 where all are. */
function lastNotAbove(values: Float64Array, value: number): number {
  let low = 0
  let high = values.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (values[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}
