import type { RowMean } from './row-mean'
import type { AttentionRow, PatchPlaces } from './types'

/** Distance of two patches on the grid, in patches. */
export const patchesApart = ({ row, column, columns, distances }: PatchPlaces, one: number, other: number): number =>
  distances[Math.abs(row[one]! - row[other]!) * columns + Math.abs(column[one]! - column[other]!)]!

/**
 * Adds the mean of `measure` over the visible patches, weighted by the attention of a patch (scaled to sum to 1 over patches), and
 * the plain mean beside it. Queries that are no patch, or that look at no patch at all, have none.
 */
export function addOverPatches(
  { sequence, query, first, end, weights }: AttentionRow,
  mean: RowMean,
  measure: (key: number, patches: PatchPlaces) => number,
): void {
  const { patches, sameTokens } = sequence
  if (!patches || !sameTokens || patches.row[query]! < 0) return
  let sum = 0
  let mass = 0
  let plain = 0
  let count = 0
  for (let key = first; key < end; key++) {
    if (patches.row[key]! < 0) continue
    const value = measure(key, patches)
    sum += weights[key]! * value
    mass += weights[key]!
    plain += value
    count++
  }
  if (mass > 0) mean.add(sum / mass, plain / count)
}

/** Adds the attention of a patch on the visible keys that `isMeant`, where it has one. */
export function addMassOfPatch(row: AttentionRow, mean: RowMean, isMeant: (key: number) => boolean): void {
  const { sequence, query, first, end, weights, visible } = row
  const { patches, sameTokens } = sequence
  if (!patches || !sameTokens || patches.row[query]! < 0) return
  let mass = 0
  let count = 0
  for (let key = first; key < end; key++) {
    if (!isMeant(key)) continue
    mass += weights[key]!
    count++
  }
  if (count > 0) mean.add(mass, count / visible)
}
