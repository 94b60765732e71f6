// Opening a model: structure of a 435 MB file, heap and time of a patched load against a plain one, cost of the taps.
import { launchChromium, median, serveBenchPages } from './lib/browser.mjs'

const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(0)

export async function* rows() {
  const browser = await launchChromium()
  const pages = await serveBenchPages()
  const open = async () => {
    const page = await browser.newPage()
    await page.goto(`${pages.url}models.html`)
    await page.waitForFunction(() => window.bench)
    return page
  }
  try {
    const reader = await open()
    const found = await reader.evaluate(() => window.bench.indexAndDetect(5))
    await reader.close()
    yield {
      what: `index and detect, BERT-base of ${(found.fileBytes / 1e6).toFixed(0)} MB, ${found.sites} layers found [first time ${found.firstMs.toFixed(0)} ms]`,
      value: found.ms.toFixed(0),
      unit: 'ms',
      target: '< 100',
      met: found.ms < 100 && found.sites === 12,
    }
    yield {
      what: 'memory that this takes beside the file',
      value: (found.extraBytes / 1e6).toFixed(1),
      unit: 'MB',
      target: '< 20',
      met: found.extraBytes < 20e6,
    }

    // In turn, and each in a fresh page, as a heap never shrinks.
    const loads = { plain: [], patched: [] }
    for (let round = 0; round < 3; round++)
      for (const mode of ['plain', 'patched']) {
        const page = await open()
        loads[mode].push(await page.evaluate((which) => window.bench.load(which), mode))
        await page.close()
      }
    const heap = (mode) => median(loads[mode].map((each) => each.heap))
    const ms = (mode) => median(loads[mode].map((each) => each.ms))
    const saved = heap('plain') / heap('patched')
    yield {
      what: `WASM heap of a plain load against a patched one [${mebibytes(heap('plain'))} → ${mebibytes(heap('patched'))} MiB]`,
      value: saved.toFixed(2),
      unit: '×',
      target: '≥ 1.8',
      met: saved >= 1.8,
    }
    const slower = ms('patched') / ms('plain')
    yield {
      what: `from bytes to a session, patched against plain [${(ms('plain') / 1000).toFixed(2)} → ${(ms('patched') / 1000).toFixed(2)} s]`,
      value: slower.toFixed(2),
      unit: '×',
      target: '≤ 1',
      met: slower <= 1,
    }

    const page = await open()
    const families = await page.evaluate(() => window.bench.overhead(40))
    await page.close()
    for (const { name, plainMs, patchedMs, ratio, verdict } of families)
      yield {
        what: `all q, k, v against a plain run, ${name} (${verdict}) [${plainMs.toFixed(2)} → ${patchedMs.toFixed(2)} ms]`,
        value: ratio.toFixed(2),
        unit: '×',
      }
  } finally {
    await browser.close()
    pages.close()
  }
}
