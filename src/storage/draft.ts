import type { KeyValueStore } from './key-value'
import { SavedWork, saveDelayMs, type SetTimer } from './saved-work'

/** What belongs to one tab and goes with it: session storage in the app. Where browsers block it, calls throw. */
export interface TabStore {
  read(key: string): string | null
  /** null: removes it. */
  write(key: string, text: string | null): void
}

export interface DraftPorts {
  store: KeyValueStore
  tab: TabStore
  /** Takes a name that no open tab may have twice; false: another one has it. */
  hold(name: string): Promise<boolean>
  /** Names that open tabs hold. */
  held(): Promise<readonly string[]>
  createId(): string
  /** Milliseconds since the epoch. */
  now(): number
  setTimer: SetTimer
}

/** Text that a tab left which is not open any more. */
export interface LeftDraft {
  key: string
  text: string
}

const textKey = 'attention-atlas-draft'
const idKey = 'attention-atlas-tab'
/** When the tab last wrote, in milliseconds since the epoch. */
const atKey = 'attention-atlas-tab-at'
const prefix = 'draft:'
const lockName = (id: string) => `attention-atlas-tab-${id}`

interface Entry {
  text: string
  /** Milliseconds since the epoch. */
  at: number
}

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Entry).text === 'string' &&
  typeof (value as Entry).at === 'number'

/**
 * Text that was typed but not shown yet. It belongs to its tab, where a reload finds it; since what belongs to a tab is gone
 * when the browser is killed, it is in the database too, a key for each tab. What tabs left that are not open any more is for
 * whoever comes next.
 */
export class Drafts {
  readonly #ports: DraftPorts
  readonly #own: Promise<{ key: string; saved: SavedWork<Entry | null> }>

  constructor(ports: DraftPorts) {
    this.#ports = ports
    this.#own = this.#begin()
  }

  /** This tab's text from before a reload; null: none, or nothing can be stored. */
  get ofTab(): string | null {
    return this.#readTab(textKey)
  }

  /** What closed tabs left, the newest first. */
  async left(): Promise<LeftDraft[]> {
    const { store, held } = this.#ports
    try {
      const { key: own } = await this.#own
      const open = new Set((await held()).map((name) => prefix + name.slice(lockName('').length)))
      return (await store.entries())
        .flatMap(([key, value]) => (key.startsWith(prefix) && isEntry(value) ? [{ key, ...value }] : []))
        .filter(({ key, text }) => key !== own && !open.has(key) && text.trim() !== '')
        .sort((one, other) => other.at - one.at)
        .map(({ key, text }) => ({ key, text }))
    } catch {
      return []
    }
  }

  /** Keeps unshown text of this tab; null: there is none. Where nothing can be stored, nothing is. */
  save(text: string | null): void {
    const at = this.#ports.now()
    const entry = text === null ? null : { text, at }
    void this.#own.then(({ saved }) => saved.schedule(() => entry))
    this.#writeTab(textKey, text)
    this.#writeTab(atKey, String(at))
  }

  /** What a closed tab left is this tab's text from now on. */
  async adopt({ key, text }: LeftDraft): Promise<void> {
    const own = await this.#own
    const entry = { text, at: this.#ports.now() }
    own.saved.schedule(() => entry)
    this.#writeTab(textKey, text)
    this.#writeTab(atKey, String(entry.at))
    // First here, then no longer there: a browser may be killed in between, or its store be full.
    if (await own.saved.flush()) await this.forget(key)
  }

  /** Puts text by, as if a tab had left it. */
  async putBy(text: string): Promise<LeftDraft> {
    const key = prefix + this.#ports.createId()
    await this.#ports.store.set(key, { text, at: this.#ports.now() }).catch(() => undefined)
    return { key, text }
  }

  async forget(key: string): Promise<void> {
    await this.#ports.store.delete(key).catch(() => undefined)
  }

  async #begin() {
    const { store, hold, createId, setTimer } = this.#ports
    const before = this.#readTab(idKey)
    // Now, before the first `save`: a browser that was killed restores a tab as it was seconds before.
    const since = Number(this.#readTab(atKey) ?? 0)
    // A tab that was duplicated has the other one's name in its session storage.
    const id = before !== null && (await hold(lockName(before))) ? before : createId()
    if (id !== before) await hold(lockName(id))
    this.#writeTab(idKey, id)
    const key = prefix + id
    if (id === before) await this.#putByNewer(key, since)
    const saved = new SavedWork<Entry | null>(
      { ...store, set: (at, value) => (value === null ? store.delete(at) : store.set(at, value)) },
      { key, delayMs: saveDelayMs, setTimer, onBlocked: () => undefined }, // the explorer says so once for all that is stored
    )
    return { key, saved }
  }

  /** What this tab wrote after the moment that its browser remembers is offered like any text that was left. */
  async #putByNewer(key: string, since: number): Promise<void> {
    const last = await this.#ports.store.get(key).catch(() => null)
    if (isEntry(last) && last.at > since && last.text.trim() !== '')
      await this.#ports.store.set(prefix + this.#ports.createId(), last).catch(() => undefined)
  }

  #readTab(key: string): string | null {
    try {
      return this.#ports.tab.read(key)
    } catch {
      return null
    }
  }

  #writeTab(key: string, text: string | null): void {
    try {
      this.#ports.tab.write(key, text)
    } catch {
      // Storage is blocked or full: the text is still in the editor.
    }
  }
}
