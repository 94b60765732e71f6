import { rampEncoding } from './ramp'
import type { EncodingContext } from './types'

/** Smallest and largest norm over queries and keys of the head: one domain, so that the gap between them shows. */
function domainOf({ norms }: EncodingContext): readonly [number, number] | null {
  if (!norms) return null
  let low = Infinity
  let high = -Infinity
  for (const values of [norms.q, norms.k]) {
    for (const value of values) {
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return high >= low ? [low, high] : null
}

function normOf({ norms, table }: EncodingContext, point: number): number | null {
  return (point < table.n ? norms?.q[point] : norms?.k[point - table.n]) ?? null
}

/** Length of the raw vector, before translation and scale. */
export const norm = rampEncoding({
  id: 'norm',
  scope: 'head',
  needs: 'norms',
  prepare(context) {
    const [low, high] = domainOf(context) ?? [0, 1]
    return (point) => ((normOf(context, point) ?? low) - low) / Math.max(1e-12, high - low)
  },
  ends(context) {
    const domain = domainOf(context)
    return domain
      ? [{ text: domain[0].toFixed(1) }, { text: domain[1].toFixed(1) }]
      : [{ key: 'smallest' }, { key: 'largest' }]
  },
  at(context, share) {
    const [low, high] = domainOf(context) ?? [0, 1]
    return (low + share * (high - low)).toFixed(1)
  },
  value(context, point) {
    const value = normOf(context, point)
    return value === null ? { key: 'unknown' } : { text: value.toFixed(2) }
  },
})
