import { AppError } from '../../core/errors'
import type { PartialInfo, PartialStore } from './partial-store'

type Bytes = Uint8Array<ArrayBuffer>

/** So much is kept at once while a file comes in: after a crash or a reload no more than this is fetched twice. */
const partBytes = 4 * 1024 * 1024
/** Less than this is fetched again rather than kept. */
const smallest = 64 * 1024
/** Parts that may wait for a slow disk before the download waits too. */
const waitingParts = 4

/** The bytes of one file as they come in, and their beginning on disk. */
export class Download {
  readonly #url: string
  readonly #store: PartialStore | null
  #buffer: Bytes
  #length = 0
  #kept: PartialInfo | null
  #keptTo = 0
  #waiting: Promise<void>[] = []

  /**
   * @param total bytes of the whole file; 0: not known
   * @param store where the beginning is kept meanwhile; null: nowhere
   * @throws AppError TOO_BIG
   */
  constructor(url: string, total: number, store: PartialStore | null, validator: string | null) {
    this.#url = url
    this.#store = store
    this.#kept = store && { validator, total: total || null, parts: 0, bytes: 0 }
    this.#buffer = allocate(total || smallest)
  }

  get length(): number {
    return this.#length
  }

  /** Takes the beginning that an earlier try left. */
  resume(info: PartialInfo, parts: readonly Bytes[]): void {
    for (const part of parts) this.#add(part)
    this.#kept = info
    this.#keptTo = this.#length
  }

  /** Takes the next bytes in; waits where the disk can't follow. */
  async take(bytes: Uint8Array): Promise<void> {
    this.#add(bytes)
    if (this.#length - this.#keptTo >= partBytes) this.#keep()
    while (this.#waiting.length > waitingParts) await this.#waiting.shift()
  }

  /** After a cut: keeps what came. @returns bytes that the next try need not fetch */
  async interrupt(): Promise<number> {
    if (this.#length >= smallest) this.#keep()
    await Promise.all(this.#waiting)
    return this.#kept?.bytes ?? 0
  }

  /** All bytes; nothing of them is kept as a part any more. */
  async finish(): Promise<Bytes> {
    await Promise.all(this.#waiting)
    await this.#store?.clear(this.#url)
    return this.#length === this.#buffer.length ? this.#buffer : this.#buffer.slice(0, this.#length)
  }

  #add(bytes: Uint8Array): void {
    const end = this.#length + bytes.length
    if (end > this.#buffer.length) {
      const larger = allocate(Math.max(this.#buffer.length * 2, end))
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(bytes, this.#length)
    this.#length = end
  }

  #keep(): void {
    const store = this.#store
    if (!store || !this.#kept || this.#keptTo === this.#length) return
    const part = this.#buffer.slice(this.#keptTo, this.#length)
    this.#keptTo = this.#length
    const before = this.#waiting.at(-1) ?? Promise.resolve()
    const after = before.then(async () => {
      this.#kept = this.#kept && (await store.append(this.#url, this.#kept, part))
    })
    this.#waiting.push(after)
  }
}

function allocate(bytes: number): Bytes {
  try {
    return new Uint8Array(bytes)
  } catch (error) {
    throw new AppError(
      'TOO_BIG',
      `The file has ${Math.round(bytes / 1e6)} MB, more than this browser gives a page at once: choose smaller weights (q4 or q8).`,
      { cause: error },
    )
  }
}
