/** Cache Storage in memory, with the few calls that the app uses. `entries` are those of transformers-cache. */
export function memoryCaches(): CacheStorage & {
  entries: Map<string, Response>
  named: (name: string) => Map<string, Response>
} {
  const all = new Map<string, Map<string, Response>>()
  const named = (name: string) => {
    const entries = all.get(name) ?? new Map<string, Response>()
    all.set(name, entries)
    return entries
  }
  const cacheOf = (entries: Map<string, Response>) => ({
    match: (url: string) => Promise.resolve(entries.get(url)?.clone()),
    put: (url: string, response: Response) => Promise.resolve(void entries.set(url, response)),
    delete: (url: string) => Promise.resolve(entries.delete(url)),
    keys: () => Promise.resolve([...entries.keys()].map((url) => ({ url }))),
  })
  return {
    entries: named('transformers-cache'),
    named,
    open: (name: string) => Promise.resolve(cacheOf(named(name))),
    keys: () => Promise.resolve([...all.keys()]),
    delete: (name: string) => Promise.resolve(all.delete(name)),
  } as unknown as ReturnType<typeof memoryCaches>
}
