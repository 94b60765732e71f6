import type { KeyValueStore } from './key-value'

/** A store that is written before the call returns, for the moment in which the page goes (localStorage in the app). */
export interface Journal {
  read(): string | null
  write(text: string): void
  clear(): void
}

/** Calls back once, after so many milliseconds. */
export type SetTimer = (callback: () => void, ms: number) => void

export const windowTimer: SetTimer = (callback, ms) => void window.setTimeout(callback, ms)

/** So long at least between two writes of what belongs to the user: a browser that is killed takes no more than that with it. */
export const saveDelayMs = 100

/**
 * The last inputs and settings, written when they change: the first change at the end of the task that made it (a timer
 * could be late, on a page that is busy with what changed), those that follow closely together after a pause. `T` must survive
 * a structured clone. A store that does not work is reported once; the page goes on without it.
 */
export class SavedWork<T> {
  readonly #store: KeyValueStore
  readonly #key: string
  readonly #delayMs: number
  readonly #setTimer: SetTimer
  readonly #onBlocked: () => void
  readonly #journal: Journal | null
  #pending: (() => T) | null = null
  #isPausing = false
  #writing: Promise<boolean> = Promise.resolve(true)
  #turn = 0

  constructor(
    store: KeyValueStore,
    options: {
      key: string
      delayMs: number
      setTimer: SetTimer
      onBlocked: () => void
      journal?: Journal
    },
  ) {
    this.#store = store
    this.#key = options.key
    this.#delayMs = options.delayMs
    this.#setTimer = options.setTimer
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

  /** Saves what `read` gives at the time of writing: at the end of this task, or `delayMs` after the last write. */
  schedule(read: () => T): void {
    this.#pending = read
    if (this.#isPausing) return
    this.#pause()
    queueMicrotask(() => void this.flush())
  }

  #pause(): void {
    this.#isPausing = true
    this.#setTimer(() => {
      this.#isPausing = false
      if (!this.#pending) return
      this.#pause()
      void this.flush()
    }, this.#delayMs)
  }

  /**
   * For a page that goes away: what is pending goes to the journal within this call, as the store may not finish. Blobs are
   * left out; `load` takes those from the store.
   */
  leave(): void {
    if (this.#pending) this.#writeJournal(this.#pending())
    void this.flush()
  }

  /** Writes what is pending at once; resolves when that is over, with whether the store took it. Never rejects. */
  flush(): Promise<boolean> {
    const read = this.#pending
    this.#pending = null
    if (!read) return this.#writing
    // The transaction must be asked for now, not a turn later: the page may be about to go.
    const value = read()
    const write = this.#store.set(this.#key, value)
    // The journal belongs to the newest write: an older one may settle after the page was left.
    const turn = ++this.#turn
    this.#writing = Promise.all([this.#writing, write]).then(
      () => {
        if (turn === this.#turn) this.#journal?.clear()
        return true
      },
      () => {
        // The store is full, blocked or broken: what can be, is kept beside it.
        if (turn === this.#turn) this.#writeJournal(value)
        this.#onBlocked()
        return false
      },
    )
    return this.#writing
  }

  #writeJournal(value: T): void {
    try {
      this.#journal?.write(JSON.stringify(value, (_, inner: unknown) => (holdsBlobs(inner) ? undefined : inner)))
    } catch {
      // Full or blocked as well.
    }
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
