import { addOverPatches, patchesApart } from './patch-rows'
import { createRowMeter, describePattern, type RowMean } from './row-mean'
import type { AttentionRow, HeadFigure } from './types'

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
      if (!row.sequence.sameTokens) return
      if (row.sequence.patches) addOverPatches(row, mean, (key, patches) => patchesApart(patches, row.query, key))
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
