import type { SavedPort } from './dependencies'

/** The part of `navigator.locks` that is used. */
export type Locks = Pick<LockManager, 'request'>

const lockName = 'attention-atlas-writer'

/** Whether this tab saved before it was loaded anew; lives as long as the tab. */
export interface TabMemory {
  read(): boolean
  write(isWriter: boolean): void
}

/**
 * Which of the tabs of this browser writes inputs and settings: the first one, until it goes or another one takes over.
 * Without Web Locks every tab writes, and the last one wins.
 */
export class TabWriter {
  /** null: not known yet. */
  #isWriter = $state.raw<boolean | null>(null)
  readonly #locks: Locks | null
  readonly #listeners: (() => void)[] = []
  readonly #turnListeners: ((how: { isAsked: boolean }) => void)[] = []
  #release: () => void = () => undefined
  /** Grows with every request, so that the end of an earlier one changes nothing. */
  #turn = 0

  readonly #memory: TabMemory
  /** This tab becomes the writer because its user wants that, not because another one goes. */
  #wasAsked = false

  /** @param locks null: this browser has none */
  constructor(locks: Locks | null, memory: TabMemory) {
    this.#locks = locks
    this.#memory = memory
  }

  /** Whether this tab writes; null while that is not known yet. */
  get isWriter(): boolean | null {
    return this.#isWriter
  }

  /** Called when that changes. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Called when this tab becomes the writer after it followed another one. */
  onTurn(listener: (how: { isAsked: boolean }) => void): void {
    this.#turnListeners.push(listener)
  }

  /** Becomes the writer now, or as soon as the one that there is goes. A tab that was the writer and is loaded anew stays it. */
  start(): void {
    if (!this.#locks) return this.#become(true)
    if (this.#memory.read()) return this.#steal()
    const turn = ++this.#turn
    this.#request(turn, { ifAvailable: true })
      .then((wasFree) => {
        if (wasFree || turn !== this.#turn) return
        this.#become(false)
        return this.#request(turn, {})
      })
      // Blocked where the page has no storage of its own.
      .catch(() => turn === this.#turn && this.#become(true))
  }

  /** Becomes the writer in the place of another tab. */
  takeOver(): void {
    this.#wasAsked = true
    this.#steal()
  }

  #steal(): void {
    const turn = ++this.#turn
    this.#request(turn, { steal: true }).catch(() => turn === this.#turn && this.#become(true))
  }

  /** Lets another tab write: for a page that goes away, perhaps to come back. */
  stop(): void {
    this.#turn++
    this.#release()
  }

  /** Holds the lock until it is released or stolen. Resolves false at once where it was not free. */
  async #request(turn: number, options: LockOptions): Promise<boolean> {
    let wasFree = false
    const held = this.#locks!.request(lockName, options, async (lock) => {
      if (!lock) return
      wasFree = true
      if (turn !== this.#turn) return
      const released = new Promise<void>((resolve) => (this.#release = resolve))
      this.#become(true)
      await released
    })
    try {
      await held
    } catch (problem) {
      // Another tab took it away.
      if (!wasFree) throw problem
      this.#lost(turn)
    }
    return wasFree
  }

  #lost(turn: number): void {
    if (turn !== this.#turn) return
    this.#wasAsked = false
    this.#become(false)
    this.#request(turn, {}).catch(() => this.#become(true))
  }

  #become(isWriter: boolean): void {
    if (this.#isWriter === isWriter) return
    const hasFollowed = this.#isWriter === false
    this.#isWriter = isWriter
    this.#memory.write(isWriter)
    for (const listener of this.#listeners) listener()
    if (hasFollowed) for (const listener of this.#turnListeners) listener({ isAsked: this.#wasAsked })
  }
}

/**
 * Saved work that only the writing tab writes. What changes before it is known which one that is, waits; a tab that was not the
 * writer saves anew when its turn comes, after it has looked at what the other one left.
 */
export function writtenByOne(saved: SavedPort, writer: TabWriter): SavedPort {
  let waiting: (() => unknown) | null = null
  writer.onChange(() => {
    if (writer.isWriter && waiting) saved.schedule(waiting)
    waiting = null
  })
  return {
    load: () => saved.load(),
    schedule: (read) => {
      if (writer.isWriter) saved.schedule(read)
      else if (writer.isWriter === null) waiting = read
    },
    flush: () => saved.flush(),
  }
}
