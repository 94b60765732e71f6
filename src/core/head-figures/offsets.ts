import type { RowMean } from './row-mean'
import type { AttentionRow } from './types'

/** Adds the attention on the key `offset` places after the query, where it exists and is visible. */
export function addOffset(row: AttentionRow, offset: number, mean: RowMean): void {
  const key = row.query + offset
  if (row.sequence.sameTokens && key >= row.first && key < row.end) mean.add(row.weights[key]!, 1 / row.visible)
}
