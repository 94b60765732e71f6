import { visibleKeys } from '../core/attention'
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
  /** Share of the full effort that this input is worth: it scales the sample and the steps of the fit. */
  effort: number
  /** Rows of the head's queries and of its keys. */
  queries: Int32Array
  keys: Int32Array
  blocks: SampleBlock[]
  /** [queries] where a row's pairs start; its pairs are with keys `first` … `first + pairs − 1` of the sample. */
  pairStart: Int32Array
  first: Int32Array
  /** [pairs] −√(place from the top) of the row's scores, mean 0 and length 1 in each row; zeros in rows that have no order. */
  ranks: Float64Array
  /** [pairs] scores less row and column means, length 1 in each block; zeros where a token is special. */
  specific: Float64Array
  /** [queries] and [keys] 1 where the token is ordinary, 0 where it is special; a pair is ordinary where both are. */
  queryOrdinary: Float64Array
  keyOrdinary: Float64Array
  /** [queries] and [keys] 1 / number of ordinary pairs of the row and of the column; 0 where there is none. */
  rowShare: Float64Array
  columnShare: Float64Array
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
/** Bounds of the whole sample at full effort: they bound the time of the fit whatever the input is. */
const mostRows = 4000
const mostPairs = 40_000
/** A layout of fewer points takes less time, and so may the fit; from so many on it is given its full effort. */
const pointsOfFullEffort = 10_000
const leastEffort = 0.25
/** Rows with fewer visible keys have no order worth the name. */
export const fewestKeys = 5
/** What is left of scores in float32 after the means are out, squared, is rounding below this share of their squares. */
const roundingShare = 1e-10

/** A part of the visible pairs, from sequences all over the input. Deterministic; no seed. Masked pairs never come in. */
export function sampleAttention(input: SampleInput): FollowSample {
  const { spans, mask, vectors } = input
  const effort = Math.max(leastEffort, Math.min(1, (vectors.n + vectors.m) / pointsOfFullEffort))
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
      if (pairs + chosenQueries.length * chosenKeys.length > mostPairs * effort) break
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
    effort,
    queries: Int32Array.from(queries),
    keys: Int32Array.from(keys),
    blocks,
    pairStart: Int32Array.from(pairStart),
    first: Int32Array.from(first),
    ranks: new Float64Array(pairs),
    specific: new Float64Array(pairs),
    queryOrdinary: new Float64Array(queries.length),
    keyOrdinary: new Float64Array(keys.length),
    rowShare: new Float64Array(queries.length),
    columnShare: new Float64Array(keys.length),
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
  const { queries, keys, blocks, pairStart, first, specific } = sample
  const ranker = new Ranker(mostPerSequence)
  const row = new Float64Array(mostPerSequence)
  const places = new Float64Array(mostPerSequence)
  const columns = new Float64Array(mostPerSequence)
  for (let query = 0; query < queries.length; query++)
    sample.queryOrdinary[query] = querySpecial[queries[query]!] ? 0 : 1
  for (let key = 0; key < keys.length; key++) sample.keyOrdinary[key] = keySpecial[keys[key]!] ? 0 : 1
  for (const block of blocks) {
    let size = 0
    for (let query = block.queryStart; query < block.queryEnd; query++) {
      const start = pairStart[query]!
      const count = pairStart[query + 1]! - start
      const own = keys.subarray(first[query]!, first[query]! + count)
      fillScores(vectors, queries[query]!, own, row)
      for (let index = 0; index < count; index++) {
        specific[start + index] = row[index]!
        size += row[index]! * row[index]!
      }
      if (count < fewestKeys || ranker.rank(row, count, places) === 0) continue
      fillRanks(places, count, sample.ranks.subarray(start, start + count))
    }
    countOrdinary(sample, block)
    centreTable(sample, block, specific, columns)
    scaleTable(sample, block, specific, roundingShare * size)
  }
}

