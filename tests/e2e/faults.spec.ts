import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, type AtlasState } from '../helpers/atlas-page'

/**
 * The n-th call of a kind fails, as SQLite tests itself: once, or from then on. After each the app is ready by itself or after
 * one click on what it offers, with the numbers of an undisturbed run, and the text is there. The long run takes every n.
 */

const lines = ['The cat sat on the mat.', 'A second line, a little longer.']

type Kind = 'database' | 'worker'

/** Runs in the page before its scripts: counts calls of each kind, and fails those that are asked to. */
function inject([kind, from, to]: [Kind | null, number, number]): void {
  const counts: Record<string, number> = {}
  const state = { counts, failed: 0 }
  Object.assign(window, { faults: state })
  const fails = (of: Kind): boolean => {
    const call = (counts[of] = (counts[of] ?? 0) + 1)
    const isHit = of === kind && call >= from && call <= to
    if (isHit) state.failed++
    return isHit
  }
  const guard = <T extends object>(owner: T, method: keyof T & string, of: Kind, fail: () => unknown): void => {
    const original = owner[method] as (...args: unknown[]) => unknown
    Object.assign(owner, {
      [method](this: unknown, ...args: unknown[]) {
        return fails(of) ? fail() : original.apply(this, args)
      },
    })
  }
  const quota = () => new DOMException('no room', 'QuotaExceededError')
  const raise = () => {
    throw quota()
  }
  for (const method of ['get', 'put', 'delete', 'getAllKeys', 'openCursor'] as const)
    guard(IDBObjectStore.prototype, method, 'database', raise)
  const post = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker['postMessage']>) {
    if (!fails('worker')) return post.apply(this, args)
    this.terminate()
    queueMicrotask(() => this.dispatchEvent(new ErrorEvent('error', { message: 'killed by the test' })))
  } as Worker['postMessage']
}

const faults = (page: Page) =>
  page.evaluate(() => (window as unknown as { faults: { counts: Record<string, number>; failed: number } }).faults)

/** A whole scripted run: text, another projection, a reload. Numbers of two heads at its end. */
async function walk(page: Page): Promise<number[][]> {
  await call(page, 'setTexts', lines)
  await settled(page)
  await call(page, 'set', { projection: 'umap' })
  await settled(page)
  const numbers: number[][] = []
  for (const head of [
    { layer: 0, head: 0 },
    { layer: 11, head: 5 },
  ]) {
    const { points } = await call<{ points: Float32Array }>(page, 'coordinates', head)
    numbers.push([...points])
  }
  return numbers
}

/** Ready by itself, or after one click on the offer. */
async function settled(page: Page): Promise<void> {
  const state = await call<AtlasState>(page, 'ready', 120_000)
  if (state.status === 'ready') return
  expect(state.error?.message).toMatch(/\w{3,}.*[.!]/)
  await page.getByRole('button', { name: 'Try again' }).click()
  expect((await call<AtlasState>(page, 'ready', 120_000)).status).toBe('ready')
}

const kinds: Kind[] = ['database', 'worker']

test('any call of a store or a worker may fail: ready again, same numbers, nothing typed lost', async ({
  browser,
  app,
}) => {
  test.setTimeout(process.env.ATLAS_TEST_LONG ? 3_600_000 : 420_000)
  const run = async (kind: Kind | null, from: number, to: number) => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.addInitScript(inject, [kind, from, to] as [Kind | null, number, number])
    await (await import('../helpers/atlas-page')).prepare(page)
    await page.goto(`${app.url}#backend=wasm`, { waitUntil: 'load' })
    const numbers = await walk(page)
    const info = await call<{ sequences: { name: string }[] }>(page, 'info')
    expect(info.sequences.map(({ name }) => name)).toEqual(lines)
    const seen = await faults(page)
    await context.close()
    return { numbers, ...seen }
  }
  const undisturbed = await run(null, 0, 0)
  for (const kind of kinds) {
    const count = undisturbed.counts[kind] ?? 0
    expect(count, kind).toBeGreaterThan(0)
    const all = Array.from({ length: count }, (_, index) => index + 1)
    const single = process.env.ATLAS_TEST_LONG ? all : [...new Set([1, count])].filter((n) => n > 0)
    const ranges = [
      ...single.map((n) => [n, n] as const),
      ...(kind === 'worker' ? [] : [[1, Number.MAX_SAFE_INTEGER] as const]),
    ]
    for (const [from, to] of ranges) {
      const disturbed = await run(kind, from, to)
      if (from === 1) expect(disturbed.failed).toBeGreaterThan(0)
      expect(disturbed.numbers, `${kind} ${from} … ${to}`).toEqual(undisturbed.numbers)
    }
  }
})
