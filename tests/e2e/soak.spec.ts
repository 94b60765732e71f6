import type { CDPSession, Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'

const rounds = process.env.ATLAS_TEST_LONG ? 200 : 20
/** Caches, compiled code and the browser's own pools are full by then. */
const warmUp = 5

/** Runs before the page's scripts: counts objects of WebGL that are alive. */
function countGpuObjects(): void {
  const counts: Record<string, number> = {}
  Object.assign(window, { gpuObjects: counts })
  const owner = WebGL2RenderingContext.prototype as unknown as Record<string, (...given: unknown[]) => unknown>
  for (const kind of ['Buffer', 'Texture', 'Program', 'Shader', 'Framebuffer', 'Renderbuffer', 'VertexArray']) {
    const [create, remove] = [owner[`create${kind}`]!, owner[`delete${kind}`]!]
    owner[`create${kind}`] = function (...given) {
      counts[kind] = (counts[kind] ?? 0) + 1
      return create.apply(this, given)
    }
    owner[`delete${kind}`] = function (...given) {
      if (given[0]) counts[kind] = (counts[kind] ?? 0) - 1
      return remove.apply(this, given)
    }
  }
}

interface Sizes {
  heapMb: number
  listeners: number
  nodes: number
  workers: number
  databaseMb: number
  gpu: Record<string, number>
}

/** Objects are made when something is first drawn: waits until a hundred frames in a row have made and freed none. */
const gpuAtRest = (page: Page) =>
  page.evaluate(async () => {
    const read = () => JSON.stringify((window as unknown as { gpuObjects: Record<string, number> }).gpuObjects)
    let seen = read()
    for (let still = 0; still < 100; still++) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      if (read() === seen) continue
      seen = read()
      still = 0
    }
    return JSON.parse(seen) as Record<string, number>
  })

async function measure(page: Page, session: CDPSession): Promise<Sizes> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number }
  const { metrics } = await session.send('Performance.getMetrics')
  const metric = (name: string) => metrics.find((entry) => entry.name === name)?.value ?? 0
  const usage = await page.evaluate(
    async () =>
      ((await navigator.storage.estimate()) as { usageDetails?: { indexedDB?: number } }).usageDetails?.indexedDB,
  )
  return {
    heapMb: usedSize / 1e6,
    listeners: metric('JSEventListeners'),
    nodes: metric('Nodes'),
    workers: page.workers().length,
    databaseMb: (usage ?? 0) / 1e6,
    gpu: await gpuAtRest(page),
  }
}

/** Adds, changes, removes, switches projection, dimensions, head and view, and ends where it began. */
async function round(page: Page): Promise<void> {
  const set = (patch: object) => call(page, 'set', patch)
  await call(page, 'addTexts', ['One more line for a while.'])
  await ready(page)
  await call(page, 'setTexts', ['The cat sat on the mat.', 'A changed line.'])
  await ready(page)
  await set({ view: 'sequence', head: 'L3H9', sequence: 1, token: 1 })
  await ready(page)
  await call(page, 'removeSequence', 1)
  await set({ view: 'head', head: 'L4H1', projection: 'umap' })
  await ready(page)
  await set({ dims: 3, color: 'norm', search: 'cat' })
  await ready(page)
  await call(page, 'setTexts', ['The cat sat on the mat.', 'A second line.'])
  await set({ projection: 'pca', dims: 2, color: 'type', search: '', view: 'matrix' })
  await ready(page)
}

test(`after ${rounds} rounds of changes nothing has grown`, async ({ page, openApp, problems }, { annotations }) => {
  test.setTimeout(60_000 + rounds * 15_000)
  await page.addInitScript(countGpuObjects)
  await openApp('backend=wasm')
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  await session.send('HeapProfiler.enable')
  let early: Sizes | null = null
  for (let done = 1; done <= rounds; done++) {
    await round(page)
    if (done === warmUp) early = await measure(page, session)
  }
  const late = await measure(page, session)
  annotations.push({ type: 'sizes', description: JSON.stringify({ early, late }) })
  expect(early!.heapMb).toBeGreaterThan(0)
  expect(early!.gpu['Buffer']).toBeGreaterThan(0)
  expect(late.gpu).toEqual(early!.gpu)
  expect(late.workers).toBe(early!.workers)
  // A few of each may come and go with what the pointer and the status line show.
  expect(late.listeners - early!.listeners).toBeLessThan(60)
  expect(late.nodes - early!.nodes).toBeLessThan(300)
  expect(late.heapMb - early!.heapMb).toBeLessThan(8)
  expect(late.databaseMb - early!.databaseMb).toBeLessThan(2)
  expect(problems).toEqual([])
})
