import type { KeyValueStore } from './key-value'

/** A store that is written before the call returns, for the moment in which the page goes (localStorage in the app). */
export interface Journal {
  read(): string | null
  write(text: string): void
  clear(): void
}

export interface SaveTimer {
  set(callback: () => void, ms: number): number
  clear(id: number): void
}

export const windowTimer: SaveTimer = {
  set: (callback, ms) => window.setTimeout(callback, ms),
  clear: (id) => window.clearTimeout(id),
}

/** So long after a change what belongs to the user is written: a browser that is killed takes no more than that with it. */
export const saveDelayMs = 100

/**
 * The last inputs and settings, written soon after they change. `T` must survive a structured clone. A store that does
 * not work is reported once; the page goes on without it.
 */
export class SavedWork<T> {
  readonly #store: KeyValueStore
  readonly #key: string
  readonly #delayMs: number
  readonly #timer: SaveTimer
  readonly #onBlocked: () => void
  readonly #journal: Journal | null
  #pending: (() => T) | null = null
  #timerId: number | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(
    store: KeyValueStore,
    options: {
      key: string
      delayMs: number
      timer: SaveTimer
      onBlocked: () => void
      journal?: Journal
    },
  ) {
    this.#store = store
    this.#key = options.key
    this.#delayMs = options.delayMs
    this.#timer = options.timer
    this.#onBlocked = options.onBlocked
    this.#journal = options.journal ?? null
  }

  /** What was saved last, or null; the caller checks its shape. */
  async load(): Promise<unknown> {
    const last = this.#readJournal()
    try {
      const stored: unknown = (await this.#store.get(this.#key)) ?? null
      return last ? { ...(stored as object | null), ...last } : stored
    } catch {
      this.#onBlocked()
      return last
    }
  }

  /** Saves what `read` gives at the time of writing, `delayMs` from the first change on at the latest. */
  schedule(read: () => T): void {
    this.#pending = read
    this.#timerId ??= this.#timer.set(() => void this.flush(), this.#delayMs)
  }

  /**
   * For a page that goes away: what is pending goes to the journal within this call, as the store may not finish. Blobs are
   * left out; `load` takes those from the store.
   */
  leave(): void {
    const read = this.#pending
    if (read && this.#journal) {
      try {
        this.#journal.write(JSON.stringify(read(), (_, value: unknown) => (holdsBlobs(value) ? undefined : value)))
      } catch {
        // Full or blocked: the store may still be quick enough.
      }
    }
    void this.flush()
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
      () => this.#journal?.clear(),
      () => this.#onBlocked(),
    )
    return this.#writing
  }

  #readJournal(): object | null {
    try {
      const value: unknown = JSON.parse(this.#journal?.read() ?? 'null')
      return typeof value === 'object' ? value : null
    } catch {
      return null
    }
  }
}

const holdsBlobs = (value: unknown): boolean =>
  Array.isArray(value) && value.some((entry: unknown) => typeof entry === 'object' && entry !== null && 'blob' in entry)
