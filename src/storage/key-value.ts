import { createStore, del, entries, get, keys, set } from 'idb-keyval'

/** The little that the caches need of a store; IndexedDB behind it in the app, a map in tests. */
export interface KeyValueStore {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  delete(key: string): Promise<void>
  keys(): Promise<string[]>
  entries(): Promise<[string, unknown][]>
}

/** An IndexedDB database with one object store. Nothing is opened before the first call; each call rejects where the browser blocks storage. */
export function indexedDbStore(database: string): KeyValueStore {
  let store: ReturnType<typeof createStore> | null = null
  const opened = () => (store ??= createStore(database, 'entries'))
  return {
    get: async (key) => get<unknown>(key, opened()),
    set: async (key, value) => set(key, value, opened()),
    delete: async (key) => del(key, opened()),
    keys: async () => keys<string>(opened()),
    entries: async () => entries<string, unknown>(opened()),
  }
}

/** A store that lives as long as the page. */
export function memoryStore(): KeyValueStore {
  const map = new Map<string, unknown>()
  return {
    get: async (key) => map.get(key),
    set: async (key, value) => void map.set(key, value),
    delete: async (key) => void map.delete(key),
    keys: async () => [...map.keys()],
    entries: async () => [...map],
  }
}
