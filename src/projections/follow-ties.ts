import { visibleKeys } from '../core/attention'
import { fillDots } from '../core/linear'
import type { SampleInput } from './follow-sample'
import type { Kernel } from './kernel'

/** Edges from queries to keys of their own sequence; weights 0 … 1. A pair comes once at most. */
export interface Ties {
  /** [ties] rows of the head's queries and of its keys. */
  queries: Int32Array
  keys: Int32Array
  weights: Float32Array
}

/** Ties of a head whose queries are the first `n` points; their weights are multiplied by `strength`. */
export interface HeadTies extends Ties {
  n: number
  strength: number
}

/** Keys that a query is tied to. */
export const tiesPerQuery = 5
/** Multiplications that may be spent on scores; above, only every s-th query is tied. */
const workBound = 1.6e7

/**
 * Ties every query to the 5 visible keys of its sequence that it attends to most, weighted by attention over the row's largest.
 * Special tokens are left out: nearly all queries attend to them, so they would be tied to everything. Masked pairs are never tied.
 */
export function tieQueries({ vectors, spans, mask, querySpecial, keySpecial }: SampleInput): Ties {
  const { q, k, dim, scale } = vectors
  let work = 0
  let longest = 0
  for (const span of spans) {
    work += span.queries * span.keys * dim
    longest = Math.max(longest, span.keys)
  }
  const step = Math.max(1, Math.ceil(work / workBound))
  const scores = new Float64Array(longest)
  const best = new Int32Array(tiesPerQuery)
  const queries: number[] = []
  const keys: number[] = []
  const weights: number[] = []
  for (const span of spans) {
    for (let query = 0; query < span.queries; query += step) {
      if (querySpecial[span.queryStart + query]) continue
      const { first, end } = visibleKeys(mask, query, span.keys)
      fillDots(q, k, dim, span.queryStart + query, span.keyStart, first, end, scores)
      let filled = 0
      for (let key = first; key < end; key++) {
        if (keySpecial[span.keyStart + key]) continue
        const score = scores[key]!
        if (filled === tiesPerQuery && score <= scores[best[tiesPerQuery - 1]!]!) continue
        let place = filled < tiesPerQuery ? filled++ : tiesPerQuery - 1
        for (; place > 0 && scores[best[place - 1]!]! < score; place--) best[place] = best[place - 1]!
        best[place] = key
      }
      for (let place = 0; place < filled; place++) {
        queries.push(span.queryStart + query)
        keys.push(span.keyStart + best[place]!)
        weights.push(expOf(scale * (scores[best[place]!]! - scores[best[0]!]!)))
      }
    }
  }
  return { queries: Int32Array.from(queries), keys: Int32Array.from(keys), weights: Float32Array.from(weights) }
}

/** e^x for x ≤ 0 as (1 + x/1024)^1024, within x²/2048 of it: Math.exp has other bits in other engines. */
function expOf(x: number): number {
  let power = Math.max(0, 1 + x / 1024)
  for (let round = 0; round < 10; round++) power *= power
  return power
}

export interface GraphExports {
  graphStarts(): number
  graphPoints(): number
  graphWeights(): number
  replaceGraph(starts: number, points: number, weights: number): void
}

/**
 * Adds ties, both ways, to the joined graph of `count` points. Where a tie meets an
 * edge that is there already, the heavier one stays.
 */
export function addTies(kernel: Kernel<GraphExports>, count: number, ties: HeadTies): void {
  const { n, strength } = ties
  const { exports } = kernel
  const total = kernel.int32(exports.graphStarts() >>> 0, count + 1)[count]!
  const extra = ties.queries.length
  const bound = total + 2 * extra + 3 * count
  const startsAt = kernel.allocate((count + 1) * 4)
  const pointsAt = kernel.allocate(bound * 4)
  const weightsAt = kernel.allocate(bound * 4)
  const starts = kernel.int32(exports.graphStarts() >>> 0, count + 1)
  const points = kernel.int32(exports.graphPoints() >>> 0, total)
  const weights = kernel.float32(exports.graphWeights() >>> 0, total)
  const newStarts = kernel.int32(startsAt, count + 1)
  const newPoints = kernel.int32(pointsAt, bound)
  const newWeights = kernel.float32(weightsAt, bound)
  const { tieStarts, tieOrder } = listTies(ties, count, n)

  let edge = 0
  for (let row = 0; row < count; row++) {
    newStarts[row] = edge
    for (let at = starts[row]!; at < starts[row + 1]!; at++) {
      if (weights[at] === 0) continue // padding
      newPoints[edge] = points[at]!
      newWeights[edge++] = weights[at]!
    }
    const own = edge
    for (let at = tieStarts[row]!; at < tieStarts[row + 1]!; at++) {
      const tie = tieOrder[at]!
      const other = row < n ? n + ties.keys[tie]! : ties.queries[tie]!
      const weight = strength * ties.weights[tie]!
      let place = newStarts[row]!
      while (place < own && newPoints[place] !== other) place++
      if (place < own) {
        newWeights[place] = Math.max(newWeights[place]!, weight)
      } else if (weight > 0) {
        newPoints[edge] = other
        newWeights[edge++] = weight
      }
    }
    while (edge & 3) {
      newPoints[edge] = row
      newWeights[edge++] = 0
    }
  }
  newStarts[count] = edge
  exports.replaceGraph(startsAt, pointsAt, weightsAt)
}

/** Which ties each point has: [count + 1] starts into an order of ties. */
function listTies({ queries, keys }: Ties, count: number, n: number): { tieStarts: Int32Array; tieOrder: Int32Array } {
  const tieStarts = new Int32Array(count + 1)
  for (let tie = 0; tie < queries.length; tie++) {
    tieStarts[queries[tie]! + 1]!++
    tieStarts[n + keys[tie]! + 1]!++
  }
  for (let point = 0; point < count; point++) tieStarts[point + 1]! += tieStarts[point]!
  const cursors = tieStarts.slice()
  const tieOrder = new Int32Array(2 * queries.length)
  for (let tie = 0; tie < queries.length; tie++) {
    tieOrder[cursors[queries[tie]!]!++] = tie
    tieOrder[cursors[n + keys[tie]!]!++] = tie
  }
  return { tieStarts, tieOrder }
}
