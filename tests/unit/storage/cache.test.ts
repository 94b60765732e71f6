import { describe, expect, it } from 'vitest'
import { ContentCache, type CacheEntry } from '../../../src/storage/cache'
import { memoryStore, type KeyValueStore } from '../../../src/storage/key-value'

const entry = (value: number, length = 250): CacheEntry => ({
  json: { value },
  arrays: { points: new Float32Array(length).fill(value) },
})

function createCache(options: { stores?: { data: KeyValueStore; index: KeyValueStore }; budget?: number } = {}) {
  const stores = options.stores ?? { data: memoryStore(), index: memoryStore() }
  const problems: string[] = []
  let time = 0
  const cache = new ContentCache(stores, {
    budgetBytes: async () => options.budget ?? 1e6,
    now: () => ++time,
    pause: async () => undefined,
    onProblem: ({ code }) => problems.push(code),
  })
  return { cache, stores, problems, setTime: (to: number) => (time = to) }
}

const blocked = (): KeyValueStore => {
  const fail = async () => {
    throw new DOMException('blocked', 'SecurityError')
  }
  return { get: fail, set: fail, delete: fail, keys: fail, entries: fail }
}

describe('the cache', () => {
  it('gives back what was put, also to the next page', async () => {
    const { cache, stores } = createCache()
    expect(await cache.put('a', entry(1))).toBe(true)
    expect(await cache.get('a')).toEqual(entry(1))
    expect(await cache.get('b')).toBeNull()
    const next = createCache({ stores }).cache
    expect(await next.get('a')).toEqual(entry(1))
    expect(next.usedBytes).toBe(cache.usedBytes)
  })

  it('stores no more than a view', async () => {
    const { cache, stores } = createCache()
    const all = new Float32Array(1000).map((_, at) => at)
    await cache.put('a', { json: null, arrays: { part: all.subarray(10, 20) } })
    const stored = (await stores.data.get('a')) as CacheEntry
    expect(stored.arrays['part']?.buffer.byteLength).toBe(40)
    expect((await cache.get('a'))?.arrays['part']).toEqual(all.slice(10, 20))
  })

  it('lets the least recently used go first', async () => {
    const { cache } = createCache({ budget: 3300 })
    for (const [key, value] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      await cache.put(key, entry(value))
    await cache.get('a')
    await cache.put('d', entry(4))
    expect([await cache.has('a'), await cache.has('b'), await cache.has('c'), await cache.has('d')]).toEqual([
      true,
      false,
      true,
      true,
    ])
    expect(cache.usedBytes).toBeLessThanOrEqual(3300)
  })

  it('refuses what is bigger than the budget, and never pushes out what is protected', async () => {
    const { cache, setTime } = createCache({ budget: 2500 })
    expect(await cache.put('big', entry(1, 1000))).toBe(false)
    await cache.put('old', entry(1))
    setTime(100)
    await cache.put('new', entry(2))
    expect(await cache.put('third', entry(3), 100)).toBe(true)
    expect([await cache.has('old'), await cache.has('new')]).toEqual([false, true])
    expect(await cache.put('fourth', entry(4), 100)).toBe(false)
    expect(await cache.has('new')).toBe(true)
  })

  it('replaces an entry without counting it twice', async () => {
    const { cache } = createCache()
    await cache.put('a', entry(1))
    const bytes = cache.usedBytes
    await cache.put('a', entry(2))
    expect(cache.usedBytes).toBe(bytes)
    expect(await cache.get('a')).toEqual(entry(2))
  })

  it('drops a damaged entry and says so', async () => {
    const { cache, stores, problems } = createCache()
    await cache.put('a', entry(1))
    const stored = (await stores.data.get('a')) as CacheEntry
    stored.arrays['points']![100] = 1.0000001
    expect(await cache.get('a')).toBeNull()
    expect(problems).toEqual(['CACHE_CORRUPT'])
    expect(await stores.data.keys()).toEqual([])
    expect(cache.usedBytes).toBe(0)
  })

  it.each([undefined, null, 7, { json: 1 }, { json: 1, arrays: { points: [1, 2] } }])(
    'drops an entry of another make: %j',
    async (value) => {
      const { cache, stores } = createCache()
      await cache.put('a', entry(1))
      await stores.data.set('a', value)
      expect(await cache.get('a')).toBeNull()
      expect(await cache.has('a')).toBe(false)
    },
  )

  it('says nothing where another tab deleted an entry', async () => {
    const { cache, stores, problems } = createCache()
    await cache.put('a', entry(1))
    await stores.data.delete('a')
    expect([await cache.get('a'), problems, cache.usedBytes]).toEqual([null, [], 0])
  })

  it('remembers for the next visit what was used', async () => {
    const { cache, stores, setTime } = createCache({ budget: 3300 })
    for (const [key, value] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      await cache.put(key, entry(value))
    setTime(100_000)
    await cache.get('a')
    const next = createCache({ stores, budget: 3300 })
    next.setTime(200_000)
    await next.cache.put('d', entry(4))
    expect([await next.cache.has('a'), await next.cache.has('b')]).toEqual([true, false])
  })

  it('deletes data that a closed page left without a record', async () => {
    const { stores } = createCache()
    await stores.data.set('orphan', entry(1))
    await createCache({ stores }).cache.get('a')
    expect(await stores.data.keys()).toEqual([])
  })

  it('works without storage, and says so once', async () => {
    const { cache, problems } = createCache({ stores: { data: blocked(), index: blocked() } })
    expect(await cache.put('a', entry(1))).toBe(false)
    expect(await cache.get('a')).toBeNull()
    await cache.delete('a')
    await cache.clear()
    expect(problems).toEqual(['QUOTA'])
  })

  it('gives room back when the browser says it is full', async () => {
    const data = memoryStore()
    let full = false
    const limited: KeyValueStore = {
      ...data,
      set: async (key, value) => {
        if (full && (await data.keys()).length >= 2) throw new DOMException('full', 'QuotaExceededError')
        await data.set(key, value)
      },
    }
    const { cache, problems } = createCache({ stores: { data: limited, index: memoryStore() }, budget: 4000 })
    for (const [key, value] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      await cache.put(key, entry(value))
    full = true
    expect(await cache.put('d', entry(4))).toBe(true)
    expect(await cache.get('d')).toEqual(entry(4))
    expect(await cache.has('a')).toBe(false)
    expect(problems).toEqual([])
  })

  it('clears', async () => {
    const { cache, stores } = createCache()
    await cache.put('a', entry(1))
    await cache.clear()
    expect([await stores.data.keys(), await stores.index.keys(), cache.usedBytes]).toEqual([[], [], 0])
  })
})
