/** Mean over rows, then over sequences: long sequences do not outweigh short ones. */
export class NestedMean {
  #row = 0
  #rows = 0
  #sequence = 0
  #sequences = 0

  add(value: number): void {
    this.#row += value
    this.#rows++
  }

  closeSequence(): void {
    if (this.#rows > 0) {
      this.#sequence += this.#row / this.#rows
      this.#sequences++
    }
    this.#row = 0
    this.#rows = 0
  }

  /** Null where no sequence had a row. */
  get value(): number | null {
    return this.#sequences > 0 ? this.#sequence / this.#sequences : null
  }
}
