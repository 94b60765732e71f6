import { visibleKeys } from '../core/attention'
import { fillDots } from '../core/linear'
import { Ranker } from '../core/spearman'
import type { HeadVectors, Mask, Span } from '../core/types'

/** Queries and keys of one sequence that take part in the fit: rows [queryStart,queryEnd) and [keyStart,keyEnd) of the sample. */
export interface SampleBlock {
  queryStart: number
  queryEnd: number
  keyStart: number
  keyEnd: number
}

/** What a layout is fitted to: pairs of a query and a visible key of its own sequence, and how the head ranks them. */
export interface FollowSample {
  /** Rows of the head's queries and of its keys. */
  queries: Int32Array
  keys: Int32Array
  blocks: SampleBlock[]
  /** [queries] where a row's pairs start; its pairs are with keys `first` … `first + pairs − 1` of the sample. */
  pairStart: Int32Array
  first: Int32Array
  /** [pairs] ranks of the row's scores, mean 0 and length 1 in each row; zeros in rows that have no order. */
  ranks: Float32Array
  /** [pairs] scores less row and column means, length 1 in each block; zeros where a token is special. */
  specific: Float32Array
  /** [pairs] 1 where both tokens are ordinary. */
  ordinary: Uint8Array
}

export interface SampleInput {
  vectors: HeadVectors
  spans: readonly Span[]
  mask: Mask
  /** [n] and [m], 1 where the token is special. */
  querySpecial: Uint8Array
  keySpecial: Uint8Array
}

/** Most queries and keys of one sequence. */
const mostPerSequence = 40
/** Bounds of the whole sample: they bound the time of the fit whatever the input is. */
const mostRows = 4000
const mostPairs = 40_000
/** Rows with fewer visible keys have no order worth the name. */
export const fewestKeys = 5
/** What is left of scores in float32 after the means are out, squared, is rounding below this share of their squares. */
const roundingShare = 1e-10

/** A part of the visible pairs, from sequences all over the input. Deterministic; no seed. Masked pairs never come in. */
export function sampleAttention(input: SampleInput): FollowSample {
  const { spans, mask } = input
  const queries: number[] = []
  const keys: number[] = []
  const blocks: SampleBlock[] = []
  const pairStart: number[] = [0]
  const first: number[] = []
  let pairs = 0
  for (const index of spreadOrder(spans.length)) {
    const span = spans[index]!
    if (span.queries < 2 || span.keys < fewestKeys) continue
    const chosenQueries = spread(span.queries, 0.5)
    const chosenKeys = spread(span.keys, 0.25) // not in step with the queries, so that no distance in the text is always missed
    if (blocks.length > 0) {
      if (queries.length + keys.length + chosenQueries.length + chosenKeys.length > mostRows) break
      if (pairs + chosenQueries.length * chosenKeys.length > mostPairs) break
    }
    const block = { queryStart: queries.length, queryEnd: 0, keyStart: keys.length, keyEnd: 0 }
    for (const query of chosenQueries) {
      const visible = visibleKeys(mask, query, span.keys)
      const from = countBelow(chosenKeys, visible.first)
      const end = countBelow(chosenKeys, visible.end)
      queries.push(span.queryStart + query)
      first.push(block.keyStart + from)
      pairs += Math.max(0, end - from)
      pairStart.push(pairs)
    }
    for (const key of chosenKeys) keys.push(span.keyStart + key)
    blocks.push({ ...block, queryEnd: queries.length, keyEnd: keys.length })
  }
  const sample: FollowSample = {
    queries: Int32Array.from(queries),
    keys: Int32Array.from(keys),
    blocks,
    pairStart: Int32Array.from(pairStart),
    first: Int32Array.from(first),
    ranks: new Float32Array(pairs),
    specific: new Float32Array(pairs),
    ordinary: new Uint8Array(pairs),
  }
  fillTargets(input, sample)
  return sample
}

/** 0 … count − 1 in an order whose beginnings are spread over the whole: steps near the golden section. */
function* spreadOrder(count: number): Generator<number> {
  let step = Math.max(1, Math.round(0.618 * count))
  while (greatestDivisor(step, count) > 1) step++
  for (let index = 0, at = 0; index < count; index++, at = (at + step) % count) yield at
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}

