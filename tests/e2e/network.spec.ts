import type { Page, Worker } from '@playwright/test'
import { expect, test as base } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'
import { startHubHost, type HubHost } from '../helpers/hub-host'

const test = base.extend<{ hub: HubHost }>({
  // Playwright wants the empty pattern.
  // eslint-disable-next-line no-empty-pattern
  hub: async ({}, use) => {
    const hub = await startHubHost()
    await use(hub)
    await hub.close()
  },
})

const lines = ['The cat sat on the mat.', 'A second line.']

/** The service worker answers for this page from now on. */
const guarded = (page: Page) => page.waitForFunction(() => navigator.serviceWorker.controller !== null)

const storedFiles = (page: Page) =>
  page.evaluate(async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith('attention-atlas-app-'))
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))
    return { caches: names.length, files: requests.flat().map(({ url }) => new URL(url).pathname) }
  })

/** What the page or a worker gets for an address of another site. */
const tryToLeave = (where: Page | Worker, url: string) => {
  const leave = async (address: string) => {
    const response = await fetch(address)
    return { status: response.status, locked: response.headers.has('x-attention-atlas-locked') }
  }
  return 'workers' in where ? where.evaluate(leave, url) : where.evaluate(leave, url)
}

const requestsOf = (page: Page) =>
  page.evaluate(
    () => (window as unknown as { atlas: { requests(): { url: string; why: string }[] } }).atlas.requests(),
    null,
  )

test('works after one visit with the network cut, also with another text', async ({ app, openApp, problems }) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', lines)
  await ready(page)
  await guarded(page)
  await expect
    .poll(async () => (await storedFiles(page)).files.some((file) => file.endsWith('.wasm') && /ort-wasm/.test(file)))
    .toBe(true)

  app.setFault((request) => {
    request.socket.destroy()
    return true
  })
  await page.reload()
  await ready(page)
  await call(page, 'setTexts', ['Nothing of this was ever seen before.'])
  await ready(page)
  expect((await call<{ status: string }>(page, 'state')).status).toBe('ready')
  expect(problems).toEqual([])
})

test('lets nothing out, says so, and opens for the host of a download only while it runs', async ({
  hub,
  openApp,
  problems,
}) => {
  const page = await openApp('backend=wasm')
  await guarded(page)
  await page.reload()
  const bait = `${hub.address}zoo/bert-eager-dynamo/resolve/main/config.json?text=The%20cat`
  expect(await tryToLeave(page, bait)).toEqual({ status: 403, locked: true })
  await call(page, 'setTexts', lines)
  await ready(page)
  const [worker] = page.workers().filter((entry) => entry.url().includes('model.worker'))
  expect(await tryToLeave(worker!, bait)).toEqual({ status: 403, locked: true })
  expect(hub.requests).toEqual([])
  expect((await requestsOf(page)).filter(({ why }) => why === 'blocked').map(({ url }) => url)).toEqual([bait, bait])

  const menu = page.getByRole('button', { name: /network|requests/i })
  await menu.click()
  await expect(page.locator('[data-lock=locked]')).toContainText('no request can leave')
  await expect(page.getByText('not let out').first()).toBeVisible()

  await call(page, 'open', { model: 'redirect/bert-eager-dynamo', host: hub.address, backend: 'wasm' })
  expect(hub.requests.length).toBeGreaterThan(0)
  const { hostname } = new URL(hub.address)
  expect(hostname).toBe('127.0.0.1')
  // Where the download was led on to is named.
  const led = (await requestsOf(page)).filter(({ why }) => why === 'redirect')
  expect(led.every(({ url }) => new URL(url).hostname === 'localhost')).toBe(true)
  expect(led.length).toBeGreaterThan(0)
  await expect(page.locator('[data-lock=locked]')).toBeVisible()
  const before = hub.requests.length
  expect(await tryToLeave(page, bait)).toEqual({ status: 403, locked: true })
  expect(hub.requests.length).toBe(before)
  expect(problems.filter((problem) => !problem.includes('403'))).toEqual([])
})

test('a text that was pasted is in no request, whatever is done with it', async ({ app, hub, page, openApp }) => {
  const secret = 'Zanzibar quokka nocturne'
  const seen: string[] = []
  const note = (request: { url(): string; postData(): string | null; headers(): Record<string, string> }) =>
    seen.push(request.url(), request.postData() ?? '', JSON.stringify(request.headers()))
  page.context().on('request', note)
  await openApp('backend=wasm')
  await guarded(page)
  await page.reload()
  await call(page, 'setTexts', [`${secret}, said the traveller.`, 'Another line.'])
  await ready(page)
  await call(page, 'set', { search: 'quokka', color: 'search' })
  for (const [kind, format] of [
    ['coordinates', 'csv'],
    ['figure', 'svg'],
    ['attention', 'npz'],
  ])
    await call(page, 'export', kind, format, { heads: [{ layer: 0, head: 0 }] })
  await call(page, 'open', { model: '404/nothing', host: hub.address }).catch(() => undefined)
  await call(page, 'open', { model: 'zoo/bert-eager-dynamo', host: hub.address, backend: 'wasm' })
  await ready(page)
  await page.reload()
  await ready(page)

  const everything = [...seen, ...hub.requests, ...app.requests].join('\n')
  const words = secret.split(' ')
  const forms = words.flatMap((word) => [
    word,
    Buffer.from(word).toString('hex'),
    // Base64 of a word that begins at any byte of a text.
    ...[0, 1, 2].map((shift) =>
      Buffer.from('x'.repeat(shift) + word)
        .toString('base64')
        .slice(shift + 1, -4),
    ),
  ])
  for (const form of forms) expect(everything.toLowerCase()).not.toContain(form.toLowerCase())
  expect(seen.length).toBeGreaterThan(10)
})

test.describe('on a host that sends no isolation headers', () => {
  test.use({ isolated: false })

  test('threads are there from the second visit on, without a reload of its own', async ({ openApp, problems }) => {
    const page = await openApp('backend=wasm')
    const loads: string[] = []
    page.on('framenavigated', (frame) => loads.push(frame.url()))
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
    await guarded(page)
    await call(page, 'setTexts', lines)
    await ready(page)
    expect(loads).toEqual([])
    await page.reload()
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
    await call(page, 'setTexts', ['Something new for the threads.'])
    await ready(page)
    expect(problems).toEqual([])
  })
})

test('a newer version waits until it is asked for, and the old files are cleaned away', async ({ app, openApp }) => {
  const page = await openApp('backend=wasm')
  await guarded(page)
  const { readFileSync } = await import('node:fs')
  const path = await import('node:path')
  const source = readFileSync(path.resolve(import.meta.dirname, '../../dist/service-worker.js'), 'utf8')
  const [version] = (await page.evaluate(() => caches.keys())).filter((name) => name.startsWith('attention-atlas-app-'))
  const hash = version!.slice('attention-atlas-app-'.length)
  expect(source).toContain(hash)
  app.setFault((request, response) => {
    if (!request.url?.endsWith('/service-worker.js')) return false
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(source.replaceAll(hash, 'newer'))
    return true
  })
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update())
  await page.getByRole('button', { name: /network|requests/i }).click()
  await page.getByRole('button', { name: 'Use it from the next reload on' }).click()
  await expect
    .poll(() => page.evaluate(async () => (await caches.keys()).filter((name) => name.includes('-app-'))))
    .toEqual(['attention-atlas-app-newer'])
  await page.reload()
  await call(page, 'setTexts', lines)
  await ready(page)
})
