import { createRowMeter, describePattern, type RowMean } from './row-mean'
import type { AttentionRow, HeadFigure, PatchPlaces } from './types'

const id = 'attention_distance'

export const attentionDistance: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Attention distance',
    definition:
      'How far a query looks, Σ A[i,j]·|i−j| in tokens (images: distance on the patch grid, patches only, their attention scaled to sum to 1), mean over queries, then over sequences.',
    unit: 'tokens',
    imageUnit: 'patches',
    range: [0, null],
    high: 'the head looks far away',
  }),
  createMeter: () =>
    createRowMeter(id, (row, mean) => {
      const { patches, sameTokens } = row.sequence
      if (!sameTokens) return
      if (patches) addPatches(row, patches, mean)
      else addTokens(row, mean)
    }),
}

function addTokens({ query, first, end, weights, visible }: AttentionRow, mean: RowMean): void {
  let sum = 0
  let apart = 0
  for (let key = first; key < end; key++) {
    const distance = Math.abs(query - key)
    sum += weights[key]! * distance
    apart += distance
  }
  mean.add(sum, apart / visible)
}

function addPatches({ query, first, end, weights }: AttentionRow, patches: PatchPlaces, mean: RowMean): void {
  const { row, column, columns, distances } = patches
  if (row[query]! < 0) return
  let sum = 0
  let mass = 0
  let apart = 0
  let count = 0
  for (let key = first; key < end; key++) {
    if (row[key]! < 0) continue
    const distance = distances[Math.abs(row[query]! - row[key]!) * columns + Math.abs(column[query]! - column[key]!)]!
    sum += weights[key]! * distance
    mass += weights[key]!
    apart += distance
    count++
  }
  // A row that looks at no patch at all has no distance.
  if (mass > 0) mean.add(sum / mass, apart / count)
}
