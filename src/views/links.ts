import type { Role } from '../encodings/types'

export interface Link {
  query: number
  key: number
  weight: number
}

/** The `count` strongest links of one token: a query's row, or a key's column. Strongest first; ties by position. */
export function strongestLinks(
  weights: Float32Array,
  size: number,
  token: number,
  role: Role,
  count: number,
): readonly Link[] {
  const links = Array.from({ length: size }, (_, other): Link => {
    const query = role === 'query' ? token : other
    const key = role === 'query' ? other : token
    return { query, key, weight: weights[query * size + key] ?? 0 }
  })
  return links
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.query - b.query || a.key - b.key)
    .slice(0, count)
}

/** Largest weight of the matrix, or of one row: what the opacity of lines and cells is divided by. */
export function largestWeight(weights: Float32Array, size: number, row: number | null): number {
  let largest = 0
  const from = row === null ? 0 : row * size
  const to = row === null ? size * size : from + size
  for (let index = from; index < to; index += 1) largest = Math.max(largest, weights[index] ?? 0)
  return largest
}
