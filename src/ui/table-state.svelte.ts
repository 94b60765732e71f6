import { chooseTexts, guessChoice, headed, type ChosenTexts, type TableChoice } from '../tables/choose'
import { readTable } from '../tables/read-table'
import type { Pause, Table, TableFormat, TableProblem } from '../tables/types'

const previewRows = 5

/** A table that was opened, and which of its columns are what; nothing of it is shown before that is said. */
export class TableState {
  /** null: no table is open. */
  file: { name: string; table: Table } | null = $state.raw(null)
  choice: TableChoice = $state.raw({ hasHeader: false, text: 0, second: null })

  readonly headed = $derived.by(() => (this.file ? headed(this.file.table, this.choice.hasHeader) : null))
  readonly preview = $derived.by(() => this.headed?.rows.slice(0, previewRows) ?? [])
  readonly chosen: ChosenTexts | null = $derived.by(() =>
    this.file ? chooseTexts(this.file.table, this.choice) : null,
  )
  /** The first row may hold names: the file itself gives none. */
  readonly canHaveHeader = $derived.by(() => this.file?.table.names === null && this.file.table.rows.length > 1)

  constructor(private readonly pause: Pause) {}

  /** Reads a table and guesses what its columns are. null: it is open; otherwise why it can't be read. */
  async open(name: string, text: string, format: TableFormat): Promise<TableProblem | null> {
    const answer = await readTable(text, format, this.pause)
    if (!answer.ok) return answer.why
    this.choice = guessChoice(answer.table)
    this.file = { name, table: answer.table }
    return null
  }

  /** A column is the text or the second sentence, not both. */
  choose(change: Partial<TableChoice>): void {
    const next = { ...this.choice, ...change }
    if (next.second === next.text) next.second = null
    this.choice = next
  }

  close(): void {
    this.file = null
  }
}
