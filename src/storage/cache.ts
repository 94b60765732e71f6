import { checksumOf } from './checksum'
import type { KeyValueStore } from './key-value'

/** What one key holds: plain JSON and typed arrays. */
export interface CacheEntry {
  json: unknown
  arrays: Record<string, Float32Array>
}

export interface CacheOptions {
  /** Least recently used entries go when more than this is held. */
  budgetBytes: () => Promise<number>
  /** Milliseconds since the epoch. */
  now: () => number
  /** Lets the page breathe between slices of long work. */
  pause: () => Promise<void>
  /** Told once when storage does not work, and whenever a damaged entry was dropped. */
  onProblem: (problem: { code: 'QUOTA' | 'CACHE_CORRUPT'; message: string }) => void
}

interface IndexRecord {
  bytes: number
  /** Milliseconds since the epoch of the last use. */
  usedAt: number
  checksum: string
}

const isIndexRecord = (value: unknown): value is IndexRecord =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as IndexRecord).bytes === 'number' &&
  typeof (value as IndexRecord).usedAt === 'number' &&
  typeof (value as IndexRecord).checksum === 'string'

const isEntry = (value: unknown): value is CacheEntry =>
  typeof value === 'object' &&
  value !== null &&
  'json' in value &&
  typeof (value as CacheEntry).arrays === 'object' &&
  Object.values((value as CacheEntry).arrays ?? {}).every((array) => array instanceof Float32Array)

/** 512 MB, or a quarter of what the browser grants where that is less. */
export async function cacheBudgetBytes(): Promise<number> {
  const most = 512 * 2 ** 20
  try {
    const { quota } = await navigator.storage.estimate()
    return quota === undefined ? most : Math.min(most, quota / 4)
  } catch {
    return most
  }
}

/**
 * Entries by content hash with a byte budget, least recently used out first. Every entry is checked when it is read; a
 * damaged one is dropped and counts as missing. Where storage is blocked or full everything still works, without memory.
 */
export class ContentCache {
  readonly #data: KeyValueStore
  readonly #index: KeyValueStore
  readonly #options: CacheOptions
  readonly #records = new Map<string, IndexRecord>()
  #opening: Promise<boolean> | null = null
  #budgetBytes = 0
  #usedBytes = 0
  #told = false
  #lastUse = 0

  constructor(stores: { data: KeyValueStore; index: KeyValueStore }, options: CacheOptions) {
    this.#data = stores.data
    this.#index = stores.index
    this.#options = options
  }

