import { addMassOfPatch } from './patch-rows'
import { createRowMeter, describePattern, needsPatches } from './row-mean'
import type { HeadFigure } from './types'

const id = 'register_mass'

export const registerMass: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Patches on registers',
    definition:
      'Attention of patches on the tokens between CLS and them (registers, or the distillation token), mean over patches, then over images; empty for models without such tokens.',
    high: 'patches look at registers, often a head at rest',
    needs: needsPatches,
  }),
  createMeter: () =>
    createRowMeter(id, (row, mean) => {
      const { keySpecial } = row.sequence
      addMassOfPatch(row, mean, (key) => key > 0 && keySpecial[key] === 1)
    }),
}
