/** Work in slices: how long a slice may hold the page up. */
const sliceMs = 10

/** Lets the browser draw and answer. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

/** Pauses whenever a slice is used up. */
export class Slices {
  #until = performance.now() + sliceMs

  async rest(): Promise<void> {
    if (performance.now() < this.#until) return
    await pause()
    this.#until = performance.now() + sliceMs
  }
}
