import { byteOfCharacter } from '../core/surface'

export { isByteLevel } from '../core/surface'

/** What stands for a space that belongs to a token. */
export const visibleSpace = '␣'

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
