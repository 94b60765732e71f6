import { rampIndex, rampPalette, rampRange } from './palette'
import { roleOf } from './tokens'
import type { Encoding, EncodingContext, LegendLabel } from './types'

interface RampParts extends Pick<Encoding, 'id' | 'scope' | 'value'> {
  /** 0 … 1 of one point. */
  prepare(context: EncodingContext): (point: number) => number
  ends(context: EncodingContext): readonly [from: LegendLabel, to: LegendLabel]
}

/** An encoding of a number between two ends: one ramp for queries, one for keys. */
export function rampEncoding({ prepare, ends, ...parts }: RampParts): Encoding {
  return {
    ...parts,
    palette: rampPalette,
    indices(context) {
      const { table } = context
      const shareAt = prepare(context)
      return Uint8Array.from({ length: table.n + table.m }, (_, point) =>
        rampIndex(roleOf(table, point), shareAt(point)),
      )
    },
    legend(context) {
      const [from, to] = ends(context)
      return { kind: 'ramp', from, to, ...rampRange }
    },
  }
}
