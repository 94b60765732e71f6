export type HeadSort = 'grid' | 'high' | 'low'

/** By which figure the heads of the matrix are sorted, filtered and tinted; in the address. */
export class ArrangementChoice {
  #figure = $state('')
  #sort = $state<HeadSort>('grid')
  #tint = $state(true)
  #range = $state.raw<readonly [number, number] | null>(null)
  #listeners: readonly (() => void)[] = []

  /** Id of the figure; '': none. */
  get figure(): string {
    return this.#figure
  }
  get sort(): HeadSort {
    return this.#sort
  }
  get tint(): boolean {
    return this.#tint
  }
  /** Heads with a value outside are left out; null: all stay. */
  get range(): readonly [number, number] | null {
    return this.#range
  }

  /** What is not named stays; another figure begins without a range. */
  set(change: { figure?: string; sort?: HeadSort; tint?: boolean; range?: readonly [number, number] | null }): void {
    const figure = change.figure ?? this.#figure
    if (figure !== this.#figure) {
      this.#figure = figure
      this.#range = null
      if (figure === '') this.#sort = 'grid'
    }
    if (change.sort !== undefined) this.#sort = change.sort
    if (change.tint !== undefined) this.#tint = change.tint
    if (change.range !== undefined) this.#range = change.range
    for (const listener of this.#listeners) listener()
  }

  /** Returns the way to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => (this.#listeners = this.#listeners.filter((other) => other !== listener))
  }
}
