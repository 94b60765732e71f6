import type { Role } from '../encodings/types'

export interface Link {
  query: number
  key: number
  weight: number
}

/** Which of a head's links are drawn. */
export interface LinkSettings {
  /** The strongest so many of each query (of a pinned key: of its column). */
  count: number
  /** Weaker ones are left out. */
  threshold: number
  /** Links of the pinned token, or of every query of its sequence. */
  scope: 'token' | 'sequence'
}

export const defaultLinks: LinkSettings = { count: 2, threshold: 0, scope: 'token' }

const byStrength = (a: Link, b: Link): number => b.weight - a.weight || a.query - b.query || a.key - b.key

/** The `count` strongest links of one token: a query's row, or a key's column. Strongest first; ties by position. Masked pairs are no links. */
export function strongestLinks(
  weights: Float32Array,
  size: number,
  token: number,
  role: Role,
  count: number,
  threshold = 0,
): readonly Link[] {
  const links = Array.from({ length: size }, (_, other): Link => {
    const query = role === 'query' ? token : other
    const key = role === 'query' ? other : token
    return { query, key, weight: weights[query * size + key] ?? 0 }
  })
  return links
    .filter(({ weight }) => weight > 0 && weight >= threshold)
    .sort(byStrength)
    .slice(0, count)
}

/** The strongest links of every query, weakest first so that strong ones are drawn over them. */
export function sequenceLinks(
  weights: Float32Array,
  size: number,
  { count, threshold }: Pick<LinkSettings, 'count' | 'threshold'>,
): readonly Link[] {
  return Array.from({ length: size }, (_, query) => strongestLinks(weights, size, query, 'query', count, threshold))
    .flat()
    .sort((a, b) => byStrength(b, a))
}

/** Largest weight of the matrix, or of one row: what the opacity of lines and cells is divided by. */
export function largestWeight(weights: Float32Array, size: number, row: number | null): number {
  let largest = 0
  const from = row === null ? 0 : row * size
  const to = row === null ? size * size : from + size
  for (let index = from; index < to; index += 1) largest = Math.max(largest, weights[index] ?? 0)
  return largest
}
