// From twelve photographs to the picture of every head: preprocessing, inference, PCA, first picture; sprites; memory.
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { listen } from '../scripts/serve.mjs'
import { root } from '../scripts/setup.mjs'
import { launchChromium, median, serveApp, serveBenchPages } from './lib/browser.mjs'
import { chooseParts } from './lib/parts.mjs'

const photographs = 12
/** 12 × (256 patches and CLS) queries and as many keys. */
const points = photographs * 257 * 2
const heads = 72

/** The tiny vision model of the tests under the Hub's addresses: 200 images take seconds, and memory is the page's own. */
async function serveTinyModel() {
  const folder = path.join(root, 'tests/fixtures/site/zoo/dinov2-eager-ts')
  const server = createServer((request, response) => {
    const file = path.join(folder, /\/resolve\/main\/(.+)$/.exec(request.url.split('?')[0])?.[1] ?? 'missing')
    const found = file.startsWith(folder) && existsSync(file)
    response.writeHead(found ? 200 : 404, {
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    })
    if (found && request.method !== 'HEAD') createReadStream(file).pipe(response)
    else response.end()
  })
  const port = await listen(server, 0, 'localhost')
  return { url: `http://localhost:${port}/`, close: () => (server.close(), server.closeAllConnections()) }
}

async function openApp(browser, server, hash) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.goto(`${server.url}#${hash}`, { waitUntil: 'load' })
  return page
}

/** From the address to each step of the run, in milliseconds since the page began. */
const watchRun = (page) =>
  page.evaluate(async () => {
    const times = {}
    const until = async (isThere) => {
      while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 10))
      return performance.now()
    }
    const ready = window.atlas.ready()
    times.model = await until(() => window.atlas.info() !== null)
    times.vectors = await until(() => window.atlas.info()?.sequences.length > 0)
    await window.atlas.coordinates({ layer: 0, head: 0 })
    times.first = performance.now()
    await ready
    times.ready = performance.now()
    return times
  })

/** JavaScript per frame in milliseconds while one head with its patches is dragged about. */
async function measureFrames(page, frames) {
  await page.evaluate(() => (location.hash = 'view=head&head=L3H2'))
  await page.waitForFunction(() => window.atlas.state().view === 'head')
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const script = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'ScriptDuration').value * 1000
  }
  await page.mouse.move(700, 450)
  for (let step = 0; step < 12; step++) await page.mouse.wheel(0, -120) // near enough for patches to be drawn
  await page.mouse.down()
  const before = await script()
  const drawn = page.evaluate(async (count) => {
    for (let frame = 0; frame < count; frame++) await new Promise((resolve) => requestAnimationFrame(resolve))
  }, frames)
  let isOver = false
  void drawn.then(() => (isOver = true))
  for (let step = 0; !isOver; step++)
    await page.mouse.move(700 + 80 * Math.sin(step / 9), 450 + 50 * Math.cos(step / 7))
  const spent = (await script()) - before
  await page.mouse.up()
  await session.detach()
  return spent / frames
}

/** Bytes in use after a collection: objects and the memory behind arrays. */
async function usedBytes(page) {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize + backingStorageSize
}

/** Memory with no image, with 200, and after their removal; the second round shows what grows. */
async function measureMemory(page, rounds) {
  const sizes = []
  for (let round = 0; round < rounds; round++) {
    await page.evaluate(async (seed) => {
      const files = []
      for (let index = 0; index < 200; index++) {
        const canvas = new OffscreenCanvas(96, 96)
        const context = canvas.getContext('2d')
        context.fillStyle = `hsl(${(index * 37 + seed) % 360} 70% 50%)`
        context.fillRect(0, 0, 96, 96)
        context.fillStyle = 'white'
        context.fillRect(index % 90, seed % 90, 6, 6)
        files.push(new File([await canvas.convertToBlob()], `${index}.png`, { type: 'image/png' }))
      }
      await window.atlas.setImages(files)
      await window.atlas.ready()
    }, round * 11)
    const full = await usedBytes(page)
    await page.evaluate(() => window.atlas.setImages([]))
    await page.waitForFunction(() => document.documentElement.dataset.status === 'empty')
    sizes.push({ full, empty: await usedBytes(page) })
  }
  return sizes
}

