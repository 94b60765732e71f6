import { createCountedMeter, describeCounted } from './row-mean'
import type { HeadFigure } from './types'

const id = 'duplicate_token'

export const duplicateToken: HeadFigure = {
  infos: describeCounted(
    {
      id,
      label: 'Duplicate token',
      definition:
        'Attention on earlier copies of the query’s token (same id, same sequence), mean over queries that have one, then over sequences.',
      high: 'a token that came before looks at its earlier copies',
      needs: ['vectors', 'attention', 'tokenIds'],
    },
    'whose token came earlier in their sequence',
  ),
  createMeter: () =>
    createCountedMeter(id, ({ sequence, query, first, weights, visible }, mean) => {
      const { earlierCopy } = sequence
      if (!earlierCopy) return
      let mass = 0
      let count = 0
      for (let key = earlierCopy[query]!; key >= first; key = earlierCopy[key]!) {
        mass += weights[key]!
        count++
      }
      if (count > 0) mean.add(mass, count / visible)
    }),
}
