import { addOffset } from './offsets'
import { createRowMeter, describePattern } from './row-mean'
import type { HeadFigure } from './types'

const id = 'next'

export const next: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Next token',
    definition:
      'Attention on the token just after the query, A[i,i+1], mean over queries that see one, then over sequences; empty under a causal mask.',
    high: 'each token looks at the one after it',
  }),
  createMeter: () => createRowMeter(id, (row, mean) => addOffset(row, 1, mean)),
}
