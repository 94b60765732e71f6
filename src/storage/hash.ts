import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

export type HashPart = string | number | null | ArrayBufferView

const encoder = new TextEncoder()

function bytesOf(part: HashPart): Uint8Array {
  if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
  return encoder.encode(part === null ? 'null' : `${typeof part}:${part}`)
}

/** Hex SHA-256 of a list of parts. Each part's length goes in before it, so that moving a border changes the hash. */
export function hashParts(...parts: HashPart[]): string {
  const hash = sha256.create()
  for (const part of parts) {
    const bytes = bytesOf(part)
    hash.update(encoder.encode(`${bytes.byteLength};`)).update(bytes)
  }
  return bytesToHex(hash.digest())
}
