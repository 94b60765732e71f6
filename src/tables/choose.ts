import { joinPair } from '../core/sentence-pair'
import { isNumeric, readNumber, type UserColumn } from '../core/user-column'
import type { Table } from './types'

/** Which columns are what. */
export interface TableChoice {
  /** The first row holds the names. Without meaning where the file itself gives them. */
  hasHeader: boolean
  text: number
  /** The second sentence of a pair; null: there are no pairs. */
  second: number | null
}

export interface HeadedTable {
  names: readonly string[]
  rows: Table['rows']
}

/** The table with a name for each column: given, made up where it is empty, numbered where it comes twice. */
export function headed(table: Table, hasHeader: boolean): HeadedTable {
  const own = table.names ?? (hasHeader ? (table.rows[0] ?? []) : [])
  const used = new Set<string>()
  const names = Array.from({ length: table.width }, (_, at) => {
    const base = (own[at] ?? '').trim() || `column ${at + 1}`
    let name = base
    for (let count = 2; used.has(name); count += 1) name = `${base} (${count})`
    used.add(name)
    return name
  })
  return { names, rows: !table.names && hasHeader ? table.rows.slice(1) : table.rows }
}

/** A first row looks like names where all its cells are short texts, no two alike, none a number. */
export function looksHeaded({ rows }: Table): boolean {
  const [first, second] = rows
  if (!first || !second) return false
  const cells = first.filter((cell): cell is string => cell !== null && cell.trim() !== '')
  return (
    cells.length > 0 &&
    new Set(cells).size === cells.length &&
    cells.every((cell) => readNumber(cell) === null && cell.length <= 40 && !/[.!?。！？]\s*$/u.test(cell))
  )
}

const textNames =
  /^(text|sentences?|sentence_?1|premise|question_?1?|content|line|utterance|comment|review|body|title)$/i
const secondNames = /^(sentence_?2|hypothesis|question_?2|text_?(b|2|pair)|second|answer|context)$/i
const firstOfPair = /^(sentence_?1|premise|question_?1?|text_?(a|1)|first|text|sentence)$/i
const guessRows = 200

/** The columns that are most likely meant: known names, otherwise the longest texts. */
export function guessChoice(table: Table): TableChoice {
  const hasHeader = table.names === null && looksHeaded(table)
  const { names, rows } = headed(table, hasHeader)
  const lengths = names.map((_, at) => {
    const cells = rows.slice(0, guessRows).map((row) => row[at] ?? null)
    if (isNumeric({ name: '', values: cells })) return 0
    return cells.reduce((sum, cell) => sum + (cell?.length ?? 0), 0)
  })
  const named = names.findIndex((name) => textNames.test(name))
  const text = named >= 0 ? named : lengths.indexOf(Math.max(...lengths))
  const second = names.findIndex((name, at) => at !== text && secondNames.test(name))
  return { hasHeader, text, second: second >= 0 && firstOfPair.test(names[text] ?? '') ? second : null }
}

export interface ChosenTexts {
  lines: string[]
  /** All other columns that have values. */
  columns: UserColumn[]
  /** Rows without text. */
  blank: number
  /** Cells whose line breaks became spaces. */
  broken: number
  /** Rows of a pair that have only one of its sentences. */
  alone: number
}

/** One line a row, pairs joined, line breaks inside a cell as spaces; rows without text are left out and counted. */
export function chooseTexts(table: Table, { hasHeader, text, second }: TableChoice): ChosenTexts {
  const { names, rows } = headed(table, hasHeader)
  const chosen: ChosenTexts = { lines: [], columns: [], blank: 0, broken: 0, alone: 0 }
  const oneLine = (cell: string | null | undefined): string => {
    if (cell === null || cell === undefined) return ''
    if (!/[\r\n\u2028\u2029]/.test(cell)) return cell
    chosen.broken += 1
    return cell.replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ')
  }
  const others = names.flatMap((name, at) =>
    at === text || at === second ? [] : [{ name, at, values: [] as (string | null)[] }],
  )
  for (const row of rows) {
    const first = oneLine(row[text])
    const next = second === null ? '' : oneLine(row[second])
    const parts = [first, next].filter((part) => part.trim() !== '')
    if (parts.length === 0) {
      chosen.blank += 1
      continue
    }
    if (second !== null && parts.length === 1) chosen.alone += 1
    chosen.lines.push(parts.length === 2 ? joinPair(first, next) : parts[0]!)
    for (const column of others) {
      const cell = row[column.at] ?? null
      column.values.push(cell === null || cell.trim() === '' ? null : cell.trim())
    }
  }
  chosen.columns = others.flatMap(({ name, values }) =>
    values.some((value) => value !== null) ? [{ name, values }] : [],
  )
  return chosen
}
