// From a sentence to the picture of every head: extraction, memory, PCA, first picture, smoothness.
import { launchChromium, median, serveApp, serveBenchPages } from './lib/browser.mjs'

const sentences = [
  'The bank raised its rates while the boat drifted toward the bank.',
  'She said that he said that they would come, and they came.',
  'In 1998, 2004 and 2016 the river rose by 3, 5 and 8 metres.',
  'The cat chased the mouse, and the mouse chased the cheese.',
]

async function measureOpening(browser, rounds) {
  const results = []
  for (let round = 0; round < rounds; round++) {
    const server = await serveApp()
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    const began = performance.now()
    await page.goto(`${server.url}#backend=wasm`, { waitUntil: 'load' })
    const times = await page.evaluate(async (lines) => {
      const accepted = window.atlas.setTexts(lines)
      const first = (async () => {
        for (;;) {
          const done = await Promise.race([
            window.atlas.coordinates({ layer: 0, head: 0 }).then(
              () => true,
              () => false,
            ),
          ])
          if (done) return performance.now()
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      })()
      await accepted
      const firstMs = await first
      await window.atlas.ready()
      return { firstMs, readyMs: performance.now() }
    }, sentences)
    results.push({ ...times, wallMs: performance.now() - began, bytes: server.bytes() })
    const reloaded = performance.now()
    await page.reload({ waitUntil: 'load' })
    await page.evaluate(() => window.atlas.ready())
    results.at(-1).reloadMs = performance.now() - reloaded
    await context.close()
    server.close()
  }
  const of = (key) => median(results.map((result) => result[key]))
  return {
    firstMs: of('firstMs'),
    readyMs: of('readyMs'),
    bytes: of('bytes'),
    reloadMs: of('reloadMs'),
  }
}

/** Longest main-thread task of a run (24 sentences, from the text to ready), the page having come to rest before. */
async function measureSmoothness(browser, rounds) {
  const longest = []
  for (let round = 0; round < rounds; round++) {
    const server = await serveApp()
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    await page.goto(`${server.url}#backend=wasm`, { waitUntil: 'networkidle' })
    longest.push(
      await page.evaluate(async () => {
        const rest = () => new Promise((resolve) => requestIdleCallback(resolve))
        for (let turn = 0; turn < 20; turn++) await rest()
        const tasks = []
        const observer = new PerformanceObserver((list) =>
          tasks.push(...list.getEntries().map(({ duration }) => duration)),
        )
        observer.observe({ type: 'longtask' })
        const changed = new Promise((resolve) => addEventListener('hashchange', resolve, { once: true }))
        location.hash = 'samples=first-look'
        await changed
        await window.atlas.ready()
        await rest()
        return Math.max(0, ...tasks)
      }),
    )
    await context.close()
    server.close()
  }
  return median(longest)
}

export async function* rows() {
  const browser = await launchChromium()
  const pages = await serveBenchPages()
  const open = async () => {
    const page = await browser.newPage()
    await page.goto(`${pages.url}spine.html`)
    await page.waitForFunction(() => window.bench)
    return page
  }
  try {
    for (const threads of [1, 2]) {
      const page = await open()
      const { rows } = await page.evaluate((count) => window.bench.extraction(count, 9), threads)
      for (const { batch, tokens, plainMs, patchedMs, ratio } of rows)
        yield {
          what: `all q, k, v against a plain run, ${batch} × ${tokens} tokens, ${threads} thread(s) [${plainMs.toFixed(0)} → ${patchedMs.toFixed(0)} ms]`,
          value: ratio.toFixed(2),
          unit: '×',
          target: '≤ 1.25',
          met: ratio <= 1.25,
        }
      await page.close()
    }

    const heap = {}
    for (const mode of ['plain', 'patched']) {
      const page = await open()
      heap[mode] = await page.evaluate((which) => window.bench.heapAfterLoad(which), mode)
      await page.close()
    }
    const share = heap.patched.bytes / heap.plain.bytes
    yield {
      what: `WASM heap after load against a plain load [${(heap.plain.bytes / 2 ** 20).toFixed(0)} → ${(heap.patched.bytes / 2 ** 20).toFixed(0)} MiB, ${heap.plain.ms.toFixed(0)} → ${heap.patched.ms.toFixed(0)} ms]`,
      value: share.toFixed(2),
      unit: '×',
      target: '≤ 0.8',
      met: share <= 0.8,
    }

    for (const points of [2000, 10_000]) {
      const page = await open()
      const ms = await page.evaluate((count) => window.bench.pcaOfAllHeads(144, count, 64, 2), points)
      yield {
        what: `PCA of 144 heads × ${points.toLocaleString('en')} points × 64, two workers`,
        value: (ms / 1000).toFixed(2),
        unit: 's',
        ...(points === 10_000 ? { target: '< 1', met: ms < 1000 } : {}),
      }
      await page.close()
    }

    const opening = await measureOpening(browser, 3)
    yield { what: 'bytes from opening the address to ready', value: (opening.bytes / 2 ** 20).toFixed(1), unit: 'MiB' }
    yield { what: 'opening the address → first head there', value: (opening.firstMs / 1000).toFixed(2), unit: 's' }
    yield {
      what: 'opening the address → ready (144 heads, figures)',
      value: (opening.readyMs / 1000).toFixed(2),
      unit: 's',
    }
    yield { what: 'reload → ready, from the cache', value: (opening.reloadMs / 1000).toFixed(2), unit: 's' }
    const longest = await measureSmoothness(browser, 5)
    yield {
      what: 'longest main-thread task of a run (0: none above 50 ms)',
      value: longest.toFixed(0),
      unit: 'ms',
      target: '< 50',
      met: longest < 50,
    }
  } finally {
    await browser.close()
    pages.close()
  }
}
