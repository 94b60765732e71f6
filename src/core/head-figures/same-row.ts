import { addOverPatches } from './patch-rows'
import { createRowMeter, describePattern, needsPatches } from './row-mean'
import type { HeadFigure } from './types'

const id = 'same_row'

export const sameRow: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Same row',
    definition:
      'Attention of a patch on the other patches of its row, attention on patches scaled to sum to 1, mean over patches, then over images.',
    high: 'patches look along their row',
    needs: needsPatches,
  }),
  createMeter: () =>
    createRowMeter(id, (row, mean) => {
      const { query } = row
      addOverPatches(row, mean, (key, { row: at }) => (key !== query && at[key] === at[query] ? 1 : 0))
    }),
}
