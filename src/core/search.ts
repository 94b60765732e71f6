import { compilePattern, type TextTest } from './pattern'
import type { Sequence } from './types'

export const searchMatches = ['exact', 'substring', 'regex'] as const
export type SearchMatch = (typeof searchMatches)[number]

export interface SearchOptions {
  /** The whole token, a part of it, or a regular expression. */
  match: SearchMatch
  caseSensitive: boolean
  /** Only the first match of each sequence. */
  firstOnly: boolean
}

export const defaultSearchOptions: Readonly<SearchOptions> = {
  match: 'exact',
  caseSensitive: false,
  firstOnly: false,
}

export interface SearchResult {
  /** Rows of the matching tokens among the n tokens of all sequences, ascending. */
  rows: Int32Array
  /** [n] 1 where the token matches. */
  mask: Uint8Array
  /** Sequences with at least one match. */
  sequences: number
}

const visibleSpace = '␣'

/**
 * What a search text asks of a token as it is shown (`␣the`, `##ing`, `[CLS]`). The space before a word need not be typed;
 * if it is, as a space or as ␣, it must be there. null: nothing is asked.
 * @throws AppError BAD_ARGUMENT for a pattern that can't be read
 */
export function compileSearch(text: string, { match, caseSensitive }: SearchOptions): TextTest | null {
  if (text.trim() === '' && match !== 'substring') return null
  if (text === '') return null
  const fold = (value: string): string => (caseSensitive ? value : value.toLowerCase()).normalize('NFC')
  const withoutSpace = (shown: string): string =>
    shown.length > 1 && shown.startsWith(visibleSpace) ? shown.slice(visibleSpace.length) : shown
  if (match === 'regex') {
    const test = compilePattern(text, caseSensitive)
    return (shown) => test(shown) || (shown.startsWith(visibleSpace) && test(withoutSpace(shown)))
  }
  const wanted = fold((match === 'exact' ? text.trimEnd() : text).replaceAll(' ', visibleSpace))
  if (match === 'substring') return (shown) => fold(shown).includes(wanted)
  return (shown) => fold(shown) === wanted || fold(withoutSpace(shown)) === wanted
}

/**
 * Every token that matches, in all sequences; null where nothing is asked. Each different token is looked at once.
 * @param show a token's text as it is shown
 * @throws AppError BAD_ARGUMENT for a pattern that can't be read
 */
export function searchTokens(
  sequences: readonly Sequence[],
  show: (text: string) => string,
  text: string,
  options: SearchOptions,
): SearchResult | null {
  const test = compileSearch(text, options)
  if (!test) return null
  const known = new Map<string, boolean>()
  const matches = (token: string): boolean => {
    let answer = known.get(token)
    if (answer === undefined) known.set(token, (answer = test(show(token))))
    return answer
  }
  const rows: number[] = []
  let row = 0
  let found = 0
  for (const { tokens } of sequences) {
    const before = rows.length
    for (const token of tokens) {
      const isWanted = !options.firstOnly || rows.length === before
      if (isWanted && matches(token.text)) rows.push(row)
      row += 1
    }
    if (rows.length > before) found += 1
  }
  const mask = new Uint8Array(row)
  for (const match of rows) mask[match] = 1
  return { rows: Int32Array.from(rows), mask, sequences: found }
}
