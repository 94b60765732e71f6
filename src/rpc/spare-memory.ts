/**
 * Memory that goes to a worker with one head and comes back for the next: new memory for each of many heads costs more time than
 * filling it. Holds `limit` pieces at most.
 */
export class SpareMemory {
  readonly #limit: number
  #pieces: ArrayBuffer[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** `length` numbers, of any value: whoever takes them fills them all. */
  take(length: number): Float32Array<ArrayBuffer> {
    const at = this.#pieces.findIndex(({ byteLength }) => byteLength === length * Float32Array.BYTES_PER_ELEMENT)
    return at < 0 ? new Float32Array(length) : new Float32Array(this.#pieces.splice(at, 1)[0]!)
  }

  /** The oldest pieces give way: what is asked for now has the size of the newest. */
  give(pieces: readonly ArrayBuffer[]): void {
    this.#pieces = [...this.#pieces, ...pieces].slice(-this.#limit)
  }

  clear(): void {
    this.#pieces = []
  }
}
