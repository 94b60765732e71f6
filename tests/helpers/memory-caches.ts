/** Cache Storage in memory, with the few calls that the app uses. */
export function memoryCaches(): CacheStorage & { entries: Map<string, Response> } {
  const entries = new Map<string, Response>()
  const cache = {
    match: (url: string) => Promise.resolve(entries.get(url)?.clone()),
    put: (url: string, response: Response) => Promise.resolve(void entries.set(url, response)),
    delete: (url: string) => Promise.resolve(entries.delete(url)),
  }
  return { entries, open: () => Promise.resolve(cache) } as unknown as CacheStorage & { entries: Map<string, Response> }
}
