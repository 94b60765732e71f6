import { addMassOfPatch } from './patch-rows'
import { createRowMeter, describePattern, needsPatches } from './row-mean'
import type { HeadFigure } from './types'

const id = 'cls_mass'

export const clsMass: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Patches on CLS',
    definition: 'Attention of patches on CLS, the first token before them, mean over patches, then over images.',
    high: 'patches look at CLS, often a head at rest',
    needs: needsPatches,
  }),
  createMeter: () =>
    createRowMeter(id, (row, mean) => {
      const { keySpecial } = row.sequence
      addMassOfPatch(row, mean, (key) => key === 0 && keySpecial[key] === 1)
    }),
}