const seconds = (ms) => (ms / 1000).toFixed(2)
const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1)

/** What can be measured alone: `npm run bench images -- --part sprites`. */
const parts = {
  async *stages({ browser, pages }) {
    const page = await browser.newPage()
    await page.goto(`${pages.url}images.html`)
    await page.waitForFunction(() => window.bench)
    const { prepareMs, plainMs, vectorsMs } = await page.evaluate((count) => window.bench.stages(count), photographs)
    await page.close()
    yield { what: `preprocessing of ${photographs} photographs`, value: seconds(prepareMs), unit: 's' }
    yield { what: 'inference alone, one thread', value: seconds(plainMs), unit: 's' }
    yield { what: 'inference with q, k and v of every head, one thread', value: seconds(vectorsMs), unit: 's' }
    yield { what: 'what q, k and v add', value: (vectorsMs / plainMs).toFixed(2), unit: '×' }
    const spine = await browser.newPage()
    await spine.goto(`${pages.url}spine.html`)
    await spine.waitForFunction(() => window.bench)
    const pcaMs = await spine.evaluate(([h, p]) => window.bench.pcaOfAllHeads(h, p, 64, 2), [heads, points])
    await spine.close()
    yield {
      what: `PCA of ${heads} heads × ${points.toLocaleString('en')} points × 64`,
      value: seconds(pcaMs),
      unit: 's',
    }
  },

  async *run({ browser, app }) {
    const shown = await openApp(browser, app, 'samples=photographs&backend=wasm')
    const times = await watchRun(shown)
    yield { what: 'opening the address → model there', value: seconds(times.model), unit: 's' }
    yield { what: 'model → vectors of all photographs', value: seconds(times.vectors - times.model), unit: 's' }
    yield { what: 'vectors → first head drawn', value: seconds(times.first - times.vectors), unit: 's' }
    yield { what: 'first head → all heads and figures', value: seconds(times.ready - times.first), unit: 's' }
    await shown.context().close()
  },

  async *sprites({ browser, app }) {
    const shown = await openApp(browser, app, 'samples=photographs&backend=wasm')
    await shown.evaluate(() => window.atlas.ready())
    const perFrame = []
    for (let round = 0; round < 3; round++) perFrame.push(await measureFrames(shown, 60))
    const frameMs = median(perFrame)
    yield {
      what: `JavaScript a frame, ${points.toLocaleString('en')} patches dragged`,
      value: frameMs.toFixed(2),
      unit: 'ms',
      target: '< 4',
      met: frameMs < 4,
    }
    await shown.context().close()
  },

  async *memory({ browser, app, tiny }) {
    const host = encodeURIComponent(tiny.url)
    const small = await openApp(browser, app, `model=zoo/tiny&host=${host}&backend=wasm`)
    const [first, ...later] = await measureMemory(small, 3)
    const last = later.at(-1)
    const growth = last.empty - first.empty
    yield {
      what: `memory of the page with 200 images, after removal [first round ${mebibytes(first.full)}, ${mebibytes(first.empty)} MiB]`,
      value: `${mebibytes(last.full)}, ${mebibytes(last.empty)}`,
      unit: 'MiB',
    }
    yield {
      what: 'growth after adding and removing 200 images twice more',
      value: mebibytes(growth),
      unit: 'MiB',
      target: '< 4',
      met: growth < 4 * 2 ** 20,
    }
  },
}

/** @param only name of one part; absent: all */
export async function* rows(only) {
  const chosen = chooseParts(parts, only)
  const browser = await launchChromium()
  const pages = await serveBenchPages()
  const app = await serveApp()
  const tiny = await serveTinyModel()
  try {
    for (const part of chosen) yield* part({ browser, pages, app, tiny })
  } finally {
    await browser.close()
    tiny.close()
    app.close()
    pages.close()
  }
}
