import { meanOf } from './linear'
import type { JointVectors, MetricId } from './types'

/** Neighbours that trustworthiness looks at. */
export const trustNeighbors = 12

/** Multiplications that may be spent on one head: they decide how many points are sampled. */
const workBound = 4e7
const fewestPoints = 32
const mostPoints = 256

/**
 * Trustworthiness (Venna and Kaski 2001) of a drawn picture: 1 less the scaled ranks, in the joint space, of points that are
 * among the 12 nearest in the picture only. 1 is perfect, about .5 is chance. null: too few points for 12 neighbours.
 */
export interface Trust {
  /** Among all points. */
  all: number | null
  /** Queries among queries. */
  queries: number | null
  /** Keys among keys. */
  keys: number | null
  /** Queries among keys, and keys among queries. */
  across: number | null
  /** Pairs of points that were compared: sampled points × all others. */
  pairs: number
}

export interface TrustInput {
  joint: JointVectors
  /** How the joint space measures distance. */
  metric: MetricId
  /** [n+m,dims], queries first. */
  points: Float32Array
  dims: number
}

/** Points that are looked at: all of a small head, else evenly spread ones within `workBound`. */
export function trustSample(count: number, dim: number): Int32Array {
  const affordable = Math.floor(workBound / Math.max(1, count * dim))
  const size = Math.min(count, Math.max(fewestPoints, Math.min(mostPoints, affordable)))
  return Int32Array.from({ length: size }, (_, index) => Math.floor(((index + 0.5) * count) / size))
}

/** Measures point by point, so that a worker can pause in between: `add` every point of a sample, then take `result()`. */
export class TrustMeter {
  readonly #input: TrustInput
  readonly #rows: Float32Array
  readonly #before: Float64Array
  readonly #near = new Int32Array(trustNeighbors)
  readonly #nearest = new Float64Array(trustNeighbors)
  readonly #lists = { all: [] as number[], queries: [] as number[], keys: [] as number[], across: [] as number[] }
  #pairs = 0

  constructor(input: TrustInput) {
    this.#input = input
    this.#rows = rowsOf(input)
    this.#before = new Float64Array(input.joint.n + input.joint.m)
  }

  add(point: number): void {
    const { n, m } = this.#input.joint
    const count = n + m
    this.#fillDistances(point)
    this.#pairs += count - 1
    const isQuery = point < n
    this.#measure(this.#lists.all, point, 0, count, count)
    this.#measure(
      isQuery ? this.#lists.queries : this.#lists.keys,
      point,
      isQuery ? 0 : n,
      isQuery ? n : count,
      isQuery ? n : m,
    )
    this.#measure(this.#lists.across, point, isQuery ? n : 0, isQuery ? count : n, (isQuery ? m : n) + 1)
  }

  result(): Trust {
    const { all, queries, keys, across } = this.#lists
    return { all: mean(all), queries: mean(queries), keys: mean(keys), across: mean(across), pairs: this.#pairs }
  }

  /** Of the points [from,end); `size` counts the point itself. */
  #measure(list: number[], point: number, from: number, end: number, size: number): void {
    const scale = trustNeighbors * (2 * size - 3 * trustNeighbors - 1)
    if (size <= 2 * trustNeighbors) return
    this.#findNearest(point, from, end)
    const before = this.#before
    let penalty = 0
    for (const other of this.#near) {
      const distance = before[other]!
      let rank = 1
      for (let index = from; index < other; index++) if (before[index]! <= distance) rank++
      for (let index = other + 1; index < end; index++) if (before[index]! < distance) rank++
      if (point >= from && point < end) rank-- // the point itself, the nearest of all
      penalty += Math.max(0, rank - trustNeighbors)
    }
    list.push(1 - (2 * penalty) / scale)
  }

  #findNearest(point: number, from: number, end: number): void {
    const { points, dims } = this.#input
    const near = this.#near
    const nearest = this.#nearest
    const third = dims === 3
    const x = points[point * dims]!
    const y = points[point * dims + 1]!
    const z = third ? points[point * dims + 2]! : 0
    let filled = 0
    for (let other = from, at = from * dims; other < end; other++, at += dims) {
      if (other === point) continue
      const dx = points[at]! - x
      const dy = points[at + 1]! - y
      const dz = third ? points[at + 2]! - z : 0
      const square = dx * dx + dy * dy + dz * dz
      if (filled === trustNeighbors && square >= nearest[trustNeighbors - 1]!) continue
      let place = filled < trustNeighbors ? filled++ : trustNeighbors - 1
      for (; place > 0 && nearest[place - 1]! > square; place--) {
        nearest[place] = nearest[place - 1]!
        near[place] = near[place - 1]!
      }
      nearest[place] = square
      near[place] = other
    }
  }

  /** Distances in the joint space, in an order that is that of the metric; the point itself comes first. */
  #fillDistances(point: number): void {
    const rows = this.#rows
    const { dim } = this.#input.joint
    const euclidean = this.#input.metric === 'euclidean'
    const own = rows.subarray(point * dim, (point + 1) * dim)
    for (let other = 0, at = 0; other < this.#before.length; other++) {
      let sum = 0
      if (euclidean) {
        for (let column = 0; column < dim; column++, at++) {
          const difference = own[column]! - rows[at]!
          sum += difference * difference
        }
      } else {
        for (let column = 0; column < dim; column++, at++) sum -= own[column]! * rows[at]!
      }
      this.#before[other] = sum
    }
    this.#before[point] = -Infinity
  }
}

const mean = (values: readonly number[]): number | null =>
  values.length > 0 ? meanOf(Float64Array.from(values)) : null

/** Queries, then keys; rows of length 1 under the cosine. */
function rowsOf({ joint, metric }: TrustInput): Float32Array {
  const { q, k, n, m, dim } = joint
  const rows = new Float32Array((n + m) * dim)
  rows.set(q.subarray(0, n * dim))
  rows.set(k.subarray(0, m * dim), n * dim)
  if (metric === 'euclidean') return rows
  for (let start = 0; start < rows.length; start += dim) {
    let square = 0
    for (let at = start; at < start + dim; at++) square += rows[at]! * rows[at]!
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0
    for (let at = start; at < start + dim; at++) rows[at]! *= scale
  }
  return rows
}
