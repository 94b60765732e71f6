import type { Sequence } from '../core/types'

/** What stands for a space that belongs to a token. */
export const visibleSpace = '␣'

/** GPT-2's table: each byte has a printable character; those without one of their own were moved up to U+0100 and on. */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
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

const showCharacters = (text: string): string =>
  text
    .replaceAll('\r', '␍')
    .replaceAll('\n', '↵')
    .replaceAll('\t', '⇥')
    .replaceAll(' ', visibleSpace)
    .replace(
      /[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu,
      (character) => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
    )

/** Bytes as text; what is no UTF-8 of its own (a part of a character) in hex. */
function showBytes(bytes: Uint8Array): string {
  try {
    return showCharacters(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return [...bytes]
      .map((byte) => (byte < 128 ? showCharacters(String.fromCharCode(byte)) : `⟨${hex(byte)}⟩`))
      .join('')
  }
}

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0')

/** A token as people read it: spaces and line ends visible, bytes decoded, `##` kept. */
export function showToken(text: string, byteLevel: boolean): string {
  if (byteLevel) {
    const bytes = [...text].map((character) => byteOfCharacter.get(character))
    if (bytes.every((byte) => byte !== undefined)) return showBytes(Uint8Array.from(bytes))
  }
  const byteToken = /^<0x([0-9A-F]{2})>$/i.exec(text)
  if (byteToken) return showBytes(Uint8Array.of(Number.parseInt(byteToken[1] ?? '0', 16)))
  return showCharacters(text.replaceAll('▁', ' ').replaceAll('</w>', ''))
}

/** A long token cut to `length` characters. */
export function shorten(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}
