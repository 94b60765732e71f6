import type { SpeechPart } from '../core/speech-part'

/** A word of a text: `start` and `end` are indices of UTF-16 code units. */
export interface TaggedWord {
  start: number
  end: number
  part: SpeechPart
}

export type Tagger = (text: string) => TaggedWord[]

/** The first of these tags that a word has says what it is. */
const partOfTag: readonly (readonly [tag: string, part: SpeechPart])[] = [
  ['Pronoun', 'pronoun'],
  ['ProperNoun', 'properNoun'],
  ['Value', 'number'],
  ['Determiner', 'determiner'],
  ['Conjunction', 'conjunction'],
  ['Preposition', 'preposition'],
  ['Adverb', 'adverb'],
  ['Adjective', 'adjective'],
  ['Verb', 'verb'],
  ['Noun', 'noun'],
]

/** The tagger knows English only; what it can't know it calls a noun. */
const isLatin = (word: string): boolean => /^[\p{Script=Latin}\p{M}\d'’.,-]+$/u.test(word)

function partOf(word: string, tags: ReadonlySet<string>): SpeechPart {
  if (!isLatin(word)) return 'other'
  return partOfTag.find(([tag]) => tags.has(tag))?.[1] ?? 'other'
}

/** Longer pieces make the tagger slow: its rules look over whole sentences. */
const pieceCharacters = 1000

/**
 * Words of English texts with their parts of speech (compromise). The tagger is fetched when this is first called. Its own offsets
 * lose their place at odd white space, so words are looked up in the text from one to the next.
 */
export async function loadTagger(): Promise<Tagger> {
  const { default: nlp } = await import('compromise/two')
  return (text) => {
    const words: TaggedWord[] = []
    let at = 0
    for (let from = 0; from < text.length;) {
      const space = text.indexOf(' ', from + pieceCharacters)
      const to = space < 0 ? text.length : space
      for (const sentence of nlp(text.slice(from, to)).docs)
        for (const { text: word, tags } of sentence) {
          const start = word === '' ? -1 : text.indexOf(word, at)
          if (start < 0) continue
          at = start + word.length
          words.push({ start, end: at, part: partOf(word, tags ?? new Set()) })
        }
      from = to
    }
    return words
  }
}
