import type { Browser } from '@playwright/test'
import type { AppServer } from '../helpers/app-server'
import { expect, test } from '../helpers/app-test'
import { call, prepare, ready } from '../helpers/atlas-page'
import { forever } from '../helpers/fault-plans'
import { startHubHost } from '../helpers/hub-host'
import { WorkerFaults } from '../helpers/worker-faults'

/** Of two lengths: the model runs once for each. */
const lines = ['The cat sat.', 'A second line, a little longer.']

/** Runs in the page before its scripts: the model's worker can be ended at any moment. */
function keepModelWorker(): void {
  const Original = Worker
  window.Worker = class extends Original {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options)
      if (options?.name === 'model') Object.assign(window, { endModelWorker: () => this.terminate() })
    }
  }
}

/** @param endAt the run of the model in which its worker is ended; 0: none */
async function show(browser: Browser, app: AppServer, host: string, endAt: number) {
  const runs = new WorkerFaults({ kind: 'run', from: forever, to: forever })
  app.setFault(runs.answer)
  const context = await browser.newContext({ serviceWorkers: 'block' })
  const page = await context.newPage()
  await page.addInitScript(keepModelWorker)
  await prepare(page)
  await page.goto(`${app.url}#backend=wasm&model=zoo/bert-eager-dynamo&host=${host}`, { waitUntil: 'load' })
  const held = runs.hold(endAt)
  await call(page, 'setTexts', lines)
  if (endAt > 0) {
    await held
    expect(await page.locator('html').getAttribute('data-status')).toBe('running')
    await page.evaluate(() => (window as unknown as { endModelWorker: () => void }).endModelWorker())
  }
  await ready(page)
  const { points } = await call<{ points: Float32Array }>(page, 'coordinates', { layer: 1, head: 0 })
  await context.close()
  return { points: [...points], runs: runs.calls }
}

test('a model worker that dies while the model runs is replaced, and only what was lost runs again', async ({
  browser,
  app,
}) => {
  const hub = await startHubHost()
  const undisturbed = await show(browser, app, hub.address, 0)
  const disturbed = await show(browser, app, hub.address, undisturbed.runs)
  await hub.close()
  expect(disturbed.points).toEqual(undisturbed.points)
  // The self-test of the model that is opened again, and the run that was cut off.
  const selfTest = undisturbed.runs - lines.length
  expect(disturbed.runs).toBe(undisturbed.runs + selfTest + 1)
})
