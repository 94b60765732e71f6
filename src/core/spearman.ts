/**
 * Ranks and Spearman correlations without allocation: one `Ranker` serves any number of rows up to its capacity.
 */

const runLength = 12

/** Ranks of the values of a row, ties sharing their mean rank. */
export class Ranker {
  #order: Int32Array
  #spare: Int32Array
  #keys: Float64Array
  #spareKeys: Float64Array

  constructor(capacity: number) {
    this.#order = new Int32Array(capacity)
    this.#spare = new Int32Array(capacity)
    this.#keys = new Float64Array(capacity)
    this.#spareKeys = new Float64Array(capacity)
  }

  /**
   * Writes the ranks (1 … count) of `values[0 … count)` to `ranks`, ties sharing their mean.
   * Returns the sum of (rank − mean rank)²: 0 when all values are equal.
   */
  rank(values: Float64Array, count: number, ranks: Float64Array): number {
    this.#sort(values, count)
    const order = this.#order
    const keys = this.#keys
    const middle = (count + 1) / 2
    let spread = 0
    for (let first = 0; first < count;) {
      let end = first + 1
      const value = keys[first]!
      while (end < count && keys[end] === value) end++
      const rank = (first + 1 + end) / 2
      spread += (end - first) * (rank - middle) * (rank - middle)
      for (; first < end; first++) ranks[order[first]!] = rank
    }
    return spread
  }

  /** Indices of the `count` values in rising order, equal values by index; valid until the next call. */
  sortedIndices(values: Float64Array, count: number): Int32Array {
    this.#sort(values, count)
    return this.#order
  }

  /** A stable merge sort of (value, index): insertion for short runs, then runs merged between two buffers. */
  #sort(values: Float64Array, count: number): void {
    let keys = this.#keys
    let order = this.#order
    for (let start = 0; start < count; start += runLength) {
      const end = Math.min(start + runLength, count)
      keys[start] = values[start]!
      order[start] = start
      for (let index = start + 1; index < end; index++) {
        const value = values[index]!
        let place = index
        while (place > start && keys[place - 1]! > value) {
          keys[place] = keys[place - 1]!
          order[place] = order[place - 1]!
          place--
        }
        keys[place] = value
        order[place] = index
      }
    }
    let targetKeys = this.#spareKeys
    let target = this.#spare
    for (let width = runLength; width < count; width *= 2) {
      for (let start = 0; start < count; start += 2 * width) {
        const middle = Math.min(start + width, count)
        const end = Math.min(start + 2 * width, count)
        let left = start
        let right = middle
        for (let place = start; place < end; place++) {
          if (left < middle && (right >= end || keys[left]! <= keys[right]!)) {
            targetKeys[place] = keys[left]!
            target[place] = order[left++]!
          } else {
            targetKeys[place] = keys[right]!
            target[place] = order[right++]!
          }
        }
      }
      ;[keys, targetKeys] = [targetKeys, keys]
      ;[order, target] = [target, order]
    }
    this.#keys = keys
    this.#spareKeys = targetKeys
    this.#order = order
    this.#spare = target
  }
}

/** Pearson correlation of two rows of ranks 1 … count whose spreads are known (`Ranker.rank`); both must be above 0. */
export function correlateRanks(
  first: Float64Array,
  second: Float64Array,
  count: number,
  firstSpread: number,
  secondSpread: number,
): number {
  const middle = (count + 1) / 2
  let sum = 0
  for (let index = 0; index < count; index++) sum += (first[index]! - middle) * (second[index]! - middle)
  return sum / Math.sqrt(firstSpread * secondSpread)
}

/** Spearman rank correlation; null when a side is constant or shorter than two. */
export function spearman(first: ArrayLike<number>, second: ArrayLike<number>): number | null {
  const count = Math.min(first.length, second.length)
  if (count < 2) return null
  const ranker = new Ranker(count)
  const firstRanks = new Float64Array(count)
  const secondRanks = new Float64Array(count)
  const firstSpread = ranker.rank(Float64Array.from(first), count, firstRanks)
  const secondSpread = ranker.rank(Float64Array.from(second), count, secondRanks)
  if (firstSpread === 0 || secondSpread === 0) return null
  return correlateRanks(firstRanks, secondRanks, count, firstSpread, secondSpread)
}
