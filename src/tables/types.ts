export type TableFormat = 'csv' | 'tsv' | 'json' | 'jsonl'

/** Cells are text, or null where a row has none. Names are given by `headed`. */
export interface Table {
  format: TableFormat
  /** All rows, each as long as the widest. */
  rows: readonly (readonly (string | null)[])[]
  width: number
  /** Names that the file itself gives (keys of JSON); null: its first row may hold them. */
  names: readonly string[] | null
  /** Rows that are shorter or longer than the first. */
  ragged: number
  /** Lines or entries that could not be read; they are left out. */
  unreadable: number
  /** Index of the first row whose quotes are wrong, so that what follows may be cut wrongly; null: none. */
  badQuotes: number | null
}

/** Why a file gives no table: `json`: no JSON; `shape`: JSON, but no list; `wide`: too many columns; `empty`: no rows. */
export type TableProblem = 'json' | 'shape' | 'wide' | 'empty'

export type ReadTable = { ok: true; table: Table } | { ok: false; why: TableProblem }

/** Lets the page handle events before the work goes on. */
export type Pause = () => Promise<void>

/** More columns than this are no table of texts. */
export const mostColumns = 256
