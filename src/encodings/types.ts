import type { TokenAttention } from '../core/token-attention'
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

export type { TokenAttention }

export interface EncodingContext {
  readonly table: TokenTable
  /** 2-norms of one head's raw q [n] and k [m]; null where they are not known yet. */
  readonly norms: { readonly q: Float32Array; readonly k: Float32Array } | null
  /** [n] 1 where the token matches the search; null or absent: no search. */
  readonly matches?: Uint8Array | null
  /** One head's attention by token; null or absent where it is not known yet. */
  readonly attention?: TokenAttention | null
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
  | 'whole'
  | 'start'
  | 'inside'
  | 'match'
  | 'other'
  | 'uniform'
  | 'oneKey'
  | 'noun'
  | 'properNoun'
  | 'verb'
  | 'adjective'
  | 'adverb'
  | 'pronoun'
  | 'determiner'
  | 'preposition'
  | 'conjunction'
  | 'otherValues'
  | 'noValue'
  | 'noLabel'

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
      /** First and last palette index of each role; null: the role is grey, it has no such value. */
      readonly query: readonly [number, number] | null
      readonly key: readonly [number, number] | null
      /** The value at a share of the way from one end to the other, 0 … 1. */
      at(share: number): string
    }

/** One way to colour points: a byte a point, looked up in 256 colours. */
export interface Encoding {
  readonly id: ColorId
  /** Its own name, where that is not a word of the strings (a column of the user's). */
  readonly name?: string
  /** `head`: differs between heads (norms); `token`: the same in all heads. */
  readonly scope: 'token' | 'head'
  /** The only kind of input that has such values; absent: both. */
  readonly kind?: InputKind
  /** What of a head's context the colours rest on; until it is there they are a stopgap. */
  readonly needs?: 'norms' | 'attention'
  /** 256 RGBA colours. */
  palette(shade: Shade, palette?: PaletteId): Uint8Array
  /** [n+m] palette index of each point. */
  indices(context: EncodingContext): Uint8Array
  legend(context: EncodingContext): Legend
  /** What the hover card says of one point (0 … n+m−1). */
  value(context: EncodingContext, point: number): LegendLabel
}
