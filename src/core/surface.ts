import type { Sequence, Token } from './types'

/** How a vocabulary marks words: `##ing` goes on, `Ġthe` or `▁the` begins, `the</w>` ends, or nothing says so. */
export type PieceMarks = 'continuation' | 'space' | 'end' | 'none'

/** Told from the marks of the tokens themselves, over all sequences. */
export function findPieceMarks(sequences: readonly Sequence[]): PieceMarks {
  for (const { tokens } of sequences) {
    for (const { text, special } of tokens) {
      if (special) continue
      if (text.startsWith('##')) return 'continuation'
      if (/^[Ġ▁]/u.test(text)) return 'space'
      if (text.endsWith('</w>')) return 'end'
    }
  }
  return 'none'
}

/** GPT-2's table: each byte has a printable character; those without one of their own were moved up to U+0100 and on. */
export const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>()
  let moved = 0
  for (let byte = 0; byte < 256; byte += 1) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    map.set(String.fromCodePoint(printable ? byte : 256 + moved), byte)
    if (!printable) moved += 1
  }
  return map
})()

/** Whether the vocabulary writes bytes as characters (`Ġthe`): told from the marks of the tokens themselves. */
export const isByteLevel = (sequences: readonly Sequence[]): boolean =>
  sequences.some(({ tokens }) => tokens.some(({ text, special }) => !special && text.startsWith('Ġ')))

/** How a vocabulary writes text. */
export interface Writing {
  marks: PieceMarks
  byteLevel: boolean
}

export const writingOf = (sequences: readonly Sequence[]): Writing => ({
  marks: findPieceMarks(sequences),
  byteLevel: isByteLevel(sequences),
})

/** What lies before a character: nothing; a space; perhaps a space (the tokens do not tell); a special token. */
export type Gap = 'none' | 'space' | 'either' | 'break'

/** A character of a sequence as its tokens have it, white space left out. */
export interface SurfaceCharacter {
  text: string
  /** First and last token that holds a part of it: several where tokens are bytes. */
  first: number
  last: number
  before: Gap
}

const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u

/** Written without spaces between words. */
export const isSpaceless = (character: string): boolean => cjk.test(character)

const isLetter = (character: string): boolean => /[\p{L}\p{N}\p{M}]/u.test(character) && !isSpaceless(character)

/** Bytes of UTF-8 after the first one. */
const bytesAfter = (lead: number): number => (lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3)

class SurfaceWriter {
  readonly characters: SurfaceCharacter[] = []
  private gap: Gap = 'none'
  private bytes: number[] = []
  private firstOfBytes = 0

  constructor(private readonly writing: Writing) {}

  breakHere(): void {
    this.bytes = []
    this.gap = 'break'
  }

  /** A token begins: whether a word does, as far as that is known before its characters. */
  begin(token: Token): void {
    const { marks } = this.writing
    if (this.gap !== 'none' || this.bytes.length > 0) return
    if (marks === 'continuation' || marks === 'none') this.gap = token.text.startsWith('##') ? 'none' : 'either'
  }

  space(): void {
    if (this.gap !== 'break') this.gap = 'space'
  }

  character(text: string, first: number, last: number): void {
    if (/^\s$/u.test(text)) {
      this.space()
      return
    }
    const before = this.characters.at(-1)
    // Letters side by side would be one word; what else stands side by side may have had a space between or not.
    const isApart = this.gap === 'either' && before !== undefined && isLetter(before.text) && isLetter(text)
    this.characters.push({ text, first, last, before: isApart ? 'space' : this.gap })
    this.gap = 'none'
  }

  byte(value: number, token: number): void {
    if (value < 0x80) {
      this.bytes = []
      this.character(String.fromCharCode(value), token, token)
      return
    }
    if (value >= 0xc0) this.bytes = []
    if (this.bytes.length === 0) this.firstOfBytes = token
    this.bytes.push(value)
    if (this.bytes.length <= bytesAfter(this.bytes[0]!)) return
    this.character(new TextDecoder().decode(Uint8Array.from(this.bytes)), this.firstOfBytes, token)
    this.bytes = []
  }
}

/**
 * The text of a sequence as its tokens have it, character by character, with the tokens that each is of. Special tokens have no
 * characters; nothing that is read from one end of the result to the other crosses them unseen.
 */
export function surfaceOf(tokens: readonly Token[], writing: Writing): SurfaceCharacter[] {
  const writer = new SurfaceWriter(writing)
  tokens.forEach((token, index) => {
    if (token.special) {
      writer.breakHere()
      return
    }
    writer.begin(token)
    const bytes = bytesOf(token.text, writing.byteLevel)
    if (bytes) {
      for (const byte of bytes) writer.byte(byte, index)
      return
    }
    const isEnd = writing.marks === 'end' && token.text.endsWith('</w>')
    const text = token.text.replace(/^##/u, '').replace(/<\/w>$/u, '')
    for (const character of text.normalize('NFC')) {
      if (character === '▁') writer.space()
      else writer.character(character, index, index)
    }
    if (isEnd) writer.space()
  })
  return writer.characters
}

/** The bytes that a token stands for; null: it is text. */
function bytesOf(text: string, byteLevel: boolean): number[] | null {
  const one = /^<0x([0-9A-F]{2})>$/i.exec(text)
  if (one) return [Number.parseInt(one[1]!, 16)]
  if (!byteLevel) return null
  const bytes: number[] = []
  for (const character of text) {
    const byte = byteOfCharacter.get(character)
    if (byte === undefined) return null
    bytes.push(byte)
  }
  return bytes
}
