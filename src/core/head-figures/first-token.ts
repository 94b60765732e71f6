import { createRowMeter, describePattern } from './row-mean'
import type { HeadFigure } from './types'

const id = 'first_token'

export const firstToken: HeadFigure = {
  infos: describePattern({
    id,
    label: 'First token',
    definition:
      'Attention on the first token of the sequence, A[i,0], mean over all queries but the first that see it, then over sequences.',
    high: 'the first token takes most attention, often a head at rest',
  }),
  createMeter: () =>
    createRowMeter(id, ({ query, first, weights, visible }, mean) => {
      if (query >= 1 && first === 0) mean.add(weights[0]!, 1 / visible)
    }),
}
