import type { Role } from '../encodings/types'
import type { WeightScale } from './opacity'

/** A token, as a query or as a key. */
export interface Spot {
  token: number
  role: Role
}

/** What lines and heat map of one sentence share. */
export interface SentenceDrawing {
  /** Name of the head. */
  title: string
  tokens: readonly string[]
  /** [size,size], rows queries. */
  weights: Float32Array
  size: number
  /** [size] 1 where a token is hidden. */
  hiddenQueries: Uint8Array
  hiddenKeys: Uint8Array
  scale: WeightScale
  active: Spot | null
  pinned: Spot | null
  shade: string
  onhover: (token: number | null, role: Role) => void
  onpin: (token: number, role: Role) => void
  /** null: nothing can be hidden. */
  onhide: ((token: number, role: Role) => void) | null
}

export interface LinesDrawing extends SentenceDrawing {
  specials: readonly boolean[]
  /** Between the two columns. */
  linesPx: number
  /** Number of lines too weak to be drawn. */
  onleftout: (lines: number) => void
}

export interface HeatDrawing extends SentenceDrawing {
  /** The cell under the pointer. */
  onread: (cell: { query: number; key: number } | null) => void
}
