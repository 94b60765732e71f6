import type { HeadVectors, JointVectors, MetricId, Span } from '../core/types'
import { computePca } from './pca'
import { alignTo } from './procrustes'
import type { HeadContext, Projection } from './types'

/** Nearest sampled points whose mean places a point. */
const anchors = 3
const pointsPerSlice = 512
/** Enough for a first look. */
const mostEpochs = 120

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
  const { settings } = context
  const { dims, metric, epochs } = settings
  const spans = sample.map((index) => context.spans[index]!)
  const rows = rowsOf(spans, joint.n)
  const layout = await projection.project(takeRows(joint, spans), {
    ...context,
    vectors: takeRows(context.vectors, spans),
    spans: closeUp(spans),
    settings: { ...settings, epochs: Math.min(epochs ?? mostEpochs, mostEpochs) },
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
  return placeOthers(joint, metric, rows, layout, dims, (done, total) => context.pause(0.8 + (0.2 * done) / total, 1))
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
  const cells = new Cells(vectors, joint.dim, rows)
  for (let from = 0; from < count; from += pointsPerSlice) {
    const to = Math.min(count, from + pointsPerSlice)
    for (let row = from; row < to; row++) {
      if (isSampled[row]) continue
      near.distances.fill(Infinity)
      cells.visit(row, (at) => keepNear(at, squaredDistance(vectors, row, rows[at]!, joint.dim)))
      let total = 0
      for (let slot = 0; slot < anchors && near.distances[slot]! < Infinity; slot++) {
        const weight = 1 / (near.distances[slot]! + 1e-6)
        total += weight
        const from = near.places[slot]! * dims
        for (let axis = 0; axis < dims; axis++) points[row * dims + axis]! += weight * layout[from + axis]!
      }
      for (let axis = 0; axis < dims; axis++) points[row * dims + axis]! /= total
    }
    await pause(to, count)
  }
  return points
}

/** The nearest few so far, nearest first; used between two awaits only. */
const near = { places: new Int32Array(anchors), distances: new Float64Array(anchors) }

function keepNear(at: number, distance: number): void {
  const { places, distances } = near
  let slot = anchors
  while (slot > 0 && distance < distances[slot - 1]!) slot--
  for (let index = anchors - 1; index > slot; index--) {
    places[index] = places[index - 1]!
    distances[index] = distances[index - 1]!
  }
  if (slot === anchors) return
  places[slot] = at
  distances[slot] = distance
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

/** Sampled points in cells around every so-manieth of them: near points lie in near cells. */
class Cells {
  readonly #vectors: Float32Array
  readonly #dim: number
  /** Rows at the middle of each cell. */
  readonly #middles: number[] = []
  /** Indices into the sample. */
  readonly #members: number[][] = []

  constructor(vectors: Float32Array, dim: number, rows: Int32Array) {
    this.#vectors = vectors
    this.#dim = dim
    const step = Math.max(1, Math.floor(Math.sqrt(rows.length)))
    for (let at = 0; at < rows.length; at += step) {
      this.#middles.push(rows[at]!)
      this.#members.push([])
    }
    for (const [at, row] of rows.entries()) this.#members[this.#nearest(row)[0]]!.push(at)
  }

  /** Calls back with sampled points of the two cells nearest to `row`. */
  visit(row: number, see: (at: number) => void): void {
    const [first, second] = this.#nearest(row)
    for (const at of this.#members[first]!) see(at)
    if (second !== first) for (const at of this.#members[second]!) see(at)
  }

  #nearest(row: number): [number, number] {
    let [first, second, least, next] = [0, 0, Infinity, Infinity]
    for (const [cell, middle] of this.#middles.entries()) {
      const distance = squaredDistance(this.#vectors, row, middle, this.#dim)
      if (distance < least) [first, second, least, next] = [cell, first, distance, least]
      else if (distance < next) [second, next] = [cell, distance]
    }
    return [first, second]
  }
}
