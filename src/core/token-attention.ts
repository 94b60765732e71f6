import { visibleKeys } from './attention'
import type { Mask } from './types'

/** One head's attention by token, over all sequences. */
export interface TokenAttention {
  /** [n] entropy of each query's attention over ln(visible keys), 0 … 1; NaN where it sees fewer than two keys. */
  readonly entropy: Float32Array
  /** [m] attention that each key receives, over what uniform attention of the same queries would give it. */
  readonly received: Float32Array
}

/**
 * Adds one sequence.
 * @param weights [size,size], rows queries
 * @param start the sequence's first row among the n queries and m = n keys
 */
export function addTokenAttention(
  to: TokenAttention,
  weights: Float32Array,
  size: number,
  start: number,
  mask: Mask,
): void {
  const expected = new Float64Array(size)
  const sums = new Float64Array(size)
  for (let query = 0; query < size; query += 1) {
    const { first, end } = visibleKeys(mask, query, size)
    let entropy = 0
    for (let key = first; key < end; key += 1) {
      const weight = weights[query * size + key]!
      sums[key]! += weight
      expected[key]! += 1 / (end - first)
      if (weight > 0) entropy -= weight * Math.log(weight)
    }
    to.entropy[start + query] = end - first > 1 ? entropy / Math.log(end - first) : Number.NaN
  }
  for (let key = 0; key < size; key += 1)
    to.received[start + key] = expected[key]! > 0 ? sums[key]! / expected[key]! : Number.NaN
}
