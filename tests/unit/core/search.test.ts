import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors'
import { compilePattern } from '../../../src/core/pattern'
import { defaultSearchOptions, searchTokens, type SearchOptions } from '../../../src/core/search'
import type { Sequence } from '../../../src/core/types'

const finds = (pattern: string, text: string, caseSensitive = true): boolean =>
  compilePattern(pattern, caseSensitive)(text)

describe('patterns', () => {
  const parts = fc.constantFrom(
    ...[
      'a',
      'b',
      'ab',
      '.',
      '[ab]',
      '[^a]',
      '\\d',
      '\\w',
      '^',
      '$',
      '(a|b)',
      '(?:ab|)',
      '((a*)*)',
      '\\b',
      '(|b)',
      'é',
      '1',
    ],
  )
  const quantified = fc
    .tuple(parts, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{0,2}', '{2,}', '+?', '*?'))
    .map(([part, quantifier]) => (/^(\^|\$|\\b)$/.test(part) ? part : part + quantifier))
  const patterns = fc
    .array(fc.array(quantified, { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((choices) => choices.map((choice) => choice.join('')).join('|'))
  const texts = fc
    .array(fc.constantFrom('a', 'b', 'A', '1', 'é', ' ', '😀'), { maxLength: 8 })
    .map((all) => all.join(''))

  it('find what the expressions of the browser find', () => {
    fc.assert(
      fc.property(patterns, texts, fc.boolean(), (pattern, text, caseSensitive) => {
        expect(finds(pattern, text, caseSensitive)).toBe(new RegExp(pattern, caseSensitive ? 'su' : 'sui').test(text))
      }),
      { numRuns: 3000, seed: 5 },
    )
  })

  it.each([
    ['(a+)+$', 'a'.repeat(4000) + '!'],
    ['(a|a)*b', 'a'.repeat(4000)],
    ['(.*)*x', 'y'.repeat(4000)],
    ['(a?){40}a{40}', 'a'.repeat(39)],
  ])('%s ends at once where backtracking would not', (pattern, text) => {
    expect(finds(pattern, text)).toBe(false)
  })

  it.each([
    '(a',
    'a)',
    '[a',
    '*a',
    'a|+',
    '\\',
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    'a{3,1}',
    '((a{99}){99}){99}',
    'a**',
    '[b-a]',
    '('.repeat(200),
  ])('%s is refused in words', (pattern) => {
    expect(() => compilePattern(pattern, true)).toThrow(AppError)
    expect(() => compilePattern(pattern, true)).toThrow(/^The pattern can't be read: /)
  })

  it('knows the escapes of the usual syntax', () => {
    expect(finds('^\\p{Lu}\\p{Ll}+$', 'Ärger')).toBe(true)
    expect(finds('^\\u00e9\\x41\\u{1F600}$', 'éA😀')).toBe(true)
    expect(finds('^a\\.b\\/c$', 'a.b/c')).toBe(true)
    expect(finds('x{', 'ax{')).toBe(true)
    expect(finds('(?<name>a)b', 'ab')).toBe(true)
    expect(finds('STRASSE', 'strasse', false)).toBe(true)
  })
})

const sequence = (...texts: string[]): Sequence => ({
  id: texts.join(),
  name: texts.join(' '),
  tokens: texts.map((text, id) => ({ id, text, special: text.startsWith('[') })),
  truncated: 0,
})
const sequences = [
  sequence('[CLS]', 'The', 'bank', 'by', 'the', 'river', 'bank', '##ing', '[SEP]'),
  sequence('[CLS]', 'Bank', '␣bank', 'bankers', '.', '[SEP]'),
  sequence('the'),
]
const rowsOf = (text: string, options: Partial<SearchOptions> = {}): number[] | null => {
  const result = searchTokens(sequences, (token) => token, text, { ...defaultSearchOptions, ...options })
  return result && [...result.rows]
}

describe('search', () => {
  it('finds whole tokens, the very first one too', () => {
    expect(rowsOf('bank')).toEqual([2, 6, 10, 11])
    expect(rowsOf('[cls]')).toEqual([0, 9])
    expect(rowsOf('ing')).toEqual([])
    expect(rowsOf('##ing')).toEqual([7])
  })
  it('takes a typed space seriously, and leaves it out otherwise', () => {
    expect(rowsOf(' bank')).toEqual([11])
    expect(rowsOf('␣bank')).toEqual([11])
    expect(rowsOf('bank ')).toEqual([2, 6, 10, 11])
  })
  it('finds parts, with and without case', () => {
    expect(rowsOf('ank', { match: 'substring' })).toEqual([2, 6, 10, 11, 12])
    expect(rowsOf('Bank', { caseSensitive: true })).toEqual([10])
    expect(rowsOf('T', { match: 'substring', caseSensitive: true })).toEqual([1])
  })
  it('finds patterns, with the space before a word left out or asked for', () => {
    expect(rowsOf('^b.nk(ers)?$', { match: 'regex' })).toEqual([2, 6, 10, 11, 12])
    expect(rowsOf('^␣', { match: 'regex' })).toEqual([11])
    expect(() => rowsOf('(', { match: 'regex' })).toThrow(AppError)
    expect(rowsOf('(', {})).toEqual([])
  })
  it('can keep the first of each sequence', () => {
    expect(rowsOf('bank', { firstOnly: true })).toEqual([2, 10])
    expect(searchTokens(sequences, (token) => token, 'bank', defaultSearchOptions)?.sequences).toBe(2)
  })
  it('asks nothing without a text', () => {
    expect(rowsOf('')).toBeNull()
    expect(rowsOf('  ')).toBeNull()
    expect(rowsOf('', { match: 'regex' })).toBeNull()
  })
  it('joins pieces of words, words side by side, and what punctuation cuts', () => {
    expect(rowsOf('banking')).toEqual([6, 7])
    expect(rowsOf('ankin', { match: 'substring' })).toEqual([6, 7])
    expect(rowsOf('b.*ing$', { match: 'regex' })).toEqual([6, 7])
    expect(rowsOf('the river')).toEqual([4, 5])
    expect(rowsOf('theriver')).toEqual([])
    expect(rowsOf('ver ba', { match: 'substring' })).toEqual([5, 6])
    expect(rowsOf('bankers.')).toEqual([12, 13])
    expect(rowsOf('bank', { firstOnly: true, match: 'substring' })).toEqual([2, 10])
  })
  it('finds every word in all of its pieces, however words are cut', () => {
    const word = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }).map((all) => all.join(''))
    const cut = fc.tuple(word, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })).map(([text, cuts]) => ({
      text,
      pieces: [...text].reduce<string[]>((pieces, letter, at) => {
        if (at === 0) return [letter]
        return cuts[at] ? [...pieces, `##${letter}`] : [...pieces.slice(0, -1), pieces.at(-1)! + letter]
      }, []),
    }))
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 12 }), word, (words, wanted) => {
        // One cut word at least, so that the vocabulary's marks show.
        const tokens = [...words.flatMap(({ pieces }) => pieces), 'x', '##y']
        const expected = words.flatMap(({ text, pieces }) => pieces.map((piece) => text === wanted || piece === wanted))
        const rows = searchTokens([sequence(...tokens)], (token) => token, wanted, defaultSearchOptions)!.rows
        expect([...rows]).toEqual(expected.flatMap((is, row) => (is ? [row] : [])))
      }),
      { numRuns: 1000 },
    )
  })
  it('never goes over a special token', () => {
    const pair = [sequence('[CLS]', 'the', '[SEP]', 'cat', '##s', '[SEP]')]
    const find = (text: string) => [...searchTokens(pair, (token) => token, text, defaultSearchOptions)!.rows]
    expect([find('the cats'), find('cats')]).toEqual([[], [3, 4]])
  })
  it('finds Chinese as it is written: over tokens, without borders of words, in bytes too', () => {
    const word = [sequence('[CLS]', '我', '爱', '北', '京', '和', 'Ber', '##lin', '。', '[SEP]')]
    const find = (list: Sequence[], text: string, options: Partial<SearchOptions> = {}) => [
      ...searchTokens(list, (token) => token, text, { ...defaultSearchOptions, ...options })!.rows,
    ]
    expect(find(word, '北京')).toEqual([3, 4])
    expect(find(word, '爱北', { match: 'substring' })).toEqual([2, 3])
    expect(find(word, '北.', { match: 'regex' })).toEqual([3, 4])
    expect(find(word, '[和京]', { match: 'regex' })).toEqual([4, 5])
    expect(find(word, 'berlin')).toEqual([6, 7])
    expect(find(word, '北京。')).toEqual([])
    const pieces = [sequence('▁我', '爱北', '京', '▁x')]
    expect(find(pieces, '北京')).toEqual([1, 2])
    // GPT-2's bytes: 京 is E4 BA AC, in two tokens.
    const bytes = [sequence('Ġin', 'Ġåľ°', 'äº', '¬', 'Ġok')]
    expect(find(bytes, '京')).toEqual([2, 3])
    expect(find(bytes, '地京')).toEqual([1, 2, 3])
    expect(find(bytes, 'in 地', { match: 'substring' })).toEqual([0, 1])
  })
  it('marks what it found', () => {
    const result = searchTokens(sequences, (token) => token, 'the', defaultSearchOptions)!
    expect([...result.mask].flatMap((mark, row) => (mark ? [row] : []))).toEqual([...result.rows])
    expect(result.mask).toHaveLength(16)
  })
})
