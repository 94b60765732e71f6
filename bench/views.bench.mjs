// The picture at scale: 144 heads × 10,000 points, beside deck.gl in the same browser; search; streaming; a reload.
import { launchChromium, median, serveApp, serveBenchPages } from './lib/browser.mjs'
import { chooseParts } from './lib/parts.mjs'

const megabytes = (bytes) => bytes / 2 ** 20

/** Notes when each of some elements is first there in a frame, from the start of the navigation. */
const watch = (selectors) => {
  window.firstFrameMs = selectors.map(() => null)
  selectors.forEach((selector, at) => {
    const look = () => {
      if (!document.querySelector(selector)) return requestAnimationFrame(look)
      // The frame after it is on the screen and takes input.
      requestAnimationFrame(() => {
        window.firstFrameMs[at] = performance.now()
      })
    }
    requestAnimationFrame(look)
  })
}

/** Reload → the frames in which each of the selectors is there, medians. */
async function measureReload(browser, url, selectors, rounds, prepare) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.goto(url, { waitUntil: 'load' })
  if (prepare) await prepare(page)
  await page.addInitScript(watch, selectors)
  const times = []
  for (let round = 0; round < rounds; round++) {
    await page.reload({ waitUntil: 'load' })
    await page.waitForFunction(() => window.firstFrameMs.every((ms) => ms !== null))
    times.push(await page.evaluate(() => window.firstFrameMs))
  }
  await context.close()
  return selectors.map((_, at) => median(times.map((row) => row[at])))
}

/** The longest task of a page's main thread in a trace, as time of the clock and as time of the processor. */
function longestTask(trace) {
  const { traceEvents } = JSON.parse(trace.toString())
  const threadOf = ({ pid, tid }) => `${pid}.${tid}`
  const mains = new Set(
    traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(threadOf),
  )
  const tasks = traceEvents.filter((event) => /RunTask$/.test(event.name) && mains.has(threadOf(event)))
  const most = (figure) => tasks.reduce((longest, task) => Math.max(longest, (task[figure] ?? 0) / 1000), 0)
  return { clockMs: most('dur'), processorMs: most('tdur') }
}

/** Longest main-thread task of the app from a text of 5,000 tokens to the last head drawn. */
async function measureStreaming(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.goto(`${url}#backend=wasm`, { waitUntil: 'networkidle' })
  // The page is quiet once the graphics device is ready behind the first picture.
  await page.locator('[inert] canvas.scene').waitFor({ state: 'attached' })
  await page.evaluate(async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => requestIdleCallback(resolve))
  })
  await browser.startTracing(page, { categories: ['toplevel'] })
  await page.evaluate(async () => {
    const changed = new Promise((resolve) => addEventListener('hashchange', resolve, { once: true }))
    location.hash = 'samples=encyclopaedia'
    await changed
    await window.atlas.ready()
    await new Promise((resolve) => requestIdleCallback(resolve))
  })
  const longest = longestTask(await browser.stopTracing())
  await context.close()
  return longest
}

const row = (what, value, digits, unit, limit, text = `≤ ${limit}`) => ({
  what,
  value: value.toFixed(digits),
  unit,
  ...(limit === undefined ? {} : { target: text, met: value <= limit }),
})

const of = async (page, name, ...args) => page.evaluate(([name, args]) => window.bench[name](...args), [name, args])

/** One sentence of as many tokens as the model takes: seconds to all pictures and figures, and what its view asks of the page. */
async function measureLongSentence(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.goto(`${url}#backend=wasm&projection=pca`, { waitUntil: 'networkidle' })
  const text = Array.from({ length: 600 }, (_, word) => ['the', 'river', 'bank', 'of', 'light'][(7 * word) % 5]).join(
    ' ',
  )
  const began = Date.now()
  const tokens = await page.evaluate(async (line) => {
    await window.atlas.setTexts([line])
    await window.atlas.ready()
    return window.atlas.info().sequences[0].tokens.length
  }, text)
  const seconds = (Date.now() - began) / 1000
  const client = await context.newCDPSession(page)
  await client.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busyMs = async () => {
    const { metrics } = await client.send('Performance.getMetrics')
    return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value
  }
  const busy = {}
  for (const [step, hash, shown] of [
    ['opening', 'view=sequence&head=L3H3&sequence=0', 'L3 H3'],
    ['the next head', 'head=L3H4', 'L3 H4'],
    ['a pinned token', 'token=17', 'L3 H4'],
  ]) {
    const before = await busyMs()
    await page.evaluate((address) => (location.hash = address), hash)
    await page.getByRole('group', { name: `Lines ${shown}` }).waitFor()
    await page.evaluate(async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => requestIdleCallback(resolve))
    })
    busy[step] = (await busyMs()) - before
  }
  await context.close()
  return { tokens, seconds, busy }
}

