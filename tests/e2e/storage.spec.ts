import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, prepare, ready, type AtlasInfo } from '../helpers/atlas-page'
import { startHubHost, type HubHost } from '../helpers/hub-host'

const lines = ['The cat sat.', 'A second line, a little longer.']

let hub: HubHost
test.beforeAll(async () => {
  hub = await startHubHost()
})
test.afterAll(() => hub.close())

const address = (url: string, id = 'zoo/bert-eager-dynamo') =>
  `${url}#backend=wasm&model=${id}&file=model&dtype=fp32&host=${hub.address}`

/** The run works, says what it can't keep, and its text is there after a reload. */
async function works(page: Page, url: string, { survives = true } = {}): Promise<void> {
  await page.goto(url, { waitUntil: 'load' })
  await call(page, 'setTexts', lines)
  await ready(page)
  await expect(page.getByText(/gives no room|does not let this page store/).first()).toBeVisible()
  await page.reload({ waitUntil: 'load' })
  if (!survives) await call(page, 'setTexts', lines)
  await ready(page)
  const { sequences } = await call<AtlasInfo>(page, 'info')
  expect(sequences.map(({ name }) => name)).toEqual(lines)
}

test('a full quota, a database of a newer version, blocked storage: it works, and says what is not kept', async ({
  app,
  browser,
}) => {
  const fresh = async () => {
    const context = await browser.newContext({ serviceWorkers: 'block' })
    const page = await context.newPage()
    await prepare(page)
    return page
  }
  await test.step('full', async () => {
    const page = await fresh()
    const session = await page.context().newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(app.url).origin, quotaSize: 1 })
    await works(page, address(app.url))
    await page.context().close()
  })
  await test.step('of a newer version', async () => {
    const page = await fresh()
    // Of the same site, without the app.
    await page.goto(`${app.url}favicon.svg`)
    await page.evaluate(async () => {
      for (const name of ['saved', 'results', 'results-index'])
        await new Promise<void>((resolve, reject) => {
          const request = indexedDB.open(`attention-atlas-${name}`, 99)
          request.onupgradeneeded = () => request.result.createObjectStore('another store')
          request.onsuccess = () => (request.result.close(), resolve())
          request.onerror = () => reject(new Error(name))
        })
    })
    await works(page, address(app.url))
    await page.context().close()
  })
  await test.step('blocked', async () => {
    const page = await fresh()
    await page.addInitScript(() => {
      const refuse = () => {
        throw new DOMException('blocked by the test', 'SecurityError')
      }
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches'])
        Object.defineProperty(window, name, { get: refuse })
    })
    await works(page, address(app.url), { survives: false })
    await page.context().close()
  })
})

test('a download that is cut at each tenth goes on with one click, and the model is the same', async ({
  app,
  page,
}) => {
  await prepare(page)
  const numbers = async (id: string) => {
    await call(page, 'open', { model: id, host: hub.address, backend: 'wasm', file: 'model', dtype: 'fp32' }).catch(
      () => page.getByRole('button', { name: 'Try again' }).click(),
    )
    await ready(page)
    return [...(await call<{ q: Float32Array }>(page, 'vectors', { layer: 1, head: 0 })).q]
  }
  await page.goto(address(app.url), { waitUntil: 'load' })
  await call(page, 'setTexts', lines)
  await ready(page)
  const whole = await numbers('zoo/gpt2-sdpa-ts')
  for (let tenths = 0; tenths < 10; tenths++) {
    hub.ranges.length = 0
    expect(await numbers(`once${tenths}/gpt2-sdpa-ts`), `${tenths} tenths`).toEqual(whole)
    // A beginning of less than 64 KiB is not worth keeping.
    const second = hub.ranges.find((range, at) => at > 0 && /^bytes=\d+-$/.test(range))
    expect(Boolean(second), `${tenths} tenths: ${hub.ranges.join()}`).toBe(tenths > 3)
  }
})
