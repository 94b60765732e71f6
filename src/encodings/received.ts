import { rampEncoding } from './ramp'
import type { EncodingContext } from './types'

/** Attention is shown from a sixteenth to sixteen times of what uniform attention would give. */
const octaves = 4

function shareOf({ table, attention }: EncodingContext, point: number): number | null {
  const value = point < table.n ? undefined : attention?.received[point - table.n]
  return value === undefined || Number.isNaN(value) ? null : value
}

const formatTimes = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)}×`

/** What a key receives from the queries that see it, over what it would receive if they attended uniformly. Keys only. */
export const received = rampEncoding({
  id: 'received',
  scope: 'head',
  needs: 'attention',
  only: 'key',
  prepare: (context) => (point) => {
    const value = shareOf(context, point)
    return value === null ? 0 : (Math.log2(Math.max(value, 1e-9)) + octaves) / (2 * octaves)
  },
  ends: () => [{ text: '¹⁄₁₆×' }, { text: '16×' }],
  at: (_, share) => formatTimes(2 ** (octaves * (2 * share - 1))),
  value(context, point) {
    const value = shareOf(context, point)
    return value === null ? { key: 'unknown' } : { text: formatTimes(value) }
  },
})
