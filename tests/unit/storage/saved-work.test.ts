import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../../src/storage/key-value'
import { SavedWork } from '../../../src/storage/saved-work'

function createSaved(store = memoryStore()) {
  const timers = new Map<number, () => void>()
  let blocked = 0
  let next = 1
  const saved = new SavedWork<string>(store, {
    key: 'inputs',
    delayMs: 250,
    timer: { set: (action) => (timers.set(next, action), next++), clear: (id) => timers.delete(id) },
    onBlocked: () => blocked++,
  })
  return { saved, store, timers, blocked: () => blocked }
}

describe('saved work', () => {
  it('is written once for many changes, with what is there at that time', async () => {
    const { saved, store, timers } = createSaved()
    let text = 'a'
    saved.schedule(() => text)
    saved.schedule(() => text)
    text = 'b'
    expect([timers.size, await store.get('inputs')]).toEqual([1, undefined])
    for (const action of timers.values()) action()
    await saved.flush()
    expect(await saved.load()).toBe('b')
  })

  it('asks for the write inside flush, as the page may be going', async () => {
    const store = memoryStore()
    let asked = false
    const { saved, timers } = createSaved({ ...store, set: async () => void (asked = true) })
    saved.schedule(() => 'a')
    const flushed = saved.flush()
    expect([asked, timers.size]).toEqual([true, 0])
    await flushed
  })

  it('goes on without storage and says so', async () => {
    const fail = async () => Promise.reject(new DOMException('blocked'))
    const { saved, blocked } = createSaved({ ...memoryStore(), set: fail, get: fail })
    saved.schedule(() => 'a')
    await saved.flush()
    expect(await saved.load()).toBeNull()
    expect(blocked()).toBe(2)
  })

  it('keeps what was pending when the page went, blobs from before included', async () => {
    const store = memoryStore()
    let text: string | null = null
    const journal = { read: () => text, write: (next: string) => (text = next), clear: () => (text = null) }
    const timer = { set: () => 1, clear: () => undefined }
    const options = { key: 'inputs', delayMs: 250, timer, onBlocked: () => undefined, journal }
    const images = [{ id: 's1', name: 'x', blob: new Blob(['x']) }]
    await store.set('inputs', { texts: ['old'], images })
    const hanging = { ...store, set: () => new Promise<void>(() => undefined) }
    const saved = new SavedWork<unknown>(hanging, options)
    saved.schedule(() => ({ texts: ['new'], images }))
    saved.leave()
    const next = new SavedWork<unknown>(store, options)
    expect(await next.load()).toEqual({ texts: ['new'], images })
    next.schedule(() => ({ texts: ['newer'], images }))
    await next.flush()
    expect(text).toBeNull()
    expect(await next.load()).toEqual({ texts: ['newer'], images })
  })
})
