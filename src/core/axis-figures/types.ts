import type { FigureInfo } from '../figure-info'

/** What lies under each of a head's n tokens; all [n], NaN where a token has none: CLS, registers, texts, greys without a hue. */
export interface PatchTable {
  /** 0 … 1, middle of the patch's row from the top and of its column from the left. */
  row: Float32Array
  column: Float32Array
  /** Degrees. */
  hue: Float32Array
  /** 0 … 1 */
  brightness: Float32Array
  /** Cycles a patch. */
  frequency: Float32Array
}

/** How well a head's main axis tells one property of patches. */
export interface AxisFigure {
  /** The figure and the number of patches behind it. */
  infos: readonly [FigureInfo, FigureInfo]
  property: keyof PatchTable
  /** Strength 0 … 1 of the relation between places along the axis and the property; null: a side is constant. */
  relate(along: Float64Array, values: Float64Array): number | null
}
