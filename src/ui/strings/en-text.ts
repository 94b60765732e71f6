import type { TableProblem } from '../../tables/types'

const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many)

export const text = {
  title: 'Text',
  editor: 'Text, one sentence a line',
  hint: 'One sentence a line; “first ||| second” is a pair. Paste, type, or drop a .txt, .csv, .tsv or .json file.',
  placeholder: 'The cat sat on the mat.\nA second sentence goes on its own line.',
  show: 'Show',
  showHint: 'Ctrl + Enter',
  close: 'Close',
  open: 'Open a file',
  samples: 'Samples',
  lines: (count: number, text: string) => `${text} ${plural(count, 'line', 'lines')}`,
  pairs: (count: number, text: string) => `${text} ${plural(count, 'pair', 'pairs')}`,
  tokens: (text: string) => `${text} tokens`,
  blank: (count: number, text: string) => `${text} blank ${plural(count, 'line', 'lines')} skipped`,
  truncated: (count: number, text: string) => `${text} ${plural(count, 'line', 'lines')} cut at the model’s length`,
  changed: 'changed since shown',
  empty: 'Nothing to show yet: type a sentence first.',
  replaced: 'Your earlier text is kept.',
  restore: 'Bring back my text',
  left: (count: number) =>
    count === 1
      ? 'A tab was closed with text that was not shown.'
      : `${count} tabs were closed with text that was not shown.`,
  bringLeft: 'Put it here',
  forgetLeft: 'Forget it',
  stays: 'Text stays on this device.',
  imagesOpen: 'The open model takes images. Show opens the built-in text model; your images are kept.',
  sample: (count: string, hint: string) => `${count} lines. ${hint}.`,
  samplesMissing: 'These samples could not be fetched. Check the connection and try again.',
  colorBy: 'Colour by',
  problems: {
    binary: (name: string) => `${name} is not a text file. Drop a .txt file, or paste the text.`,
    encoding: (name: string) => `${name} is not UTF-8 text. Save it as UTF-8, or paste the text.`,
    empty: (name: string) => `${name} has no text in it.`,
    big: (name: string) => `${name} is larger than 20 MB. Take a part of it.`,
  },
  table: {
    asTable: 'Read as a table',
    asTableHint: 'Cells between tabs, commas or semicolons: choose the column that holds the text',
    pasted: 'The pasted text',
    title: (name: string) => `Columns of ${name}`,
    size: (rows: string, columns: string) => `${rows} rows, ${columns} columns`,
    text: 'Text',
    second: 'Second sentence',
    none: 'none',
    header: 'First row holds the names',
    preview: 'First rows',
    others: (names: string) => `Kept for colours: ${names}`,
    numbers: 'numbers',
    noOthers: 'No other columns.',
    use: (count: number, text: string) => `Show ${text} ${plural(count, 'line', 'lines')}`,
    cancel: 'Cancel',
    blank: (count: number, text: string) =>
      `${text} ${plural(count, 'row has', 'rows have')} no text and will be skipped`,
    ragged: (count: number, text: string) =>
      `${text} ${plural(count, 'row has', 'rows have')} more or fewer cells than the first`,
    broken: (count: number, text: string) =>
      `${text} ${plural(count, 'cell has a line break; it becomes a space', 'cells have line breaks; they become spaces')}`,
    alone: (count: number, text: string) =>
      `${text} ${plural(count, 'row has', 'rows have')} only one sentence and will be no pair`,
    unreadable: (count: number, text: string) =>
      `${text} ${plural(count, 'entry could', 'entries could')} not be read and will be left out`,
    quotes: (row: string) => `Row ${row} has a quote that is not closed: what follows may be cut in the wrong places`,
    one: 'One table at a time: only the first file was opened.',
    problems: {
      json: (name: string) => `${name} is not JSON. Check the file, or save it as CSV.`,
      shape: (name: string) => `${name} holds no list. It needs a list of texts or of objects.`,
      wide: (name: string) => `${name} has more than 256 columns. Is it a table of texts?`,
      empty: (name: string) => `${name} has no rows in it.`,
    } satisfies Record<TableProblem, (name: string) => string>,
  },
}
