/**
 * Ranks and Spearman correlations without allocation: one `Ranker` serves any number of rows up to its capacity.
 */

const runLength = 12
/** From here on values are dealt into bins first. */
const fewestDealt = 48
/** Where more values than these share a bin, comparing them there would take too long: they are merged instead. */
const fullestBin = 24

/** Ranks of the values of a row, ties sharing their mean rank. */
export class Ranker {
  #order: Int32Array
  #spare: Int32Array
  #keys: Float64Array
  #spareKeys: Float64Array
  /** Where the next value of each bin goes. */
  readonly #bins: Int32Array

  constructor(capacity: number) {
    this.#order = new Int32Array(capacity)
    this.#spare = new Int32Array(capacity)
    this.#keys = new Float64Array(capacity)
    this.#spareKeys = new Float64Array(capacity)
    this.#bins = new Int32Array(capacity + 1)
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

  #sort(values: Float64Array, count: number): void {
    if (count < fewestDealt || !this.#deal(values, count)) this.#merge(values, count)
  }

  /**
   * A stable sort in a time that grows with the count alone where values are spread out: they are dealt into as many bins as there
   * are values, by where they lie between the smallest and the largest, and put in order inside each. Returns false, with nothing
   * sorted, where a bin is too full or a value is no number.
   */
  #deal(values: Float64Array, count: number): boolean {
    let lowest = Infinity
    let highest = -Infinity
    for (let index = 0; index < count; index++) {
      const value = values[index]!
      if (value < lowest) lowest = value
      if (value > highest) highest = value
    }
    // Rounding keeps the order of what is multiplied by one factor: no value gets into a bin above that of a greater one.
    const factor = (count - 1) / (highest - lowest)
    if (!(factor > 0 && factor < Infinity)) return false
    const bins = this.#bins
    const order = this.#order
    const keys = this.#keys
    const binOf = this.#spare
    bins.fill(0, 0, count + 1)
    for (let index = 0; index < count; index++) {
      const bin = Math.floor((values[index]! - lowest) * factor)
      if (!(bin >= 0 && bin < count)) return false
      binOf[index] = bin
      if (++bins[bin + 1]! > fullestBin) return false
    }
    for (let bin = 1; bin < count; bin++) bins[bin]! += bins[bin - 1]!
    for (let index = 0; index < count; index++) {
      const place = bins[binOf[index]!]!++
      keys[place] = values[index]!
      order[place] = index
    }
    for (let index = 1; index < count; index++) {
      const value = keys[index]!
      if (keys[index - 1]! <= value) continue
      const from = order[index]!
      let place = index
      while (place > 0 && keys[place - 1]! > value) {
        keys[place] = keys[place - 1]!
        order[place] = order[place - 1]!
        place--
      }
      keys[place] = value
      order[place] = from
    }
    return true
  }

  /** A stable merge sort of (value, index): insertion for short runs, then runs merged between two buffers. */
  #merge(values: Float64Array, count: number): void {
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
