import { readDelimited } from './delimited'
import { readJson, readJsonLines } from './json'
import { mostColumns, type Pause, type ReadTable, type TableFormat } from './types'

/** The format that a file name stands for; null: lines of text. */
export function formatOf(name: string): TableFormat | null {
  const ending = /\.(csv|tsv|tab|json|jsonl|ndjson)$/i.exec(name)?.[1]?.toLowerCase()
  if (ending === 'ndjson') return 'jsonl'
  return ending === 'tab' ? 'tsv' : ((ending as TableFormat | undefined) ?? null)
}

const isBlank = (row: readonly string[] | undefined): boolean => row?.length === 1 && row[0]!.trim() === ''

/** A table of text in one of the formats. Takes slices of the page's time, never all of it. */
export async function readTable(text: string, format: TableFormat, pause: Pause): Promise<ReadTable> {
  const content = text.replace(/^\uFEFF/, '')
  if (format === 'json') return readJson(content, pause)
  if (format === 'jsonl') return readJsonLines(content, pause)
  const { rows, badQuotes } = await readDelimited(content, format, pause)
  if (isBlank(rows.at(-1))) rows.pop()
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0)
  if (rows.every(isBlank)) return { ok: false, why: 'empty' }
  if (width > mostColumns) return { ok: false, why: 'wide' }
  const first = rows[0]!.length
  const ragged = rows.filter((row) => row.length !== first && !isBlank(row)).length
  const full = rows.map((row) =>
    row.length === width ? row : Array.from({ length: width }, (_, at) => row[at] ?? null),
  )
  return { ok: true, table: { format, rows: full, width, names: null, ragged, unreadable: 0, badQuotes } }
}
