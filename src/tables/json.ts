import type { Pause, ReadTable } from './types'
import { mostColumns } from './types'

const linesPerSlice = 2000

const cellOf = (value: unknown): string | null => {
  if (value === null || value === undefined) return null
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean)
}

const isRecord = (value: unknown): value is object => typeof value === 'object' && value !== null

/** The list in a document: itself, or the first list that is one of its values (`{"data": [...]}`). */
function listIn(document: unknown): unknown[] | null {
  if (Array.isArray(document)) return document
  if (!isRecord(document)) return null
  const list = Object.values(document).find((value) => Array.isArray(value)) as unknown[] | undefined
  return list ?? null
}

/** Texts, lists of cells, or objects whose keys are columns, in the order in which they first appear. */
async function tableOf(
  list: readonly unknown[],
  format: 'json' | 'jsonl',
  unreadable: number,
  pause: Pause,
): Promise<ReadTable> {
  const columns = new Map<string, number>()
  const place = (name: string): number => {
    const known = columns.get(name)
    if (known !== undefined) return known
    columns.set(name, columns.size)
    return columns.size - 1
  }
  const hasObjects = list.some((entry) => isRecord(entry) && !Array.isArray(entry))
  const rows: (string | null)[][] = []
  let ragged = 0
  let width = 0
  for (const [at, entry] of list.entries()) {
    if (at % linesPerSlice === linesPerSlice - 1) await pause()
    const row: (string | null)[] = []
    if (hasObjects && isRecord(entry) && !Array.isArray(entry))
      for (const [key, value] of Object.entries(entry)) row[place(key)] = cellOf(value)
    else if (hasObjects) unreadable += 1
    else if (Array.isArray(entry)) row.push(...entry.map(cellOf))
    else row.push(cellOf(entry))
    if (columns.size > mostColumns || row.length > mostColumns) return { ok: false, why: 'wide' }
    if (row.length === 0) continue
    if (!hasObjects && rows.length > 0 && row.length !== rows[0]!.length) ragged += 1
    width = Math.max(width, row.length)
    rows.push(row)
  }
  if (rows.length === 0) return { ok: false, why: 'empty' }
  const full = rows.map((row) => Array.from({ length: width }, (_, at) => row[at] ?? null))
  return {
    ok: true,
    table: {
      format,
      rows: full,
      width,
      names: hasObjects ? [...columns.keys()] : null,
      ragged,
      unreadable,
      badQuotes: null,
    },
  }
}

/** A JSON document that is or holds a list. */
export async function readJson(text: string, pause: Pause): Promise<ReadTable> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // Many files of JSON lines are called .json.
    const lines = await readJsonLines(text, pause)
    return lines.ok && lines.table.unreadable < lines.table.rows.length ? lines : { ok: false, why: 'json' }
  }
  const list = listIn(document)
  return list ? tableOf(list, 'json', 0, pause) : { ok: false, why: 'shape' }
}

/** One JSON value a line; lines that are none are counted and left out. */
export async function readJsonLines(text: string, pause: Pause): Promise<ReadTable> {
  const list: unknown[] = []
  let unreadable = 0
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (at % linesPerSlice === linesPerSlice - 1) await pause()
    if (line.trim() === '') continue
    try {
      list.push(JSON.parse(line))
    } catch {
      unreadable += 1
    }
  }
  if (list.length === 0) return { ok: false, why: unreadable > 0 ? 'json' : 'empty' }
  return tableOf(list, 'jsonl', unreadable, pause)
}
