import type { Parser, ParseResult } from 'papaparse'
import { guessDelimiter } from './delimiter'
import type { Pause } from './types'

/** Characters that are parsed between two pauses. */
const chunkCharacters = 200_000

/**
 * Rows of delimiter-separated text (RFC 4180: quotes, doubled quotes, line breaks in quotes), in slices, so that the page stays
 * responsive. The delimiter of `csv` is guessed: comma, semicolon or tab. `badQuotes` is the index of the first row whose quotes are
 * not closed, or go on after their end; null: there is none.
 */
export async function readDelimited(
  text: string,
  format: 'csv' | 'tsv',
  pause: Pause,
): Promise<{ rows: string[][]; badQuotes: number | null }> {
  const { default: Papa } = await import('papaparse')
  const rows: string[][] = []
  let badQuotes: number | null = null
  return new Promise((resolve, reject) => {
    const config = {
      delimiter: format === 'tsv' ? '\t' : guessDelimiter(text),
      chunkSize: chunkCharacters,
      chunk: ({ data, errors }: ParseResult<string[]>, parser: Parser) => {
        const wrong = errors.find(({ type }) => type === 'Quotes')
        if (wrong) badQuotes ??= rows.length + (wrong.row ?? 0)
        for (const row of data) rows.push(row)
        parser.pause()
        pause().then(() => parser.resume(), reject)
      },
      complete: () => resolve({ rows, badQuotes }),
    }
    // The types know `chunk` and `chunkSize` for files only; the parser takes them for text as well.
    ;(Papa.parse as (input: string, config: unknown) => void)(text, config)
  })
}
