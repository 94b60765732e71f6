import { oneRampPalette, rampIndex, rampPalette, rampRange } from './palette'
import { roleOf } from './tokens'
import type { Encoding, EncodingContext, LegendLabel, Role } from './types'

interface RampParts extends Pick<Encoding, 'id' | 'scope' | 'value' | 'needs'> {
  /** The only role that has values; absent: both. */
  only?: Role
  /** 0 … 1 of one point. */
  prepare(context: EncodingContext): (point: number) => number
  ends(context: EncodingContext): readonly [from: LegendLabel, to: LegendLabel]
  /** The value at a share of the way between the ends; absent: the share itself is the value. */
  at?(context: EncodingContext, share: number): string
}

/** An encoding of a number between two ends: one ramp for queries, one for keys. */
export function rampEncoding({ prepare, ends, at, only, ...parts }: RampParts): Encoding {
  return {
    ...parts,
    palette: only ? (shade, id) => oneRampPalette(only, shade, id) : rampPalette,
    indices(context) {
      const { table } = context
      const shareAt = prepare(context)
      return Uint8Array.from({ length: table.n + table.m }, (_, point) =>
        rampIndex(roleOf(table, point), shareAt(point)),
      )
    },
    legend(context) {
      const [from, to] = ends(context)
      const { query, key } = rampRange
      return {
        kind: 'ramp',
        from,
        to,
        query: only === 'key' ? null : query,
        key: only === 'query' ? null : key,
        at: (share) => at?.(context, share) ?? share.toFixed(2),
      }
    },
  }
}
