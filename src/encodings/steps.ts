import { paperPalette, stepIndex, stepPalette } from './palette'
import { roleOf } from './tokens'
import type { Encoding, EncodingContext, LegendLabel, Shade } from './types'

interface StepParts extends Pick<Encoding, 'id' | 'scope'> {
  categories: number
  categoryOf(context: EncodingContext, point: number): number
  label(context: EncodingContext, category: number): LegendLabel
  /** Colours of the categories, where the usual ones do not fit. */
  colors?: Record<Shade, readonly string[]>
  /** Categories that the legend shows. */
  shown?(context: EncodingContext): number
}

/** An encoding of categories: hue is the category, strength tells queries from keys. */
export function stepEncoding({ id, scope, categories, categoryOf, label, shown, colors }: StepParts): Encoding {
  return {
    id,
    scope,
    palette: (shade, id = 'default') =>
      id === 'paper' && categories <= 5 && !colors
        ? paperPalette()
        : stepPalette(shade, categories, colors?.[shade], id),
    indices: (context) =>
      Uint8Array.from({ length: context.table.n + context.table.m }, (_, point) =>
        stepIndex(roleOf(context.table, point), categoryOf(context, point)),
      ),
    legend: (context) => ({
      kind: 'steps',
      items: Array.from({ length: Math.min(categories, shown?.(context) ?? categories) }, (_, category) => ({
        label: label(context, category),
        query: stepIndex('query', category),
        key: stepIndex('key', category),
      })),
    }),
    value: (context, point) => label(context, categoryOf(context, point)),
  }
}
