import type { Encoding, EncodingContext } from './types'

/**
 * Points that a choice of legend entries leaves. Entries of steps are categories; the two entries of a ramp, and those of query and
 * key, are the roles.
 * @returns [n+m] 1 where a point stays, 0 where it is dimmed
 */
export function keptByLegend(encoding: Encoding, context: EncodingContext, entries: ReadonlySet<number>): Uint8Array {
  const { table } = context
  const count = table.n + table.m
  const legend = encoding.legend(context)
  if (legend.kind === 'ramp')
    return Uint8Array.from({ length: count }, (_, point) => (entries.has(point < table.n ? 0 : 1) ? 1 : 0))
  const wanted = new Set<number>()
  legend.items.forEach(({ query, key }, entry) => {
    if (entries.has(entry)) wanted.add(query).add(key)
  })
  return Uint8Array.from(encoding.indices(context), (index) => (wanted.has(index) ? 1 : 0))
}
