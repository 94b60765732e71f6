import { describePattern, RowMean } from './row-mean'
import type { HeadFigure } from './types'

const id = 'entropy'
const normalizedId = 'entropy_normalised'

export const entropy: HeadFigure = {
  infos: [
    ...describePattern({
      id,
      label: 'Entropy',
      definition:
        'Entropy −Σ A ln A of a query’s attention, mean over queries with at least 2 visible keys, then over sequences.',
      unit: 'nats',
      range: [0, null],
      high: 'attention is spread over many keys',
    }),
    ...describePattern({
      id: normalizedId,
      label: 'Entropy, normalised',
      definition:
        'Entropy of a query’s attention over the highest it could have, ln(visible keys), mean over the same queries.',
      high: 'attention is close to uniform',
    }),
  ],
  createMeter: () => {
    const nats = new RowMean()
    const normalized = new RowMean()
    return {
      addRow: ({ weights, first, end, visible }) => {
        if (visible < 2) return
        let sum = 0
        for (let key = first; key < end; key++) {
          const weight = weights[key]!
          if (weight > 0) sum -= weight * Math.log(weight)
        }
        const highest = Math.log(visible)
        nats.add(sum, highest)
        normalized.add(sum / highest, 1)
      },
      closeSequence: () => {
        nats.closeSequence()
        normalized.closeSequence()
      },
      result: () => ({ ...nats.result(id), ...normalized.result(normalizedId) }),
    }
  },
}
