import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isAppError } from '../../../src/core/errors'
import { openSource, type SourceEnvironment } from '../../../src/models/sources'
import type { RequestRecord } from '../../../src/rpc/contracts'
import { startHubHost, type HubHost } from '../../helpers/hub-host'
import { memoryCaches } from '../../helpers/memory-caches'
import { siteFile } from '../../helpers/truth'

let host: HubHost
beforeAll(async () => {
  host = await startHubHost()
})
afterAll(() => host.close())
beforeEach(() => {
  host.ranges.length = 0
})

const weights = 'onnx/model.onnx'
const truth = readFileSync(siteFile('zoo/vit-sdpa-ts', weights))
const cutAt = Math.floor(truth.length * 0.6)

/** One browser: what it stored stays from try to try. */
function browser() {
  const caches = memoryCaches()
  const records: RequestRecord[] = []
  const environment: SourceEnvironment = { fetch, caches, now: () => 1, onRequest: (record) => records.push(record) }
  const steps: [number, number][] = []
  return {
    records,
    steps,
    partials: caches.named('attention-atlas-partial'),
    /** Whole weight files. */
    whole: () => [...caches.entries.keys()].filter((url) => url.endsWith('.onnx')),
    async read(owner: string, { listed = true, signal }: { listed?: boolean; signal?: AbortSignal } = {}) {
      steps.length = 0
      const spec = { id: `${owner}/vit-sdpa-ts`, revision: 'main', host: host.address }
      const source = await openSource(spec, {}, environment)
      if (listed) await source.list('onnx', { why: 'list' })
      const options = { why: 'weights', onProgress: (...step: [number, number]) => steps.push(step) }
      return await source.read(weights, { ...options, ...(signal && { signal }) })
    },
  }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (isAppError(error) ? error.code : error),
  )

describe('a download that is cut at 60 %', () => {
  test.each([true, false])(
    'fails in words, keeps no half file, and goes on from there (listed: %s)',
    async (listed) => {
      const { whole, partials, read, steps } = browser()
      const owner = 'once'
      const fresh = await startHubHost()
      const before = host
      host = fresh
      try {
        await expect(read(owner, { listed })).rejects.toMatchObject({
          code: 'TRUNCATED',
          message: expect.stringContaining('goes on from there') as string,
        })
        expect(whole()).toEqual([])
        expect(partials.size).toBe(2)

        const bytes = await read(owner, { listed })
        expect(Buffer.from(bytes!).equals(truth)).toBe(true)
        expect(host.ranges).toEqual(['', `bytes=${cutAt}-`])
        expect(steps[0]![0]).toBeGreaterThan(cutAt)
        expect(steps.at(-1)).toEqual([truth.length, truth.length])
        expect(whole()).toEqual([`${host.address}once/vit-sdpa-ts/resolve/main/${weights}`])
        expect(partials.size).toBe(0)
      } finally {
        host = before
        await fresh.close()
      }
    },
  )

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('or at %s tenths comes whole with the next try', async (tenths) => {
    const { whole, partials, read } = browser()
    const fresh = await startHubHost()
    const before = host
    host = fresh
    try {
      expect(await codeOf(read(`once${tenths}`))).toMatch(/^(TRUNCATED|NETWORK)$/)
      expect(whole()).toEqual([])
      const bytes = await read(`once${tenths}`)
      expect(Buffer.from(bytes!).equals(truth)).toBe(true)
      // A beginning of less than 64 KiB is not worth keeping.
      const kept = Math.floor((truth.length * tenths) / 10)
      expect(host.ranges[1]).toBe(kept < 65536 ? '' : `bytes=${kept}-`)
      expect([whole().length, partials.size]).toEqual([1, 0])
    } finally {
      host = before
      await fresh.close()
    }
  })

  test('starts over where the file became another one', async () => {
    const { read, partials } = browser()
    expect(await codeOf(read('changed'))).toBe('TRUNCATED')
    const bytes = await read('changed')
    const other = Buffer.from(truth)
    other[other.length - 1]! ^= 0xff
    expect(Buffer.from(bytes!).equals(other)).toBe(true)
    expect(host.ranges).toEqual(['', `bytes=${cutAt}-`, ''])
    expect(partials.size).toBe(0)
  })

  test('again and again comes nearer to the end each time', async () => {
    const { read, records } = browser()
    for (let index = 0; index < 3; index++) expect(await codeOf(read('cut'))).toBe('TRUNCATED')
    const received = records.filter(({ why }) => why === 'weights').map(({ bytes }) => bytes)
    expect(received[0]).toBe(cutAt)
    expect(received[1]).toBe(Math.floor((truth.length - cutAt) * 0.6))
    expect(received[2]).toBeLessThan(received[1]!)
  })

  test('starts over where a kept part is missing', async () => {
    const { read, partials } = browser()
    expect(await codeOf(read('cut'))).toBe('TRUNCATED')
    partials.delete([...partials.keys()].find((key) => key.endsWith('part=0'))!)
    expect(await codeOf(read('cut'))).toBe('TRUNCATED')
    expect(host.ranges).toEqual(['', ''])
  })
})

