/** Below and above these a step is made longer or shorter. */
const shortMs = 12
const longMs = 40

/**
 * How much work to hand to the GPU at once: enough to keep it busy, little enough that a cancelled job stops soon and the
 * screen is drawn in between. The split never changes a result.
 */
export class Pacer {
  readonly #now: () => number
  #size: number
  #began = 0

  /** Starts with `size` units of work a step. */
  constructor(size: number, now: () => number) {
    this.#size = Math.max(1, size)
    this.#now = now
  }

  /** Units of work that the step that begins now may hold. */
  begin(): number {
    this.#began = this.#now()
    return Math.max(1, Math.round(this.#size))
  }

  /** `units` of work were done since `begin`. Less than asked for says nothing about longer steps. */
  end(units: number): void {
    const ms = this.#now() - this.#began
    if (ms < shortMs && units >= this.#size) this.#size *= 2
    else if (ms > longMs) this.#size = Math.max(1, this.#size / 2)
  }
}
