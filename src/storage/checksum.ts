const sliceWords = 1 << 20

/** Two multiplicative lanes over 32-bit words: enough to notice damage, many times faster than a cryptographic hash. */
class Checksum {
  #low = 0x811c9dc5
  #high = 0x9747b28c

  words(words: Uint32Array): void {
    let low = this.#low
    let high = this.#high
    for (let index = 0; index < words.length; index++) {
      const word = words[index] ?? 0
      low = Math.imul(low ^ word, 0x01000193)
      low ^= low >>> 15
      high = Math.imul(high + word, 0x85ebca6b) ^ (high >>> 13)
    }
    this.#low = low
    this.#high = high
  }

  bytes(bytes: Uint8Array): void {
    const padded = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4 + 4)
    padded.set(bytes)
    const words = new Uint32Array(padded.buffer)
    words[words.length - 1] = bytes.byteLength
    this.words(words)
  }

  get value(): string {
    return (this.#low >>> 0).toString(16).padStart(8, '0') + (this.#high >>> 0).toString(16).padStart(8, '0')
  }
}

/**
 * Checksum of a JSON value and named arrays, computed in slices with `pause` between them so that the page stays
 * responsive.
 */
export async function checksumOf(
  json: unknown,
  arrays: Readonly<Record<string, ArrayBufferView>>,
  pause: () => Promise<void>,
): Promise<string> {
  const checksum = new Checksum()
  const encoder = new TextEncoder()
  checksum.bytes(encoder.encode(JSON.stringify(json)))
  for (const name of Object.keys(arrays).sort()) {
    const array = arrays[name]
    if (!array) continue
    checksum.bytes(encoder.encode(`${name};${array.byteLength};`))
    if (array.byteOffset % 4 !== 0 || array.byteLength % 4 !== 0) {
      checksum.bytes(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
      continue
    }
    const words = new Uint32Array(array.buffer, array.byteOffset, array.byteLength / 4)
    for (let start = 0; start < words.length; start += sliceWords) {
      if (start > 0) await pause()
      checksum.words(words.subarray(start, start + sliceWords))
    }
  }
  return checksum.value
}
