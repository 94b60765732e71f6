import { createRowMeter, describePattern, needsPatches } from './row-mean'
import type { HeadFigure } from './types'

const id = 'look_at_self'

export const lookAtSelf: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Look at self',
    definition:
      'Share of patches whose strongest key is the patch itself, CLS and registers among the keys (equal ones share it), mean over images.',
    high: 'patches look at themselves most',
    needs: needsPatches,
  }),
  createMeter: () =>
    createRowMeter(id, ({ sequence, query, first, end, weights, visible }, mean) => {
      const { patches, sameTokens } = sequence
      if (!patches || !sameTokens || patches.row[query]! < 0 || query < first || query >= end) return
      let larger = 0
      let equal = 0
      for (let key = first; key < end; key++) {
        if (weights[key]! > weights[query]!) larger++
        else if (weights[key] === weights[query]) equal++
      }
      mean.add(larger === 0 ? 1 / equal : 0, 1 / visible)
    }),
}
