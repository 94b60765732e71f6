const rowsPerFrame = 16

/** How many rows of a hidden table are made yet. Some come each frame: all at once would hold up the picture. */
export class GrowingRows {
  #made = $state(0)

  /** To be created while a component is being set up. @param wanted number of rows in the end */
  constructor(wanted: () => number) {
    $effect(() => {
      if (this.#made >= wanted()) return
      const frame = requestAnimationFrame(() => (this.#made += rowsPerFrame))
      return () => cancelAnimationFrame(frame)
    })
  }

  /** The first ones, as many as are made. */
  of<T>(rows: readonly T[]): readonly T[] {
    return rows.slice(0, this.#made)
  }
}
