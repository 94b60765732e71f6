import type { FigureInfo } from '../figure-info'
import type { FigureRow, Span } from '../types'

/** What is known of the tokens of a sequence; all lists are indexed by position in the sequence. */
export interface AttentionSequence {
  span: Span
  /** Queries and keys are the same tokens (not so in cross-attention): positions can be compared. */
  sameTokens: boolean
  /** [keys] 1 where the key is special. */
  keySpecial: Uint8Array
  /** [queries] position of the last earlier token with the same id, or −1; null: ids unknown. */
  earlierCopy: Int32Array | null
  /** Image patches; null: a text. */
  patches: PatchPlaces | null
}

export interface PatchPlaces {
  /** [t] row and column of each patch, −1 for tokens that are none. */
  row: Int32Array
  column: Int32Array
  columns: number
  /** Side of a patch in pixels of the crop; null: not known. */
  patchPx: number | null
  /** Distance of two patches by |rows apart| · columns + |columns apart|. */
  distances: Float64Array
}

/** The attention of one query over its visible keys [first,end), at least one. The object and its weights are used again for the next row. */
export interface AttentionRow {
  sequence: AttentionSequence
  query: number
  first: number
  end: number
  /** end − first */
  visible: number
  /** [keys]; only the visible ones count. They sum to 1. */
  weights: Float64Array
}

/** One figure of one head while its rows pass by. */
export interface FigureMeter {
  addRow(row: AttentionRow): void
  closeSequence(): void
  /** Figure ids → values; null: no row had what the figure needs. */
  result(): FigureRow
}

/** A figure of the attention pattern with its baseline and its count of rows, where it has them. */
export interface HeadFigure {
  infos: readonly FigureInfo[]
  /** @param longest keys of the longest sequence that will come */
  createMeter(longest: number): FigureMeter
}