/** All of a short sequence, else evenly spread places, rising. */
function spread(length: number, phase: number): number[] {
  const size = Math.min(length, mostPerSequence)
  return Array.from({ length: size }, (_, index) => Math.floor(((index + phase) * length) / size))
}

function countBelow(rising: readonly number[], bound: number): number {
  let count = 0
  while (count < rising.length && rising[count]! < bound) count++
  return count
}

function fillTargets({ vectors, querySpecial, keySpecial }: SampleInput, sample: FollowSample): void {
  const { q, k, dim } = vectors
  const { queries, keys, blocks, pairStart, first, ranks, specific, ordinary } = sample
  const ranker = new Ranker(mostPerSequence)
  const scores = new Float64Array(1)
  const row = new Float64Array(mostPerSequence)
  const rowRanks = new Float64Array(mostPerSequence)
  for (const block of blocks) {
    let size = 0
    for (let query = block.queryStart; query < block.queryEnd; query++) {
      const start = pairStart[query]!
      const count = pairStart[query + 1]! - start
      for (let index = 0; index < count; index++) {
        const key = keys[first[query]! + index]!
        fillDots(q, k, dim, queries[query]!, key, 0, 1, scores)
        row[index] = scores[0]!
        specific[start + index] = scores[0]!
        size += scores[0]! * scores[0]!
        ordinary[start + index] = querySpecial[queries[query]!] || keySpecial[key] ? 0 : 1
      }
      if (count < fewestKeys) continue
      const length = Math.sqrt(ranker.rank(row, count, rowRanks))
      if (length === 0) continue
      for (let index = 0; index < count; index++) ranks[start + index] = (rowRanks[index]! - (count + 1) / 2) / length
    }
    const columns = new Float64Array(block.keyEnd - block.keyStart)
    const counts = new Int32Array(columns.length)
    centreTable(sample, block, specific, columns, counts)
    scaleTable(sample, block, specific, roundingShare * size)
  }
}

/** Takes row means, then column means of what is left, out of a block's table [pairs], in place; 0 where a token is special. */
export function centreTable(
  { pairStart, first, ordinary }: FollowSample,
  block: SampleBlock,
  table: Float32Array | Float64Array,
  columns: Float64Array,
  counts: Int32Array,
): void {
  columns.fill(0)
  counts.fill(0)
  for (let query = block.queryStart; query < block.queryEnd; query++) {
    const start = pairStart[query]!
    const end = pairStart[query + 1]!
    const shift = first[query]! - block.keyStart - start
    let sum = 0
    let count = 0
    for (let pair = start; pair < end; pair++) {
      if (!ordinary[pair]) continue
      sum += table[pair]!
      count++
    }
    const mean = count > 0 ? sum / count : 0
    for (let pair = start; pair < end; pair++) {
      const rest = ordinary[pair] ? table[pair]! - mean : 0
      table[pair] = rest
      columns[pair + shift]! += rest
      counts[pair + shift]! += ordinary[pair]!
    }
  }
  for (let key = 0; key < columns.length; key++) if (counts[key]! > 0) columns[key]! /= counts[key]!
  for (let query = block.queryStart; query < block.queryEnd; query++) {
    const start = pairStart[query]!
    const shift = first[query]! - block.keyStart - start
    for (let pair = start; pair < pairStart[query + 1]!; pair++) {
      if (ordinary[pair]) table[pair]! -= columns[pair + shift]!
    }
  }
}

/** To length 1; to zeros where the squares sum to no more than `least`, which is rounding. */
function scaleTable({ pairStart }: FollowSample, block: SampleBlock, table: Float32Array, least: number): void {
  const from = pairStart[block.queryStart]!
  const end = pairStart[block.queryEnd]!
  let square = 0
  for (let pair = from; pair < end; pair++) square += table[pair]! * table[pair]!
  const scale = square > least ? 1 / Math.sqrt(square) : 0
  for (let pair = from; pair < end; pair++) table[pair]! *= scale
}
