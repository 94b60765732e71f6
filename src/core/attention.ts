import type { Mask } from './types'

/** Attention of one head and one sequence, from q and k. Rows are queries, columns keys. */

/** Whether query i sees key j (both 0-based inside the sequence). */
export const isVisible = (mask: Mask, query: number, key: number): boolean =>
  (!mask.causal || key <= query) && (mask.window === null || Math.abs(query - key) <= mask.window)

/** The visible keys [first, end) of a query: masks of this kind leave one run. */
export function visibleKeys(mask: Mask, query: number, keys: number): { first: number; end: number } {
  const reach = mask.window ?? Infinity
  const first = Math.max(0, query - reach)
  const end = Math.min(keys, mask.causal ? query + 1 : query + reach + 1)
  return { first: Math.min(first, Math.max(end, 0)), end: Math.max(end, 0) }
}

export interface AttentionInput {
  /** [queries,dim] */
  q: Float32Array
  /** [keys,dim] */
  k: Float32Array
  queries: number
  keys: number
  dim: number
  /** scores = scale · q·k */
  scale: number
  mask: Mask
}

/** Softmax over the visible keys, [queries,keys], computed in float64; masked cells are 0, a row without keys stays 0. */
export function computeAttention({ q, k, queries, keys, dim, scale, mask }: AttentionInput): Float32Array {
  const weights = new Float32Array(queries * keys)
  const row = new Float64Array(keys)
  for (let query = 0; query < queries; query++) {
    const { first, end } = visibleKeys(mask, query, keys)
    let largest = -Infinity
    for (let key = first; key < end; key++) {
      let sum = 0
      for (let column = 0, i = query * dim, j = key * dim; column < dim; column++, i++, j++) sum += q[i]! * k[j]!
      row[key] = scale * sum
      if (row[key]! > largest) largest = row[key]!
    }
    let total = 0
    for (let key = first; key < end; key++) {
      row[key] = Math.exp(row[key]! - largest)
      total += row[key]!
    }
    for (let key = first; key < end; key++) weights[query * keys + key] = row[key]! / total
  }
  return weights
}

/**
 * The weights without some keys (special tokens, the first token …): their columns become 0, the rest of each row is scaled
 * to sum to 1. `removedMass` [queries] is what was taken away; a row that loses everything becomes 0.
 * @param removed [keys] 1 where a key is left out
 */
export function renormalizeWithout(
  weights: Float32Array,
  queries: number,
  keys: number,
  removed: Uint8Array,
): { weights: Float32Array; removedMass: Float32Array } {
  const result = new Float32Array(queries * keys)
  const removedMass = new Float32Array(queries)
  for (let query = 0; query < queries; query++) {
    let kept = 0
    let gone = 0
    for (let key = 0; key < keys; key++) {
      if (removed[key]) gone += weights[query * keys + key]!
      else kept += weights[query * keys + key]!
    }
    removedMass[query] = gone
    if (kept === 0) continue
    for (let key = 0; key < keys; key++) {
      if (!removed[key]) result[query * keys + key] = weights[query * keys + key]! / kept
    }
  }
  return { weights: result, removedMass }
}

/**
 * Word pieces merged to words: attention **to** a word is the sum over its pieces, **from** a word the mean over them.
 * @param weights [size,size]
 * @param words [size] index of each token's word, 0 … words−1, each with a token
 * @returns [words,words]
 */
export function mergePieces(
  weights: Float32Array,
  size: number,
  words: Int32Array,
): { weights: Float32Array; words: number } {
  let count = 0
  for (const word of words) if (word >= count) count = word + 1
  const pieces = new Int32Array(count)
  for (const word of words) pieces[word]! += 1
  const sums = new Float64Array(count * count)
  for (let query = 0; query < size; query++) {
    for (let key = 0; key < size; key++) sums[words[query]! * count + words[key]!]! += weights[query * size + key]!
  }
  const merged = new Float32Array(count * count)
  for (let at = 0; at < merged.length; at++) merged[at] = sums[at]! / pieces[Math.floor(at / count)]!
  return { weights: merged, words: count }
}

/**
 * Weight · ‖v‖ of each cell, [queries,keys]: what a key really adds to the output (Kobayashi et al. 2020). Rows no longer
 * sum to 1.
 * @param v [keys,valueDim]
 */
export function weightByValueNorm(
  weights: Float32Array,
  queries: number,
  keys: number,
  v: Float32Array,
  valueDim: number,
): Float32Array {
  const result = new Float32Array(queries * keys)
  for (let key = 0; key < keys; key++) {
    let square = 0
    for (let at = key * valueDim; at < (key + 1) * valueDim; at++) square += v[at]! * v[at]!
    const norm = Math.sqrt(square)
    for (let query = 0; query < queries; query++) {
      result[query * keys + key] = weights[query * keys + key]! * norm
    }
  }
  return result
}
