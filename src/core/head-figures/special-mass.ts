import { createRowMeter, describePattern } from './row-mean'
import type { HeadFigure } from './types'

const id = 'special_mass'

export const specialMass: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Special tokens',
    definition:
      'Attention on special tokens (known by id, such as [CLS] and [SEP]; CLS and registers of images), mean over queries, then over sequences.',
    high: 'special tokens take most attention, often a head at rest',
  }),
  createMeter: () =>
    createRowMeter(id, ({ sequence, first, end, weights, visible }, mean) => {
      let mass = 0
      let count = 0
      for (let key = first; key < end; key++) {
        if (!sequence.keySpecial[key]) continue
        mass += weights[key]!
        count++
      }
      mean.add(mass, count / visible)
    }),
}
