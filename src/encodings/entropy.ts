import { rampEncoding } from './ramp'
import type { EncodingContext } from './types'

function entropyOf({ table, attention }: EncodingContext, point: number): number | null {
  const value = point < table.n ? attention?.entropy[point] : undefined
  return value === undefined || Number.isNaN(value) ? null : value
}

/** Entropy of a query's attention over the logarithm of the keys that it sees: 0 one key, 1 uniform. Queries only. */
export const entropy = rampEncoding({
  id: 'entropy',
  scope: 'head',
  needs: 'attention',
  only: 'query',
  prepare: (context) => (point) => entropyOf(context, point) ?? 0,
  ends: () => [{ key: 'oneKey' }, { key: 'uniform' }],
  value(context, point) {
    const value = entropyOf(context, point)
    return value === null ? { key: 'unknown' } : { text: value.toFixed(2) }
  },
})
