import type { CacheEntry } from '../storage/cache'
import type { CachePort } from './dependencies'

/** The cache, with entries in front of it that it has not stored yet or has no room for: those live as long as the page. */
export class HeldEntries implements CachePort {
  readonly #cache: CachePort
  #held: ReadonlyMap<string, CacheEntry> = new Map()

  constructor(cache: CachePort) {
    this.#cache = cache
  }

  /** Takes the place of what was held before. They are stored one after another from now on; `since`: as for `put`. */
  hold(entries: ReadonlyMap<string, CacheEntry>, since: number): void {
    const held = new Map(entries)
    this.#held = held
    void this.#store(held, since)
  }

  async get(key: string): Promise<CacheEntry | null> {
    return this.#held.get(key) ?? (await this.#cache.get(key))
  }

  put(key: string, entry: CacheEntry, protectSince?: number): Promise<boolean> {
    return this.#cache.put(key, entry, protectSince)
  }

  async #store(held: Map<string, CacheEntry>, since: number): Promise<void> {
    for (const [key, entry] of [...held]) {
      if (this.#held !== held) return
      if (await this.#cache.put(key, entry, since).catch(() => false)) held.delete(key)
    }
  }
}
