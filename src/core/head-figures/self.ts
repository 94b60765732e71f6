import { addOffset } from './offsets'
import { createRowMeter, describePattern } from './row-mean'
import type { HeadFigure } from './types'

const id = 'self'

export const self: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Own token',
    definition: 'Attention on the query’s own token, A[i,i], mean over queries, then over sequences.',
    high: 'each token looks at itself',
  }),
  createMeter: () => createRowMeter(id, (row, mean) => addOffset(row, 0, mean)),
}
