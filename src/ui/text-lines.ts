export interface LineCount {
  /** Lines that are read: not blank. */
  lines: readonly string[]
  blank: number
}

/** One sequence a line, verbatim; blank lines are left out and counted (not the empty rest after the last line's end). */
export function splitLines(text: string): LineCount {
  const all = text.split(/\r\n|\r|\n/)
  if (all.at(-1) === '') all.pop()
  const lines = all.filter((line) => line.trim() !== '')
  return { lines, blank: all.length - lines.length }
}

export type ReadText = { ok: true; text: string } | { ok: false; why: 'binary' | 'encoding' | 'empty' | 'big' }

/** Larger files are refused before they are read. */
export const largestTextBytes = 20 * 1024 * 1024

/** Text of a dropped file: UTF-8, or UTF-16 with its mark. Anything else is named, never guessed at. */
export function readTextBytes(bytes: Uint8Array): ReadText {
  if (bytes.length === 0) return { ok: false, why: 'empty' }
  if (bytes.length > largestTextBytes) return { ok: false, why: 'big' }
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8'
  if (encoding === 'utf-8' && bytes.includes(0)) return { ok: false, why: 'binary' }
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
    return text.trim() === '' ? { ok: false, why: 'empty' } : { ok: true, text }
  } catch {
    return { ok: false, why: looksBinary(bytes) ? 'binary' : 'encoding' }
  }
}

function looksBinary(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 4096)
  const control = head.filter((byte) => byte < 9 || (byte > 13 && byte < 32) || byte === 127).length
  return control > head.length / 50
}
