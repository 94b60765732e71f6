import type { Span } from '../types'
import type { AttentionSequence, PatchPlaces } from './types'

export interface TokenFacts {
  /** Queries and keys are the same tokens; false for cross-attention. */
  sameTokens: boolean
  /** [n] and [m], 1 where the token is special. */
  querySpecial: Uint8Array
  keySpecial: Uint8Array
  /** [n] vocabulary ids, below 0 where a token has none; null: unknown. */
  tokenIds: Int32Array | null
}

export interface Grid {
  rows: number
  columns: number
  /** Side of a patch in pixels of what the model sees; absent: not known. */
  patchPx?: number
}

/** What the figures have to know of the tokens of one span. */
export function describeSequence(span: Span, facts: TokenFacts, grid: Grid | null): AttentionSequence {
  const { sameTokens, querySpecial, keySpecial, tokenIds } = facts
  const { queryStart, queries, keyStart, keys } = span
  return {
    span,
    sameTokens,
    keySpecial: keySpecial.subarray(keyStart, keyStart + keys),
    earlierCopy: tokenIds && sameTokens ? linkCopies(tokenIds.subarray(queryStart, queryStart + queries)) : null,
    patches: grid && placePatches(querySpecial.subarray(queryStart, queryStart + queries), grid),
  }
}

/** For each token the position of the last earlier one with the same id, or −1. */
function linkCopies(ids: Int32Array): Int32Array {
  const last = new Map<number, number>()
  return ids.map((id, position) => {
    const copy = id < 0 ? -1 : (last.get(id) ?? -1)
    last.set(id, position)
    return copy
  })
}

/** Patches lie row by row; special tokens are none. */
function placePatches(special: Uint8Array, { rows, columns, patchPx }: Grid): PatchPlaces {
  const row = new Int32Array(special.length).fill(-1)
  const column = new Int32Array(special.length).fill(-1)
  let patch = 0
  for (let token = 0; token < special.length && patch < rows * columns; token++) {
    if (special[token]) continue
    row[token] = Math.floor(patch / columns)
    column[token] = patch % columns
    patch++
  }
  const distances = Float64Array.from({ length: rows * columns }, (_, at) =>
    Math.hypot(Math.floor(at / columns), at % columns),
  )
  return { row, column, columns, patchPx: patchPx ?? null, distances }
}
