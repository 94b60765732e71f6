import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { writingOf } from '../../../src/core/surface'
import { speechParts } from '../../../src/core/speech-part'
import type { Sequence } from '../../../src/core/types'
import { placeWords } from '../../../src/language/place-words'
import { loadTagger } from '../../../src/language/tag-words'
import { createTokenizer } from '../../../src/models/tokenizer'
import { SpeechState } from '../../../src/ui/speech-state.svelte'

const readJson = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../public/models/${path}`, import.meta.url), 'utf8'))
const tokenizerOf = (model: string) =>
  createTokenizer(
    { tokenizer: readJson(`${model}/tokenizer.json`), config: readJson(`${model}/tokenizer_config.json`) },
    512,
  )
const bert = await tokenizerOf('bge-small-en-v1.5')
const bytes = await tokenizerOf('smollm2-135m-instruct')
const tag = await loadTagger()

const sequenceOf = (tokenizer: typeof bert, line: string): Sequence => {
  const { tokens, truncated } = tokenizer.prepare(line)
  return { id: line, name: line, tokens, truncated }
}

/** `token part` of each token that is no special one. */
function partsOf(tokenizer: typeof bert, line: string): string[] {
  const { tokens } = sequenceOf(tokenizer, line)
  const parts = placeWords(line, tag(line), tokens, writingOf([sequenceOf(tokenizer, `${line} unbelievableness`)]))
  return tokens.flatMap(({ text, special }, index) => (special ? [] : [`${text} ${speechParts[parts[index]!]}`]))
}

describe('parts of speech', () => {
  it('of words in a sentence', () => {
    expect(partsOf(bert, 'She quickly gave Maria the 3 red books, and they sat on it.')).toEqual([
      'she pronoun',
      'quickly adverb',
      'gave verb',
      'maria properNoun',
      'the determiner',
      '3 number',
      'red adjective',
      'books noun',
      ', other',
      'and conjunction',
      'they pronoun',
      'sat verb',
      'on preposition',
      'it pronoun',
      '. other',
    ])
  })

  it('tell two uses of one word apart', () => {
    const verb = partsOf(bert, 'They will book a room.').find((entry) => entry.startsWith('book'))
    const noun = partsOf(bert, 'The book is old.').find((entry) => entry.startsWith('book'))
    expect([verb, noun]).toEqual(['book verb', 'book noun'])
  })

  it('are those of the whole word in all of its pieces, for word pieces and byte-level tokens', () => {
    const pieces = partsOf(bert, 'The photosynthesizers hummed.')
    expect(pieces.filter((entry) => entry.startsWith('##')).length).toBeGreaterThan(0)
    for (const entry of pieces.slice(1, -3)) expect(entry).toMatch(/ noun$/)
    const parts = partsOf(bytes, 'The photosynthesizers hummed quietly.')
    expect(parts[0]).toBe('The determiner')
    expect(parts.at(-2)).toBe('Ġquietly adverb')
    expect(parts.slice(1, -3).every((entry) => / (noun|verb)$/.test(entry))).toBe(true)
  })

  it('keep their place beside what vocabularies change: accents, case, unknown characters, odd spaces', () => {
    expect(partsOf(bert, 'The café\u00a0  was  ÜBER crowded.')).toEqual(
      expect.arrayContaining(['the determiner', 'cafe noun', 'was verb', 'crowded verb']),
    )
    expect(partsOf(bert, '𒀀𒀁𒀂 The old dog slept.').slice(-5)).toEqual([
      'the determiner',
      'old adjective',
      'dog noun',
      'slept verb',
      '. other',
    ])
  })

  it('are “other” for what is no English', () => {
    expect(partsOf(bert, '北京 is big').slice(0, 3)).toEqual(['北 other', '京 other', 'is verb'])
    expect(partsOf(bert, 'Привет мир').every((entry) => entry.endsWith(' other'))).toBe(true)
  })

  it('come for long lines too', () => {
    const long = 'The old dog slept near the warm fire. '.repeat(200)
    expect(tag(long).length).toBe(1600)
  })
})

describe('the parts of all sequences', () => {
  const first = sequenceOf(bert, 'The dog slept. ||| It ran.')
  const second = sequenceOf(bert, 'Two cats ran.')

  it('are worked out once asked for, pairs as both of their sentences', async () => {
    const state = new SpeechState({ pause: () => Promise.resolve(), now: () => 0 })
    expect(state.encoding.value({ table: undefined as never, norms: null }, 0)).toEqual({ key: 'unknown' })
    await state.ask([first, second])
    const parts = [...first.tokens, ...second.tokens].map((_, point) => {
      const count = first.tokens.length + second.tokens.length
      const label = state.encoding.value({ table: { n: count, m: count } as never, norms: null }, point)
      return 'key' in label ? label.key : ''
    })
    expect(parts.join(' ')).toBe(
      'other determiner noun verb other other pronoun verb other other other number noun verb other other',
    )
  })

  it('say where the tagger could not be fetched, and come with the next try', async () => {
    let isOnline = false
    const load = () => (isOnline ? loadTagger() : Promise.reject(new TypeError('Failed to fetch')))
    const state = new SpeechState({ pause: () => Promise.resolve(), now: () => 0, load })
    const sequences = [second]
    await state.ask(sequences)
    expect(state.failed).toBe(true)
    isOnline = true
    await state.ask(sequences)
    expect(state.failed).toBe(false)
  })
})
