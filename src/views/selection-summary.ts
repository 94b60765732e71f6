import { visibleKeys } from '../core/attention'
import type { Mask } from '../core/types'
import { lengthOf, shareOf, tokenOf } from '../encodings/tokens'
import type { TokenTable } from '../encodings/types'

export interface TokenShare {
  /** The vocabulary's own string. */
  text: string
  /** Selected points with it. */
  inside: number
  /** All points with it. */
  all: number
  /** Share among the selected ÷ share among the others, ½ added to each count. */
  factor: number
}

export interface SelectionSummary {
  points: number
  queries: number
  keys: number
  sequences: number
  /** Share of the points that are of the sequence with the most of them. */
  largestShare: number
  /** Over-represented tokens, the surest first. */
  enriched: readonly TokenShare[]
  /** [bins] selected points, and all points, by relative position. */
  positions: { inside: number[]; all: number[] }
}

export const positionBins = 20
const mostTokens = 6
/** A token stands out from this many standard errors of its log factor on. */
const leastDeviation = 1.5

/** What is inside a selection, against everything else. */
export function summariseSelection(table: TokenTable, points: readonly number[]): SelectionSummary {
  const total = table.n + table.m
  const selected = new Uint8Array(total)
  for (const point of points) if (point < total) selected[point] = 1
  const tokens = new Map<string, { inside: number; all: number }>()
  const perSequence = new Map<number, number>()
  const inside = new Array<number>(positionBins).fill(0)
  const all = new Array<number>(positionBins).fill(0)
  let queries = 0
  let keys = 0
  for (let point = 0; point < total; point += 1) {
    const text = tokenOf(table, point)?.text ?? ''
    const counts = tokens.get(text) ?? { inside: 0, all: 0 }
    tokens.set(text, counts)
    counts.all += 1
    const bin = Math.min(positionBins - 1, Math.floor(shareOf(table, point) * positionBins))
    all[bin]! += 1
    if (!selected[point]) continue
    counts.inside += 1
    inside[bin]! += 1
    if (point < table.n) queries += 1
    else keys += 1
    const sequence = table.sequenceOf[point] ?? -1
    perSequence.set(sequence, (perSequence.get(sequence) ?? 0) + 1)
  }
  const count = queries + keys
  return {
    points: count,
    queries,
    keys,
    sequences: perSequence.size,
    largestShare: count > 0 ? Math.max(...perSequence.values()) / count : 0,
    enriched: enrichedTokens(tokens, count, total - count),
    positions: { inside, all },
  }
}

function enrichedTokens(
  tokens: ReadonlyMap<string, { inside: number; all: number }>,
  selected: number,
  others: number,
): TokenShare[] {
  if (selected === 0) return []
  const rated = [...tokens].map(([text, { inside, all }]) => {
    const outside = all - inside
    const factor = ((inside + 0.5) / (selected + 1)) * ((others + 1) / (outside + 0.5))
    const deviation = Math.log(factor) / Math.sqrt(1 / (inside + 0.5) + 1 / (outside + 0.5))
    return { text, inside, all, factor, deviation }
  })
  return rated
    .filter(({ inside, deviation }) => inside > 1 && deviation >= leastDeviation)
    .sort((a, b) => b.deviation - a.deviation || (a.text < b.text ? -1 : 1))
    .slice(0, mostTokens)
    .map(({ text, inside, all, factor }) => ({ text, inside, all, factor }))
}

/** Selected tokens by sequence: positions of queries, and [length] flags of keys. */
export function selectionBySequence(
  table: TokenTable,
  points: readonly number[],
): ReadonlyMap<number, { queries: number[]; keys: Uint8Array }> {
  const groups = new Map<number, { queries: number[]; keys: Uint8Array }>()
  for (const point of points) {
    if (point >= table.n + table.m) continue
    const sequence = table.sequenceOf[point] ?? -1
    const group = groups.get(sequence) ?? { queries: [], keys: new Uint8Array(lengthOf(table, point)) }
    groups.set(sequence, group)
    const position = table.positionOf[point] ?? 0
    if (point < table.n) group.queries.push(position)
    else group.keys[position] = 1
  }
  return groups
}

/** Of one sequence, summed over its selected queries: weight on selected keys, and what even attention over visible keys would give. */
export function massInside(
  weights: Float32Array,
  size: number,
  { queries, keys }: { queries: readonly number[]; keys: Uint8Array },
  mask: Mask,
): { inside: number; even: number } {
  let inside = 0
  let even = 0
  for (const query of queries) {
    const { first, end } = visibleKeys(mask, query, size)
    let selected = 0
    for (let key = first; key < end; key += 1) {
      if (!keys[key]) continue
      selected += 1
      inside += weights[query * size + key] ?? 0
    }
    if (end > first) even += selected / (end - first)
  }
  return { inside, even }
}
