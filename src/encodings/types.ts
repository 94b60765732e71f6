import type { ColorId, InputKind, Sequence } from '../core/types'

export type Shade = 'light' | 'dark'
/** Colour-blind-safe, the paper's, or high contrast. */
export type PaletteId = 'default' | 'paper' | 'contrast'
export type Role = 'query' | 'key'

/** Which sequence and position each of a head's rows belongs to: n queries, then m keys. */
export interface TokenTable {
  readonly sequences: readonly Sequence[]
  /** Queries. */
  readonly n: number
  /** Keys. */
  readonly m: number
  /** [n+m] index of the sequence. */
  readonly sequenceOf: Int32Array
  /** [n+m] position inside the sequence. */
  readonly positionOf: Int32Array
}

export interface EncodingContext {
  readonly table: TokenTable
  /** 2-norms of one head's raw q [n] and k [m]; null where they are not known yet. */
  readonly norms: { readonly q: Float32Array; readonly k: Float32Array } | null
}

/** Words of legends; the strings of a language hold one text for each. */
export type LegendKey =
  | 'query'
  | 'key'
  | 'first'
  | 'last'
  | 'word'
  | 'piece'
  | 'number'
  | 'punctuation'
  | 'special'
  | 'characters'
  | 'smallest'
  | 'largest'
  | 'unknown'

/** A word of the strings, or a text that is the same in every language (a number, a token). */
export type LegendLabel = { readonly key: LegendKey } | { readonly text: string }

export type Legend =
  | {
      readonly kind: 'steps'
      readonly items: readonly { readonly label: LegendLabel; readonly query: number; readonly key: number }[]
    }
  | {
      readonly kind: 'ramp'
      readonly from: LegendLabel
      readonly to: LegendLabel
      /** First and last palette index of each role. */
      readonly query: readonly [number, number]
      readonly key: readonly [number, number]
    }

/** One way to colour points: a byte a point, looked up in 256 colours. */
export interface Encoding {
  readonly id: ColorId
  /** `head`: differs between heads (norms); `token`: the same in all heads. */
  readonly scope: 'token' | 'head'
  /** The only kind of input that has such values; absent: both. */
  readonly kind?: InputKind
  /** 256 RGBA colours. */
  palette(shade: Shade): Uint8Array
  /** [n+m] palette index of each point. */
  indices(context: EncodingContext): Uint8Array
  legend(context: EncodingContext): Legend
  /** What the hover card says of one point (0 … n+m−1). */
  value(context: EncodingContext, point: number): LegendLabel
}
