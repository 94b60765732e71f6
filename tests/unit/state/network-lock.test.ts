import { describe, expect, it } from 'vitest'
import { NetworkLock, type WorkerContainer } from '../../../src/state/network-lock.svelte'

class FakeContainer extends EventTarget implements WorkerContainer {
  controller: WorkerContainer['controller'] = null
  register(): Promise<ServiceWorkerRegistration> {
    return Promise.reject(new Error('blocked'))
  }
  /** What the page answers when the service worker asks. */
  async ask(host: string): Promise<unknown> {
    const { port1, port2 } = new MessageChannel()
    const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)))
    this.dispatchEvent(new MessageEvent('message', { data: { type: 'may-leave', host }, ports: [port2] }))
    const value = await answer
    port1.close()
    return value
  }
}

describe('NetworkLock', () => {
  it('is open for a host only while something is fetched from it', async () => {
    const container = new FakeContainer()
    const lock = new NetworkLock(container, 'atlas.test')
    expect(await container.ask('hub.test')).toBe(false)
    const first = lock.openFor('https://hub.test/')
    const second = lock.openFor('https://hub.test/other')
    expect(lock.openHosts).toEqual(['hub.test'])
    expect(await container.ask('hub.test')).toBe(true)
    expect(await container.ask('other.test')).toBe(false)
    first()
    first()
    expect(await container.ask('hub.test')).toBe(true)
    second()
    expect(await container.ask('hub.test')).toBe(false)
  })

  it('closes again where a task fails', async () => {
    const lock = new NetworkLock(null, 'atlas.test')
    const failing = lock.during('https://hub.test/', async () => {
      expect(lock.openHosts).toEqual(['hub.test'])
      throw new Error('cut')
    })
    await expect(failing).rejects.toThrow('cut')
    expect(lock.openHosts).toEqual([])
  })

  it('needs no key for its own host, and lives without a service worker', async () => {
    const lock = new NetworkLock(new FakeContainer(), 'atlas.test')
    lock.openFor('https://atlas.test/models/')
    expect(lock.openHosts).toEqual([])
    await lock.guard('service-worker.js')
    expect(lock.isGuarded).toBe(false)
  })

  it('writes down what was not let out and where downloads were led', () => {
    const container = new FakeContainer()
    const lock = new NetworkLock(container, 'atlas.test')
    const tell = (data: unknown) => container.dispatchEvent(new MessageEvent('message', { data }))
    tell({ type: 'blocked', url: 'https://spy.test/?a', at: 1 })
    tell({ type: 'redirected', url: 'https://hub.test/w', to: 'https://store.test/w', at: 2 })
    expect(lock.records).toEqual([
      { url: 'https://spy.test/?a', bytes: 0, at: 1, why: 'blocked' },
      { url: 'https://store.test/w', bytes: 0, at: 2, why: 'redirect' },
    ])
  })
})
