import { describe, expect, it, vi } from 'vitest'
import { memoryStore } from '../../../src/storage/key-value'
import { SavedWork } from '../../../src/storage/saved-work'

function createSaved(store = memoryStore()) {
  const timers: (() => void)[] = []
  let blocked = 0
  const saved = new SavedWork<string>(store, {
    key: 'inputs',
    delayMs: 250,
    setTimer: (action) => void timers.push(action),
    onBlocked: () => blocked++,
  })
  const fire = () => {
    for (const action of timers.splice(0)) action()
  }
  return { saved, store, fire, timers, blocked: () => blocked }
}

describe('saved work', () => {
  it('is written at the end of the task that changed it, once, with what is there then', async () => {
    const { saved, store, timers } = createSaved()
    const set = vi.spyOn(store, 'set')
    let text = 'a'
    saved.schedule(() => text)
    saved.schedule(() => text)
    text = 'b'
    await Promise.resolve()
    expect(set.mock.calls).toEqual([['inputs', 'b']])
    expect(timers.length).toBe(1)
  })

  it('is written again after a pause, however many changes there were in it', async () => {
    const { saved, store, timers, fire } = createSaved()
    const set = vi.spyOn(store, 'set')
    for (const text of ['a', 'b', 'c']) {
      saved.schedule(() => text)
      await Promise.resolve()
    }
    expect(set.mock.calls).toEqual([['inputs', 'a']])
    fire()
    expect(set.mock.calls.slice(1)).toEqual([['inputs', 'c']])
    saved.schedule(() => 'd')
    await Promise.resolve()
    expect(set).toHaveBeenCalledTimes(2)
    fire()
    expect(set.mock.calls.at(-1)).toEqual(['inputs', 'd'])
    fire()
    expect(timers.length).toBe(0)
    expect(set).toHaveBeenCalledTimes(3)
  })

  it('asks for the write inside flush, as the page may be going', async () => {
    const store = memoryStore()
    let asked = false
    const { saved } = createSaved({ ...store, set: async () => void (asked = true) })
    saved.schedule(() => 'a')
    const flushed = saved.flush()
    expect(asked).toBe(true)
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
    const setTimer = () => undefined
    const options = { key: 'inputs', delayMs: 250, setTimer, onBlocked: () => undefined, journal }
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

  it('keeps what a page left with, though a write from before settles later', async () => {
    let text: string | null = null
    const journal = { read: () => text, write: (next: string) => (text = next), clear: () => (text = null) }
    const store = memoryStore()
    const writes: { end: () => void; fail: (problem: Error) => void }[] = []
    const set = () => new Promise<void>((end, fail) => writes.push({ end, fail }))
    const options = { key: 'inputs', delayMs: 250, setTimer: () => undefined, onBlocked: () => undefined, journal }
    for (const settleFirst of ['end', 'fail'] as const) {
      const saved = new SavedWork<unknown>({ ...store, set }, options)
      saved.schedule(() => ({ texts: ['first'] }))
      const first = saved.flush()
      saved.schedule(() => ({ texts: ['second'] }))
      saved.leave()
      writes.at(-2)![settleFirst](new Error('late'))
      await first
      expect(JSON.parse(text!)).toEqual({ texts: ['second'] })
    }
  })

  it('keeps beside a store that refuses what it refused, until the store takes it', async () => {
    let text: string | null = null
    const journal = { read: () => text, write: (next: string) => (text = next), clear: () => (text = null) }
    const store = memoryStore()
    let isFull = true
    const set = async (key: string, value: unknown) =>
      isFull ? Promise.reject(new DOMException('full', 'QuotaExceededError')) : store.set(key, value)
    const options = { key: 'inputs', delayMs: 250, setTimer: () => undefined, onBlocked: () => undefined, journal }
    const saved = new SavedWork<unknown>({ ...store, set }, options)
    saved.schedule(() => ({ texts: ['typed'] }))
    await saved.flush()
    expect(await new SavedWork<unknown>(store, options).load()).toEqual({ texts: ['typed'] })
    isFull = false
    saved.schedule(() => ({ texts: ['typed on'] }))
    await saved.flush()
    expect(text).toBeNull()
    expect(await store.get('inputs')).toEqual({ texts: ['typed on'] })
  })
})
