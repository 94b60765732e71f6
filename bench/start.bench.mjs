// The first visit: what the page computes until the precomputed picture stands, and how long that takes.
import { launchChromium, median, serveApp } from './lib/browser.mjs'

/** One visit of a new browser profile. `scriptMs`: processor time of the page's own scripts, compiled and run, until the picture is drawn. */
async function visit(browser) {
  const server = await serveApp()
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: 'block' })
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const metric = async (name) =>
    1000 * (await session.send('Performance.getMetrics')).metrics.find((entry) => entry.name === name).value
  // The frame in which the picture first has points: until then the canvas is empty.
  await page.addInitScript(() => {
    window.firstPicture = new Promise((resolve) => {
      const { fill, fillRect } = CanvasRenderingContext2D.prototype
      // Only the first mark is watched: there are tens of thousands.
      const watch = (method) =>
        function (...given) {
          Object.assign(CanvasRenderingContext2D.prototype, { fill, fillRect })
          method.apply(this, given)
          requestAnimationFrame(() => resolve(performance.now()))
        }
      Object.assign(CanvasRenderingContext2D.prototype, { fill: watch(fill), fillRect: watch(fillRect) })
    })
  })
  await page.goto(server.url, { waitUntil: 'commit' })
  const shownMs = await page.evaluate(() => window.firstPicture)
  const result = {
    shownMs,
    scriptMs: await metric('ScriptDuration'),
    taskMs: await metric('TaskDuration'),
    bytes: server.bytes(),
  }
  await context.close()
  server.close()
  return result
}

export async function* rows() {
  const browser = await launchChromium()
  try {
    await visit(browser)
    const visits = []
    for (let round = 0; round < 7; round++) visits.push(await visit(browser))
    const of = (key) => Math.round(median(visits.map((each) => each[key])))
    const scriptMs = of('scriptMs')
    yield {
      what: 'scripting until the first picture',
      value: scriptMs,
      unit: 'ms',
      target: '≤ 300',
      met: scriptMs <= 300,
    }
    yield { what: 'all work of the main thread until then', value: of('taskMs'), unit: 'ms' }
    yield { what: 'first picture after', value: of('shownMs'), unit: 'ms' }
    yield { what: 'bytes sent until then', value: (of('bytes') / 1e3).toFixed(0), unit: 'kB' }
  } finally {
    await browser.close()
  }
}
