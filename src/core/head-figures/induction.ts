import { createCountedMeter, describeCounted } from './row-mean'
import type { HeadFigure } from './types'

const id = 'induction'

export const induction: HeadFigure = {
  infos: describeCounted(
    {
      id,
      label: 'Induction',
      definition:
        'Attention on the token after an earlier copy of the query’s token (the query itself left out), mean over queries that have one, then over sequences; the standard test is repeated random tokens.',
      high: 'the head looks at what followed last time',
      needs: ['vectors', 'attention', 'tokenIds'],
    },
    'with an earlier copy of their token that another token follows',
  ),
  createMeter: () =>
    createCountedMeter(id, ({ sequence, query, first, weights, visible }, mean) => {
      const { earlierCopy } = sequence
      if (!earlierCopy) return
      let mass = 0
      let count = 0
      for (let copy = earlierCopy[query]!; copy >= 0 && copy + 1 >= first; copy = earlierCopy[copy]!) {
        if (copy + 1 === query) continue
        mass += weights[copy + 1]!
        count++
      }
      if (count > 0) mean.add(mass, count / visible)
    }),
}
