import type { KeyValueStore } from './key-value'

/**
 * The last inputs and settings, written soon after they change. `T` must survive a structured clone. A store that does
 * not work is reported once; the page goes on without it.
 */
export class SavedWork<T> {
  readonly #store: KeyValueStore
  readonly #key: string
  readonly #delayMs: number
  readonly #timer: { set(callback: () => void, ms: number): number; clear(id: number): void }
  readonly #onBlocked: () => void
  #pending: (() => T) | null = null
  #timerId: number | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(
    store: KeyValueStore,
    options: {
      key: string
      delayMs: number
      timer: { set(callback: () => void, ms: number): number; clear(id: number): void }
      onBlocked: () => void
    },
  ) {
    this.#store = store
    this.#key = options.key
    this.#delayMs = options.delayMs
    this.#timer = options.timer
    this.#onBlocked = options.onBlocked
  }

  /** What was saved last, or null; the caller checks its shape. */
  async load(): Promise<unknown> {
    try {
      return (await this.#store.get(this.#key)) ?? null
    } catch {
      this.#onBlocked()
      return null
    }
  }

  /** Saves what `read` gives at the time of writing, `delayMs` from the first change on at the latest. */
  schedule(read: () => T): void {
    this.#pending = read
    this.#timerId ??= this.#timer.set(() => void this.flush(), this.#delayMs)
  }

  /** Writes what is pending at once; resolves when it is stored. Never rejects. */
  flush(): Promise<void> {
    if (this.#timerId !== null) this.#timer.clear(this.#timerId)
    this.#timerId = null
    const read = this.#pending
    this.#pending = null
    if (!read) return this.#writing
    // The transaction must be asked for now, not a turn later: the page may be about to go.
    const write = this.#store.set(this.#key, read())
    this.#writing = Promise.all([this.#writing, write]).then(
      () => undefined,
      () => this.#onBlocked(),
    )
    return this.#writing
  }
}
