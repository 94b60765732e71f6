import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

const known = new WeakMap<Uint8Array, string>()

/**
 * Hex SHA-256 of bytes that do not change any more (asked again, it is remembered). The platform's own where it has one
 * (secure contexts), a script elsewhere: same result, slower.
 */
export async function hashBytes(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const before = known.get(bytes)
  if (before !== undefined) return before
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined
  const hash = bytesToHex(subtle ? new Uint8Array(await subtle.digest('SHA-256', bytes)) : sha256(bytes))
  known.set(bytes, hash)
  return hash
}
