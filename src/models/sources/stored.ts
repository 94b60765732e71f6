import type { StoredModel } from '../../rpc/contracts'
import { cacheName } from './fetch-file'
import { allPartAddresses, fileOfPart, partialCacheName, readInfo } from './partial-store'

/** Which model an address belongs to: `owner/name` for the Hub's layout, `builtin:NAME` for the app's own files. */
export function modelOfAddress(url: string, builtinHost: string): string | null {
  if (url.startsWith(builtinHost)) {
    const [name, ...rest] = url.slice(builtinHost.length).split('/')
    return name && rest.length > 0 ? `builtin:${decodeURIComponent(name)}` : null
  }
  const listing = /^https?:\/\/[^/]+\/(?:.*\/)?api\/models\/([^/]+\/[^/]+)\/tree\//.exec(url)
  const found = listing ?? /^https?:\/\/[^/]+\/(?:.*\/)?([^/]+\/[^/]+)\/resolve\/[^/]+\/./.exec(url)
  return found?.[1] ? decodeURIComponent(found[1]) : null
}

/** The models of which files lie in this browser, the largest first. Files of other apps of this origin are theirs too: they share the cache. */
export async function listStored(caches: CacheStorage | null, builtinHost: string): Promise<StoredModel[]> {
  const models = new Map<string, StoredModel>()
  const modelOf = (id: string) => {
    const model = models.get(id) ?? { id, bytes: 0, partialBytes: 0, addresses: [] }
    models.set(id, model)
    return model
  }
  try {
    const cache = await caches?.open(cacheName)
    for (const { url } of (await cache?.keys()) ?? []) {
      const id = modelOfAddress(url, builtinHost)
      const stored = id === null ? undefined : await cache?.match(url)
      if (id === null || !stored) continue
      const model = modelOf(id)
      model.bytes += Number(stored.headers.get('content-length') ?? 0)
      model.addresses.push(url)
    }
    const partials = await caches?.open(partialCacheName)
    for (const { url: address } of (await partials?.keys()) ?? []) {
      const { url, isInfo } = fileOfPart(address)
      const id = isInfo ? modelOfAddress(url, builtinHost) : null
      const info = id === null || !partials ? null : await readInfo(partials, url)
      if (id === null || !info) continue
      const model = modelOf(id)
      model.partialBytes += info.bytes
      model.addresses.push(...allPartAddresses(url, info.parts))
    }
  } catch {
    // Blocked storage holds nothing.
  }
  return [...models.values()].sort((a, b) => b.bytes - a.bytes)
}

export async function removeStored(caches: CacheStorage | null, addresses: readonly string[]): Promise<void> {
  for (const name of [cacheName, partialCacheName]) {
    const cache = await caches?.open(name)
    for (const address of addresses) await cache?.delete(address)
  }
}
