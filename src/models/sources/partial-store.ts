import type { SourceEnvironment } from './types'

/** Kept apart from whole files, so that nothing else of this origin meets half a model. */
export const partialCacheName = 'attention-atlas-partial'

type Bytes = Uint8Array<ArrayBuffer>

export interface PartialInfo {
  /** What tells whether the host still has the same file; null: it said nothing. */
  validator: string | null
  /** Bytes of the whole file; null: not known. */
  total: number | null
  parts: number
  bytes: number
}

const mark = 'atlas-part='

const partAddress = (url: string, part: number | 'info') => `${url}${url.includes('?') ? '&' : '?'}${mark}${part}`

/** The file that an entry of the partial cache is about, and whether it is the entry that describes it. */
export function fileOfPart(address: string): { url: string; isInfo: boolean } {
  const at = address.lastIndexOf(mark)
  return { url: address.slice(0, at - 1), isInfo: address.slice(at + mark.length) === 'info' }
}

export const allPartAddresses = (url: string, parts: number): string[] => [
  ...Array.from({ length: parts }, (_, part) => partAddress(url, part)),
  partAddress(url, 'info'),
]

/** The beginnings of downloads that were cut, in parts, until the rest has come. Every failure means: nothing is kept. */
export class PartialStore {
  readonly #cache: Cache

  private constructor(cache: Cache) {
    this.#cache = cache
  }

  static async open(environment: SourceEnvironment): Promise<PartialStore | null> {
    try {
      const cache = await environment.caches?.open(partialCacheName)
      return cache ? new PartialStore(cache) : null
    } catch {
      return null
    }
  }

  async read(url: string): Promise<{ info: PartialInfo; parts: Bytes[] } | null> {
    try {
      const info = await readInfo(this.#cache, url)
      if (!info) return null
      const parts: Bytes[] = []
      for (let part = 0; part < info.parts; part++) {
        const stored = await this.#cache.match(partAddress(url, part))
        if (!stored) break
        parts.push(new Uint8Array(await stored.arrayBuffer()))
      }
      if (parts.reduce((sum, { length }) => sum + length, 0) === info.bytes) return { info, parts }
    } catch {
      // as if nothing had been kept
    }
    await this.clear(url)
    return null
  }

  /** Adds a part behind those of `info`. @returns what is kept now; null where there is no room */
  async append(url: string, info: PartialInfo, bytes: Bytes): Promise<PartialInfo | null> {
    const next = { ...info, parts: info.parts + 1, bytes: info.bytes + bytes.length }
    try {
      await this.#cache.put(partAddress(url, info.parts), new Response(bytes))
      await this.#cache.put(partAddress(url, 'info'), new Response(JSON.stringify(next)))
      return next
    } catch {
      await this.clear(url)
      return null
    }
  }

  async clear(url: string): Promise<void> {
    try {
      const info = await readInfo(this.#cache, url)
      for (const address of allPartAddresses(url, info?.parts ?? 0)) await this.#cache.delete(address)
    } catch {
      return
    }
  }
}

export async function readInfo(cache: Cache, url: string): Promise<PartialInfo | null> {
  const stored = await cache.match(partAddress(url, 'info'))
  const info = (await stored?.json().catch(() => null)) as Partial<PartialInfo> | null | undefined
  if (!info || typeof info.parts !== 'number' || typeof info.bytes !== 'number') return null
  return { validator: info.validator ?? null, total: info.total ?? null, parts: info.parts, bytes: info.bytes }
}
