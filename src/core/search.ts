import { compilePattern, type TextTest } from './pattern'
import { isSpaceless, surfaceOf, writingOf, type SurfaceCharacter, type Writing } from './surface'
import type { Sequence, Token } from './types'

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

/** Tokens from `first` to `last` that match together. */
interface Run {
  first: number
  last: number
}

type FindRuns = (characters: readonly SurfaceCharacter[]) => Run[]

const isAscii = (text: string): boolean => text.length === 1 && text.charCodeAt(0) < 128

const foldWith =
  (caseSensitive: boolean) =>
  (text: string): string => {
    const folded = caseSensitive ? text : text.toLowerCase()
    return isAscii(folded) ? folded : folded.normalize('NFC')
  }

/** Whether a word may begin or end before the character at `index`: not inside a word of a script with spaces. */
function isBorder(characters: readonly SurfaceCharacter[], index: number): boolean {
  const [left, right] = [characters[index - 1], characters[index]]
  if (!left || !right) return true
  return right.before !== 'none' || isSpaceless(left.text) || isSpaceless(right.text)
}

/** Finds a text over the borders of tokens: words cut to pieces, words side by side, and scripts without spaces. */
function findText(text: string, whole: boolean, caseSensitive: boolean): FindRuns {
  const fold = foldWith(caseSensitive)
  const wanted: { text: string; spaced: boolean }[] = []
  let spaced = false
  for (const character of fold(text)) {
    if (/[\s␣]/u.test(character)) spaced = true
    else {
      wanted.push({ text: character, spaced })
      spaced = false
    }
  }
  // A typed space at the start asks for the token's own mark.
  if (wanted.length === 0 || wanted[0]!.spaced) return () => []
  const follows = ({ before }: SurfaceCharacter, isSpaced: boolean): boolean =>
    before === 'either' || (before !== 'break' && (before === 'space') === isSpaced)
  return (characters) => {
    const folded = characters.map((character) => fold(character.text))
    const runs: Run[] = []
    for (let start = 0; start + wanted.length <= characters.length; start += 1) {
      const isHere = wanted.every(
        (one, at) => folded[start + at] === one.text && (at === 0 || follows(characters[start + at]!, one.spaced)),
      )
      const end = start + wanted.length
      if (!isHere || (whole && !(isBorder(characters, start) && isBorder(characters, end)))) continue
      runs.push({ first: characters[start]!.first, last: characters[end - 1]!.last })
    }
    return runs
  }
}

/** Characters of a script without spaces that a pattern is tried on together. */
const longestWindow = 8

/** Tries a pattern on words that were cut to pieces, and on stretches of scripts without spaces. */
function findPattern(test: TextTest, hasAnchors: boolean): FindRuns {
  return (characters) => {
    const runs: Run[] = []
    const textOf = (from: number, to: number): string =>
      characters
        .slice(from, to)
        .map(({ text }) => text)
        .join('')
    const runOf = (from: number, to: number): Run => ({
      first: characters[from]!.first,
      last: characters[to - 1]!.last,
    })
    for (let start = 0; start < characters.length;) {
      let end = start + 1
      while (end < characters.length && !isBorder(characters, end)) end += 1
      if (isSpaceless(characters[start]!.text)) {
        for (let to = end; !hasAnchors && to <= Math.min(characters.length, start + longestWindow); to += 1) {
          const next = characters[to - 1]!
          if (to > end && (!isSpaceless(next.text) || next.before === 'break' || next.before === 'space')) break
          if (!test(textOf(start, to))) continue
          // What a later start finds as well is not of this one.
          if (to === end || !test(textOf(start + 1, to))) runs.push(runOf(start, to))
          break
        }
      } else if (characters[end - 1]!.last > characters[start]!.first && test(textOf(start, end)))
        runs.push(runOf(start, end))
      start = end
    }
    return runs
  }
}

const surfaces = new WeakMap<readonly Token[], { key: string; characters: readonly SurfaceCharacter[] }>()

function surfaceFor(tokens: readonly Token[], writing: Writing): readonly SurfaceCharacter[] {
  const key = `${writing.marks} ${writing.byteLevel}`
  const known = surfaces.get(tokens)
  if (known?.key === key) return known.characters
  const characters = surfaceOf(tokens, writing)
  surfaces.set(tokens, { key, characters })
  return characters
}

/**
 * Every token that matches, in all sequences; null where nothing is asked. A text is looked for in single tokens, and over their
 * borders: in words of several pieces, in words side by side, in scripts without spaces; and in labels. Each different token is
 * looked at once.
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
  const findRuns =
    options.match === 'regex'
      ? findPattern(compilePattern(text, options.caseSensitive), /[\^$]/.test(text))
      : findText(text, options.match === 'exact', options.caseSensitive)
  const writing = writingOf(sequences)
  const known = new Map<string, boolean>()
  const matches = (token: string): boolean => {
    let answer = known.get(token)
    if (answer === undefined) known.set(token, (answer = test(show(token))))
    return answer
  }
  const mask = new Uint8Array(sequences.reduce((sum, { tokens }) => sum + tokens.length, 0))
  let start = 0
  let found = 0
  for (const { tokens, labels } of sequences) {
    const runs = findRuns(surfaceFor(tokens, writing))
    tokens.forEach((token, index) => {
      const label = labels?.[index]
      if (matches(token.text) || (label && test(label))) runs.push({ first: index, last: index })
    })
    if (runs.length > 0) found += 1
    const earliest = runs.reduce((least, { first }) => Math.min(least, first), Infinity)
    for (const { first, last } of runs)
      if (!options.firstOnly || first === earliest) mask.fill(1, start + first, start + last + 1)
    start += tokens.length
  }
  const rows = Int32Array.from(mask.keys()).filter((row) => mask[row] === 1)
  return { rows, mask, sequences: found }
}