  /** Bytes of all entries that are held, as far as they are known. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** What is held; null: no storage. */
  async use(): Promise<{ entries: number; bytes: number } | null> {
    return (await this.#open()) ? { entries: this.#records.size, bytes: this.#usedBytes } : null
  }

  /** Whether there is an entry under the key, as far as the index knows. */
  async has(key: string): Promise<boolean> {
    return (await this.#open()) && this.#records.has(key)
  }

  /** The entry, or null: not there, damaged, or no storage. */
  async get(key: string): Promise<CacheEntry | null> {
    if (!(await this.#open())) return null
    const record = this.#records.get(key)
    if (!record) return null
    try {
      const value = await this.#data.get(key)
      if (isEntry(value) && (await checksumOf(value.json, value.arrays, this.#options.pause)) === record.checksum) {
        this.#touch(key, record)
        return value
      }
      if (value === undefined) {
        // Another tab gave its room away.
        await this.delete(key)
        return null
      }
    } catch {
      this.#tell()
      return null
    }
    await this.delete(key)
    this.#options.onProblem({
      code: 'CACHE_CORRUPT',
      message: 'A stored result was damaged, so it was dropped and is computed again.',
    })
    return null
  }

  /**
   * Stores an entry, older ones go where room is needed. Entries used at or after `protectSince` are never pushed out:
   * a run that is bigger than the budget keeps its first part instead of nothing. Returns whether it was stored.
   */
  async put(key: string, entry: CacheEntry, protectSince = Infinity): Promise<boolean> {
    if (!(await this.#open())) return false
    const json = JSON.stringify(entry.json)
    const bytes = json.length + Object.values(entry.arrays).reduce((sum, array) => sum + array.byteLength, 0)
    if (!(await this.#makeRoom(bytes - (this.#records.get(key)?.bytes ?? 0), key, protectSince))) return false
    const checksum = await checksumOf(entry.json, entry.arrays, this.#options.pause)
    const record = { bytes, usedAt: this.#use(), checksum }
    const write = async () => {
      await this.#data.set(key, { json: entry.json, arrays: compact(entry.arrays) })
      await this.#index.set(key, record)
    }
    try {
      await write()
    } catch {
      // The browser's own limit can be lower than the budget: give half back and try once more.
      try {
        await this.#makeRoom(Math.max(bytes, this.#budgetBytes - this.#usedBytes / 2), key, Infinity)
        await write()
      } catch {
        this.#tell()
        return false
      }
    }
    this.#usedBytes += bytes - (this.#records.get(key)?.bytes ?? 0)
    this.#records.set(key, record)
    return true
  }

  async delete(key: string): Promise<void> {
    if (!(await this.#open())) return
    this.#forget(key)
    try {
      await this.#index.delete(key)
      await this.#data.delete(key)
    } catch {
      this.#tell()
    }
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    if (!(await this.#open())) return
    for (const key of [...this.#records.keys()]) await this.delete(key)
  }

  #open(): Promise<boolean> {
    return (this.#opening ??= this.#load())
  }

  async #load(): Promise<boolean> {
    try {
      this.#budgetBytes = await this.#options.budgetBytes()
      for (const [key, value] of await this.#index.entries()) {
        if (!isIndexRecord(value)) continue
        this.#records.set(key, value)
        this.#usedBytes += value.bytes
        this.#lastUse = Math.max(this.#lastUse, value.usedAt)
      }
      // Data without a record is what a page left behind that was closed between the two writes.
      for (const key of await this.#data.keys()) if (!this.#records.has(key)) await this.#data.delete(key)
      return true
    } catch {
      this.#tell()
      return false
    }
  }

  #touch(key: string, record: IndexRecord): void {
    const before = record.usedAt
    record.usedAt = this.#use()
    // The order of eviction need not be exact to the minute in the next visit.
    if (record.usedAt - before > 60_000) this.#index.set(key, { ...record }).catch(() => this.#tell())
  }

  /** Grows with every use, so that entries of the same millisecond keep their order. */
  #use(): number {
    this.#lastUse = Math.max(this.#options.now(), this.#lastUse + 0.001)
    return this.#lastUse
  }

  async #makeRoom(bytes: number, except: string, protectSince: number): Promise<boolean> {
    if (bytes > this.#budgetBytes) return false
    const oldestFirst = [...this.#records].filter(([key]) => key !== except).sort((a, b) => a[1].usedAt - b[1].usedAt)
    const victims: string[] = []
    let used = this.#usedBytes
    for (const [key, record] of oldestFirst) {
      if (used + bytes <= this.#budgetBytes) break
      if (record.usedAt >= protectSince) return false
      victims.push(key)
      used -= record.bytes
    }
    if (used + bytes > this.#budgetBytes) return false
    for (const key of victims) await this.delete(key)
    return true
  }

  #forget(key: string): void {
    this.#usedBytes -= this.#records.get(key)?.bytes ?? 0
    this.#records.delete(key)
  }

  #tell(): void {
    if (this.#told) return
    this.#told = true
    this.#options.onProblem({
      code: 'QUOTA',
      message:
        'The browser gives no room to store results, so everything works but has to be computed again after a reload. Free some space or leave private browsing to change that.',
    })
  }
}

/** Views into bigger buffers would drag the whole buffer into the store. */
function compact(arrays: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [
      name,
      array.byteLength === array.buffer.byteLength ? array : array.slice(),
    ]),
  )
}
