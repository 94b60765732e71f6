import { surfaceOf, type Writing } from '../core/surface'
import { speechParts } from '../core/speech-part'
import type { Token } from '../core/types'
import type { TaggedWord } from './tag-words'

const other = speechParts.indexOf('other')

interface Unit {
  text: string
  /** Where in the text, or which character of the surface. */
  at: number
}

/** Letters without case and accents, white space left out: vocabularies drop or keep both. */
function unitsOf(characters: Iterable<{ text: string; at: number }>): Unit[] {
  const units: Unit[] = []
  for (const { text, at } of characters)
    for (const unit of text.normalize('NFKD').toLowerCase())
      if (!/[\s\p{M}]/u.test(unit)) units.push({ text: unit, at })
  return units
}

function* charactersOf(text: string): Iterable<{ text: string; at: number }> {
  let at = 0
  for (const character of text) {
    yield { text: character, at }
    at += character.length
  }
}

/** How far both sides are searched for the place where they agree again, and how many units must agree there. */
const searchUnits = 60
const agreeUnits = 3

/** Pairs of units that are the same: both lists from the start, what only one has left out. */
function* align(left: readonly Unit[], right: readonly Unit[]): Iterable<readonly [left: Unit, right: Unit]> {
  let [i, j] = [0, 0]
  const agrees = (a: number, b: number): boolean => {
    for (let step = 0; step < agreeUnits; step += 1) {
      const [one, two] = [left[a + step], right[b + step]]
      if (!one && !two) return step > 0
      if (one?.text !== two?.text) return false
    }
    return true
  }
  while (i < left.length && j < right.length) {
    if (left[i]!.text === right[j]!.text) {
      yield [left[i]!, right[j]!]
      i += 1
      j += 1
      continue
    }
    const [skipLeft, skipRight] = nextAgreement(i, j, agrees)
    i += skipLeft
    j += skipRight
  }
}

function nextAgreement(i: number, j: number, agrees: (a: number, b: number) => boolean): readonly [number, number] {
  for (let sum = 1; sum <= searchUnits; sum += 1)
    for (let skip = 0; skip <= sum; skip += 1) if (agrees(i + sum - skip, j + skip)) return [sum - skip, skip]
  return [1, 1]
}

/**
 * The part of speech of every token: that of the word in the original text that its first character belongs to.
 * @returns [tokens] indices into `speechParts`; `other` where a token is of no word
 */
export function placeWords(
  text: string,
  words: readonly TaggedWord[],
  tokens: readonly Token[],
  writing: Writing,
): Uint8Array {
  const surface = surfaceOf(tokens, writing)
  const parts = new Uint8Array(tokens.length).fill(other)
  const isPlaced = new Uint8Array(tokens.length)
  let word = 0
  const left = unitsOf(charactersOf(text))
  const right = unitsOf(surface.map(({ text: character }, at) => ({ text: character, at })))
  for (const [{ at: offset }, { at: index }] of align(left, right)) {
    while (word < words.length && words[word]!.end <= offset) word += 1
    const here = words[word]
    const { first, last } = surface[index]!
    for (let token = first; token <= last; token += 1) {
      if (isPlaced[token]) continue
      isPlaced[token] = 1
      if (here && here.start <= offset) parts[token] = speechParts.indexOf(here.part)
    }
  }
  return parts
}
