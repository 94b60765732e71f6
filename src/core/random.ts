/**
 * Randomness without a generator: a hash of what the number is for. The order of calls, slices and threads can't change it.
 */

/** 32 well mixed bits of up to four 32-bit integers (the finaliser is the one of MurmurHash3, public domain). */
export function hashIntegers(a: number, b = 0, c = 0, d = 0): number {
  let hash = mixBits(a ^ 0x9e3779b9)
  hash = mixBits(Math.imul(hash, 5) + 0x7f4a7c15 + b)
  hash = mixBits(Math.imul(hash, 5) + 0x7f4a7c15 + c)
  return mixBits(Math.imul(hash, 5) + 0x7f4a7c15 + d)
}

function mixBits(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** A number in [0,1) for (seed, head, step, point). */
export const hashUniform = (seed: number, head = 0, step = 0, point = 0): number =>
  hashIntegers(seed, head, step, point) / 4_294_967_296

/** For libraries that want a function: numbers in [0,1) in the order of the calls, the same for the same seed and stream. */
export function createRandom(seed: number, stream = 0): () => number {
  let step = 0
  return () => {
    const value = hashUniform(seed, stream, step >>> 0, 0x5bd1e995)
    step++
    return value
  }
}
