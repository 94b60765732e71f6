/** What the views have drawn of the run; `ready` waits for it, so that a script never sees half a picture. */
export class Screen {
  #check: (() => boolean) | null = null
  readonly #listeners = new Set<() => void>()

  /** @param isHidden whether the browser draws no frames at all, so that nobody may wait for one */
  constructor(private readonly isHidden: () => boolean = () => false) {}

  /** True where everything that the run has worked out is drawn, or nothing can be drawn. */
  isDrawn(): boolean {
    return this.isHidden() || (this.#check?.() ?? true)
  }

  /** The stage that is asked from now on; null: there is none. */
  watch(check: (() => boolean) | null): void {
    this.#check = check
    this.changed()
  }

  /** Tells that the answer may be another one. */
  changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  /** Returns the way to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
