import { describe, expect, it } from 'vitest'
import { Gatekeeper, type AppFile } from '../../../src/network/gatekeeper'
import type { GateNews } from '../../../src/network/messages'
import { memoryCaches } from '../../helpers/memory-caches'

const scope = 'https://atlas.test/tool/'
const files: AppFile[] = [{ path: 'index.html' }, { path: 'assets/main-1.js' }, { path: 'assets/big-2.wasm' }]

function setUp({ version = 'v1', open = [] as string[], missing = [] as string[] } = {}) {
  const asked: string[] = []
  const news: GateNews[] = []
  const caches = memoryCaches()
  const make = (of: string) =>
    new Gatekeeper(scope, files, of, {
      fetch: async (request) => {
        const url = typeof request === 'string' ? request : request.url
        asked.push(url)
        return missing.some((name) => url.includes(name))
          ? new Response('', { status: 404 })
          : new Response(`content of ${url}`)
      },
      caches: caches as unknown as CacheStorage,
      mayLeave: async (host) => open.includes(host),
      tell: (entry) => news.push(entry),
      now: () => 7,
    })
  return { gatekeeper: make(version), make, asked, news, caches }
}

const get = (url: string, init?: RequestInit) => new Request(url, init)

describe('own files', () => {
  it('come from the version that was installed, with the headers of isolation', async () => {
    const { gatekeeper, asked } = setUp()
    await gatekeeper.install(files.slice(0, 2))
    const before = asked.length
    for (const path of ['', 'index.html', 'assets/main-1.js', 'assets/main-1.js?again']) {
      const answer = await gatekeeper.answer(get(scope + path))
      expect(await answer.text()).toContain('content of')
      expect(answer.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
      expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'")
    }
    expect(asked.length).toBe(before)
  })

  it('are stored when they are used or asked to be kept', async () => {
    const { gatekeeper, asked } = setUp()
    await gatekeeper.answer(get(`${scope}assets/big-2.wasm`))
    await gatekeeper.answer(get(`${scope}assets/big-2.wasm`))
    expect(asked).toEqual([`${scope}assets/big-2.wasm`])
    await gatekeeper.keep([`${scope}assets/main-1.js`, `${scope}assets/big-2.wasm`, 'https://elsewhere.test/x'])
    expect(asked).toEqual([`${scope}assets/big-2.wasm`, `${scope}assets/main-1.js`])
  })

  it('are all there or not at all', async () => {
    const { gatekeeper, caches } = setUp({ missing: ['main-1'] })
    await expect(gatekeeper.install(files)).rejects.toThrow('404')
    expect(await caches.keys()).not.toContain('attention-atlas-app-v1')
  })

  it('leave weights and parts of files to the network', async () => {
    const { gatekeeper, asked } = setUp()
    await gatekeeper.install(files)
    asked.length = 0
    await gatekeeper.answer(get(`${scope}models/bge/config.json`))
    await gatekeeper.answer(get(`${scope}assets/big-2.wasm`, { headers: { range: 'bytes=0-9' } }))
    expect(asked).toEqual([`${scope}models/bge/config.json`, `${scope}assets/big-2.wasm`])
  })

  it('of an earlier version go when this one takes over', async () => {
    const { gatekeeper, make, caches } = setUp()
    await caches.open('transformers-cache')
    await gatekeeper.install(files)
    const next = make('v2')
    await next.install(files)
    await next.activate()
    expect((await caches.keys()).sort()).toEqual(['attention-atlas-app-v2', 'transformers-cache'])
  })
})

describe('what leaves', () => {
  it('is nothing, unless a page says that a download runs there', async () => {
    const { gatekeeper, asked, news } = setUp({ open: ['hub.test'] })
    const refused = await gatekeeper.answer(get('https://other.test/a?text=secret'))
    expect(refused.status).toBe(403)
    expect(refused.headers.has('x-attention-atlas-locked')).toBe(true)
    expect(asked).toEqual([])
    expect(news).toEqual([{ type: 'blocked', url: 'https://other.test/a?text=secret', at: 7 }])
    expect((await gatekeeper.answer(get('https://hub.test/weights'))).status).toBe(200)
    expect(asked).toEqual(['https://hub.test/weights'])
  })

  it('is nothing that carries a body, not even to the own site', async () => {
    const { gatekeeper, asked } = setUp()
    expect((await gatekeeper.answer(get(scope, { method: 'POST', body: 'text' }))).status).toBe(403)
    expect(asked).toEqual([])
  })
})