/** What can be measured alone: `npm run bench views -- --part search`. */
const parts = {
  async *scene({ openPages }) {
    const page = await openPages()
    const { drawCalls, points, bytes } = await of(page, 'openAtlas')
    const total = points.toLocaleString('en')
    yield row(`draw calls of the matrix, ${total} points`, drawCalls, 0, '', 4)
    yield row('device memory for positions and colours', megabytes(bytes), 1, 'MiB', 60)
    const ours = await of(page, 'panAtlas')
    yield row(`JavaScript a frame while panning ${total} points [${ours.frames} frames]`, ours.ms, 2, 'ms', 1)
    yield row('a new colour for every point: call and frame', await of(page, 'recolor', 9), 1, 'ms', 16)
    const { ms, hits } = await of(page, 'pick', 300)
    yield row(`pick in an opened head of 10,000 points [${(100 * hits).toFixed(0)} % hits]`, ms, 3, 'ms', 0.2)
    const streamed = await of(page, 'stream')
    yield row('longest task while 144 × 10,000 points stream in (0: none above 50 ms)', streamed, 0, 'ms', 50, '< 50')
    await page.close()
    for (const [kind, name] of [
      ['layers', 'one ScatterplotLayer a head'],
      ['merged', 'one merged ScatterplotLayer'],
    ]) {
      const peer = await openPages()
      const theirs = await of(peer, 'panDeck', kind)
      await peer.close()
      yield row(`the same in deck.gl, ${name} [${theirs.frames} frames]`, theirs.ms, 2, 'ms')
      yield row(`ours against it`, ours.ms / theirs.ms, 2, '×', 0.5)
    }
  },

  async *search({ openPages }) {
    const page = await openPages()
    const found = await of(page, 'search', 11)
    const first = `first ${found.firstMs.toFixed(0)} ms`
    yield row(`search of 5,000 tokens and scores of 144 heads, away from the page [${first}]`, found.ms, 0, 'ms', 200)
    const firstHere = `first, which sends the points, ${found.firstPageMs.toFixed(1)} ms`
    yield row(`its JavaScript on the page [${firstHere}]`, found.pageMs, 1, 'ms')
    await page.close()
  },

  async *reload({ browser, pages, app }) {
    const [empty] = await measureReload(browser, `${pages.url}empty.html`, ['#there'], 9)
    const shown = ['header button', '#stage', 'html[data-status="ready"]']
    const [controls, stage, whole] = await measureReload(browser, `${app.url}#backend=wasm`, shown, 9, (opened) =>
      opened.evaluate(async () => {
        await window.atlas.setTexts(['The bank of the river.', 'She said that he said so.'])
        await window.atlas.ready()
      }),
    )
    yield row('reload → first frame of an empty Vite page', empty, 0, 'ms')
    const limit = 1.5 * empty + 500
    yield row('reload → first frame that takes input', controls, 0, 'ms', limit, '≤ 1.5 × empty + 500')
    yield row('reload → its stage, with what was kept', stage, 0, 'ms')
    yield row('reload → the whole picture too, drawn', whole, 0, 'ms', limit, '≤ 1.5 × empty + 500')
  },

  async *sentence({ browser, app }) {
    const { tokens, seconds, busy } = await measureLongSentence(browser, app.url)
    yield row(`one sentence of ${tokens} tokens → all pictures and figures`, seconds, 1, 's')
    for (const [step, ms] of Object.entries(busy)) yield row(`its sentence view, processor time: ${step}`, ms, 0, 'ms')
  },

  async *streaming({ browser, app }) {
    const { clockMs, processorMs } = await measureStreaming(browser, app.url)
    const what = 'longest main-thread task of the app from 5,000 tokens to 144 heads'
    yield row(`${what}, by the clock`, clockMs, 0, 'ms', 50, '< 50')
    yield row(`${what}, by the processor`, processorMs, 0, 'ms', 50, '< 50')
  },
}

/** @param only name of one part; absent: all */
export async function* rows(only) {
  const chosen = chooseParts(parts, only)
  const browser = await launchChromium()
  const pages = await serveBenchPages()
  const app = await serveApp()
  const openPages = async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto(`${pages.url}views.html`)
    await page.waitForFunction(() => window.bench)
    return page
  }
  try {
    for (const part of chosen) yield* part({ browser, pages, app, openPages })
  } finally {
    await browser.close()
    pages.close()
    app.close()
  }
}
