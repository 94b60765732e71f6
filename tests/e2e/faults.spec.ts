import type { Browser, Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, prepare, type AtlasInfo, type AtlasState } from '../helpers/atlas-page'
import { failEach, type FaultRange } from '../helpers/fault-plans'
import { startHubHost } from '../helpers/hub-host'

/**
 * The n-th call of the database or of a worker fails, once or from then on. After each the app is ready by itself or after one
 * click on what it offers, with the numbers of an undisturbed run, and the text is there, also after a reload.
 */

const lines = ['The cat sat.', 'A second line, a little longer.']

type Kind = 'database' | 'worker'

/** Runs in the page before its scripts: counts calls of a kind over all loads of the tab, and fails those that are asked to. */
function inject([kind, from, to]: [Kind, number, number]): void {
  const read = (key: string) => Number(sessionStorage.getItem(`fault ${key}`) ?? 0)
  const add = (key: string) => {
    sessionStorage.setItem(`fault ${key}`, String(read(key) + 1))
    return read(key)
  }
  const fails = (): boolean => {
    const call = add('calls')
    const isHit = call >= from && call <= to && read('lifted') === 0
    if (isHit) add('failed')
    return isHit
  }
  if (kind === 'database') {
    const owner = IDBObjectStore.prototype as unknown as Record<string, (...given: unknown[]) => unknown>
    for (const method of ['get', 'put', 'delete', 'getAllKeys', 'openCursor'] as const) {
      const original = owner[method]!
      owner[method] = function (this: unknown, ...given) {
        if (fails()) throw new DOMException('no room', 'QuotaExceededError')
        return original.apply(this, given)
      }
    }
    return
  }
  const post = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (this: Worker, ...given: Parameters<Worker['postMessage']>) {
    if (!fails()) return post.apply(this, given)
    this.terminate()
    queueMicrotask(() => this.dispatchEvent(new ErrorEvent('error', { message: 'killed by the test' })))
  } as Worker['postMessage']
}

/** Ready by itself, or after one click on the offer, from which on nothing fails any more. */
async function settled(page: Page): Promise<void> {
  const state = await call<AtlasState>(page, 'ready', 60_000)
  if (state.status === 'ready') return
  expect(state.error?.message).toMatch(/\w{3,}.*[.!]/)
  await page.evaluate(() => sessionStorage.setItem('fault lifted', '1'))
  await page.getByRole('button', { name: 'Try again' }).click()
  expect((await call<AtlasState>(page, 'ready', 60_000)).status).toBe('ready')
}

/** A whole scripted run: text, more text, a reload, another projection. */
async function walk(browser: Browser, address: string, kind: Kind, { from, to }: FaultRange) {
  const context = await browser.newContext({ serviceWorkers: 'block' })
  const page = await context.newPage()
  await page.addInitScript(inject, [kind, from, to] as [Kind, number, number])
  await prepare(page)
  await page.goto(address, { waitUntil: 'load' })
  await call(page, 'setTexts', lines.slice(0, 1))
  await settled(page)
  await call(page, 'addTexts', lines.slice(1))
  await settled(page)
  await page.reload({ waitUntil: 'load' })
  await settled(page)
  await call(page, 'set', { projection: 'umap' })
  await settled(page)
  const { sequences } = await call<AtlasInfo>(page, 'info')
  expect(sequences.map(({ name }) => name)).toEqual(lines)
  const numbers: number[] = []
  for (const layer of [0, 1]) {
    const { points } = await call<{ points: Float32Array }>(page, 'coordinates', { layer, head: 1 })
    numbers.push(...points)
  }
  const [calls, failed] = await page.evaluate(() =>
    ['calls', 'failed'].map((key) => Number(sessionStorage.getItem(`fault ${key}`) ?? 0)),
  )
  await context.close()
  return { numbers, calls: calls!, failed: failed! }
}

for (const kind of ['database', 'worker'] as const)
  test(`any call may fail: ${kind}`, async ({ browser, app }, { annotations }) => {
    test.setTimeout(process.env.ATLAS_TEST_LONG ? 7_200_000 : 180_000)
    const hub = await startHubHost()
    const address = `${app.url}#backend=wasm&model=zoo/bert-eager-dynamo&host=${hub.address}`
    try {
      const counts = await failEach(
        (range) => walk(browser, address, kind, range),
        (disturbed, undisturbed, { from, to }) =>
          expect(disturbed.numbers, `${kind} ${from} … ${to}`).toEqual(undisturbed.numbers),
      )
      annotations.push({ type: 'counts', description: JSON.stringify(counts) })
      expect(counts.runs).toBeGreaterThan(2)
    } finally {
      await hub.close()
    }
  })