/** Dot products of one query and the keys with the numbers `keys`, without the head's scale: it changes no order. */
function fillScores({ q, k, dim }: HeadVectors, query: number, keys: Int32Array, target: Float64Array): void {
  const from = query * dim
  const last = keys.length - 1
  // Four keys at a time: none waits for another's sum. Behind the last one it is repeated.
  for (let index = 0; index < keys.length; index += 4) {
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    const first = keys[index]! * dim
    const second = keys[Math.min(index + 1, last)]! * dim
    const third = keys[Math.min(index + 2, last)]! * dim
    const fourth = keys[Math.min(index + 3, last)]! * dim
    for (let column = 0; column < dim; column++) {
      const value = q[from + column]!
      a += value * k[first + column]!
      b += value * k[second + column]!
      c += value * k[third + column]!
      d += value * k[fourth + column]!
    }
    target[index] = a
    if (index < last) target[index + 1] = b
    if (index + 1 < last) target[index + 2] = c
    if (index + 2 < last) target[index + 3] = d
  }
}

/**
 * From ranks (1 is the lowest score) to −√(place from the top), around 0 and of length 1: the root lets the first few keys, which get
 * most of the attention, weigh more than the many others.
 */
function fillRanks(ranks: Float64Array, count: number, target: Float64Array): void {
  let sum = 0
  for (let index = 0; index < count; index++) {
    target[index] = -Math.sqrt(count + 1 - ranks[index]!)
    sum += target[index]!
  }
  let square = 0
  for (let index = 0; index < count; index++) {
    target[index]! -= sum / count
    square += target[index]! * target[index]!
  }
  const scale = 1 / Math.sqrt(square)
  for (let index = 0; index < count; index++) target[index]! *= scale
}

function countOrdinary(sample: FollowSample, block: SampleBlock): void {
  const { pairStart, first, queryOrdinary, keyOrdinary, rowShare, columnShare } = sample
  for (let query = block.queryStart; query < block.queryEnd; query++) {
    const count = pairStart[query + 1]! - pairStart[query]!
    for (let key = first[query]!; key < first[query]! + count; key++) {
      const ordinary = queryOrdinary[query]! * keyOrdinary[key]!
      rowShare[query]! += ordinary
      columnShare[key]! += ordinary
    }
    rowShare[query] = shareOf(rowShare[query]!)
  }
  for (let key = block.keyStart; key < block.keyEnd; key++) columnShare[key] = shareOf(columnShare[key]!)
}

const shareOf = (count: number): number => (count > 0 ? 1 / count : 0)

/** Takes row means, then column means of what is left, out of a block's table [pairs], in place; 0 where a token is special. */
function centreTable(
  { pairStart, first, queryOrdinary, keyOrdinary, rowShare, columnShare }: FollowSample,
  block: SampleBlock,
  table: Float64Array,
  columns: Float64Array,
): void {
  columns.fill(0)
  for (let query = block.queryStart; query < block.queryEnd; query++) {
    const start = pairStart[query]!
    const end = pairStart[query + 1]!
    let sum = 0
    for (let pair = start, key = first[query]!; pair < end; pair++, key++) sum += keyOrdinary[key]! * table[pair]!
    const mean = sum * rowShare[query]!
    for (let pair = start, key = first[query]!; pair < end; pair++, key++) {
      table[pair] = queryOrdinary[query]! * keyOrdinary[key]! * (table[pair]! - mean)
      columns[key - block.keyStart]! += table[pair]!
    }
  }
  for (let key = block.keyStart; key < block.keyEnd; key++) columns[key - block.keyStart]! *= columnShare[key]!
  for (let query = block.queryStart; query < block.queryEnd; query++) {
    for (let pair = pairStart[query]!, key = first[query]!; pair < pairStart[query + 1]!; pair++, key++)
      table[pair]! -= queryOrdinary[query]! * keyOrdinary[key]! * columns[key - block.keyStart]!
  }
}

/** To length 1; to zeros where the squares sum to no more than `least`, which is rounding. */
function scaleTable({ pairStart }: FollowSample, block: SampleBlock, table: Float64Array, least: number): void {
  const from = pairStart[block.queryStart]!
  const end = pairStart[block.queryEnd]!
  let square = 0
  for (let pair = from; pair < end; pair++) square += table[pair]! * table[pair]!
  const scale = square > least ? 1 / Math.sqrt(square) : 0
  for (let pair = from; pair < end; pair++) table[pair]! *= scale
}
