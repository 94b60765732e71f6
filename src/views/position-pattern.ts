/** Mean attention by position: what a head does wherever it is, over all sequences. */
export interface PositionPattern {
  /** [size,size] mean weight of (query position, key position) over the sequences that have both. */
  weights: Float32Array
  /** [size] number of sequences longer than the position; of a pair it is that of the later position. */
  reach: Int32Array
  size: number
  sequences: number
}

/** Adds sequences one by one; positions beyond `limit` are left out. */
export class PatternSum {
  readonly #sums: Float64Array
  readonly #reach: Int32Array
  #sequences = 0

  /** @param size positions, at most those of the longest sequence */
  constructor(readonly size: number) {
    this.#sums = new Float64Array(size * size)
    this.#reach = new Int32Array(size)
  }

  /** @param weights [length,length] */
  add(weights: Float32Array, length: number): void {
    const shown = Math.min(length, this.size)
    for (let query = 0; query < shown; query += 1) {
      this.#reach[query]! += 1
      for (let key = 0; key < shown; key += 1) {
        this.#sums[query * this.size + key]! += weights[query * length + key]!
      }
    }
    this.#sequences += 1
  }

  mean(): PositionPattern {
    const { size } = this
    const weights = new Float32Array(size * size)
    for (let query = 0; query < size; query += 1) {
      for (let key = 0; key < size; key += 1) {
        const count = this.#reach[Math.max(query, key)]!
        weights[query * size + key] = count > 0 ? this.#sums[query * size + key]! / count : 0
      }
    }
    return { weights, reach: this.#reach.slice(), size, sequences: this.#sequences }
  }
}
