import type { Encoding, EncodingContext } from './types'

/** What of a legend is shown, all else being dimmed. */
export interface LegendChoice {
  /** Entries: of steps the categories, of a ramp 0 the queries and 1 the keys; null: all. */
  readonly entries: ReadonlySet<number> | null
  /** Part of a ramp from one end to the other, 0 … 1; null: all, also points without a value. */
  readonly range: readonly [from: number, to: number] | null
}

/** @returns [n+m] 1 where a point stays, 0 where it is dimmed */
export function keptByLegend(
  encoding: Encoding,
  context: EncodingContext,
  { entries, range }: LegendChoice,
): Uint8Array {
  const { table } = context
  const count = table.n + table.m
  const legend = encoding.legend(context)
  if (legend.kind === 'ramp') {
    const indices = range && encoding.indices(context)
    return Uint8Array.from({ length: count }, (_, point) => {
      const isKey = point >= table.n
      if (entries && !entries.has(isKey ? 1 : 0)) return 0
      if (!range || !indices) return 1
      const steps = isKey ? legend.key : legend.query
      return steps && hasValue(encoding, context, point) && isWithin(indices[point]!, steps, range) ? 1 : 0
    })
  }
  const wanted = new Set<number>()
  legend.items.forEach(({ query, key }, entry) => {
    if (!entries || entries.has(entry)) wanted.add(query).add(key)
  })
  return Uint8Array.from(encoding.indices(context), (index) => (wanted.has(index) ? 1 : 0))
}

/** By the colour that is drawn: what looks the same is treated the same. Indices outside are those of missing values. */
function isWithin(
  index: number,
  [first, last]: readonly [number, number],
  [from, to]: readonly [number, number],
): boolean {
  const steps = last - first
  return index <= last && index - first >= Math.round(from * steps) && index - first <= Math.round(to * steps)
}

function hasValue(encoding: Encoding, context: EncodingContext, point: number): boolean {
  const label = encoding.value(context, point)
  return !('key' in label) || (label.key !== 'unknown' && label.key !== 'noValue')
}
