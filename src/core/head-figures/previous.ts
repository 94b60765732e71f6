import { addOffset } from './offsets'
import { createRowMeter, describePattern } from './row-mean'
import type { HeadFigure } from './types'

const id = 'previous'

export const previous: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Previous token',
    definition:
      'Attention on the token just before the query, A[i,i−1], mean over queries that have one, then over sequences.',
    high: 'each token looks at the one before it',
  }),
  createMeter: () => createRowMeter(id, (row, mean) => addOffset(row, -1, mean)),
}
