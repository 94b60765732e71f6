import { addOverPatches, patchesApart } from './patch-rows'
import { createRowMeter, describePattern, needsPatches } from './row-mean'
import type { HeadFigure } from './types'

const id = 'attention_distance_px'

export const attentionDistancePx: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Attention distance in pixels',
    definition:
      'How far a patch looks in pixels of what the model sees: distance on the patch grid × side of a patch, patches only, their attention scaled to sum to 1, mean over patches, then over images.',
    unit: 'px',
    range: [0, null],
    high: 'the head looks far across the image',
    needs: needsPatches,
  }),
  createMeter: () =>
    createRowMeter(id, (row, mean) => {
      const patchPx = row.sequence.patches?.patchPx ?? null
      if (patchPx === null) return
      addOverPatches(row, mean, (key, patches) => patchPx * patchesApart(patches, row.query, key))
    }),
}