test('a beginning that is kept is of no use to a host that ignores ranges', async () => {
  const { read, partials, whole } = browser()
  const url = `${host.address}norange/vit-sdpa-ts/resolve/main/${weights}`
  partials.set(`${url}?atlas-part=0`, new Response(new Uint8Array(100)))
  const info = { validator: null, total: truth.length, parts: 1, bytes: 100 }
  partials.set(`${url}?atlas-part=info`, new Response(JSON.stringify(info)))
  const bytes = await read('norange')
  expect(Buffer.from(bytes!).equals(truth)).toBe(true)
  expect(partials.size).toBe(0)
  expect(whole()).toHaveLength(1)
})

test('a beginning that is damaged shows at the end: nothing is kept, and the next try works', async () => {
  const { read, partials, whole } = browser()
  const url = `${host.address}zoo/vit-sdpa-ts/resolve/main/${weights}`
  partials.set(`${url}?atlas-part=0`, new Response(new Uint8Array(70_000)))
  const info = { validator: null, total: truth.length, parts: 1, bytes: 70_000 }
  partials.set(`${url}?atlas-part=info`, new Response(JSON.stringify(info)))
  expect(await codeOf(read('zoo'))).toBe('WRONG_HASH')
  expect([partials.size, whole().length]).toEqual([0, 0])
  expect(Buffer.from((await read('zoo'))!).equals(truth)).toBe(true)
})

test('cancelled, it goes on from there the next time', async () => {
  const { read, steps, partials } = browser()
  const controller = new AbortController()
  const reading = read('slow', { signal: controller.signal })
  while ((steps.at(-1)?.[0] ?? 0) < 80_000) await new Promise((resolve) => setImmediate(resolve))
  controller.abort()
  expect(await codeOf(reading)).toBe('CANCELLED')
  expect(partials.size).toBe(2)
  expect(Buffer.from((await read('slow'))!).equals(truth)).toBe(true)
  expect(host.ranges[1]).toMatch(/^bytes=\d{5,}-$/)
})

test.each([
  ['bad', 'WRONG_HASH'],
  ['error', 'NETWORK'],
])('%s fails as %s with one sentence and keeps nothing', async (owner, code) => {
  const { read, whole, partials } = browser()
  await expect(read(owner)).rejects.toMatchObject({ code, message: expect.stringMatching(/^[A-Z0-9].*\.$/) as string })
  expect([whole().length, partials.size]).toEqual([0, 0])
})

test.each(['404', '401'])('%s: there is no such file for us', async (owner) => {
  expect(await browser().read(owner)).toBeNull()
})

test('without a length the progress says that the size is not known', async () => {
  const { read, steps } = browser()
  expect(Buffer.from((await read('plain'))!).equals(truth)).toBe(true)
  expect(steps.at(-1)).toEqual([truth.length, 0])
})

test('a redirect to another origin is followed and kept under the address that was asked for', async () => {
  const { read, whole } = browser()
  expect(Buffer.from((await read('redirect'))!).equals(truth)).toBe(true)
  expect(whole()).toEqual([`${host.address}redirect/vit-sdpa-ts/resolve/main/${weights}`])
})

test('where nothing can be stored the file still comes', async () => {
  const full = {
    match: () => Promise.resolve(undefined),
    put: () => Promise.reject(new DOMException('full', 'QuotaExceededError')),
    delete: () => Promise.resolve(false),
    keys: () => Promise.resolve([]),
  }
  const environment: SourceEnvironment = {
    fetch,
    caches: { open: () => Promise.resolve(full) } as unknown as CacheStorage,
    now: () => 1,
    onRequest: () => undefined,
  }
  const source = await openSource({ id: 'zoo/vit-sdpa-ts', revision: 'main', host: host.address }, {}, environment)
  expect(Buffer.from((await source.read(weights, { why: 'weights' }))!).equals(truth)).toBe(true)
})

test('more than a page can hold at once is refused before a byte of it is read', async () => {
  let taken = 0
  const huge: typeof fetch = async (address, init) => {
    if (!String(address instanceof Request ? address.url : address).endsWith('.onnx')) return fetch(address, init)
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          taken++
          controller.enqueue(new Uint8Array(8))
        },
      },
      { highWaterMark: 0 },
    )
    return new Response(body, { headers: { 'content-length': String(9e15) } })
  }
  const environment: SourceEnvironment = { fetch: huge, caches: null, now: () => 1, onRequest: () => undefined }
  const source = await openSource({ id: 'zoo/vit-sdpa-ts', revision: 'main', host: host.address }, {}, environment)
  const refused: unknown = await source.read(weights, { why: 'weights' }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'TOO_BIG', message: expect.stringMatching(/9000000000 MB.*smaller weights/) })
  expect(taken).toBe(0)
})
