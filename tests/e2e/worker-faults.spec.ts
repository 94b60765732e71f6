import type { Browser } from '@playwright/test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { AppServer } from '../helpers/app-server'
import { expect, test } from '../helpers/app-test'
import { call, prepare, ready, type AtlasInfo, type AtlasState } from '../helpers/atlas-page'
import { failEach } from '../helpers/fault-plans'
import { startHubHost } from '../helpers/hub-host'
import { WorkerFaults, workerKinds, type FaultPlan } from '../helpers/worker-faults'

/**
 * The n-th call of a kind fails inside the model worker: stored files, downloads, the runtime's sessions, its memory, the
 * decoding of pictures, once or from then on. After each the app is ready by itself or after one click on what it offers, with
 * the same numbers.
 */

const lines = ['The cat sat.', 'A second line, a little longer.']
const picture = readFileSync(path.resolve(import.meta.dirname, '../goldens/dinov2-small.rings.png'))
const models = { text: 'zoo/bert-eager-dynamo', image: 'zoo/vit-sdpa-ts' }

async function run(browser: Browser, app: AppServer, host: string, plan: FaultPlan) {
  const faults = new WorkerFaults(plan)
  app.setFault(faults.answer)
  const context = await browser.newContext({ serviceWorkers: 'block' })
  const page = await context.newPage()
  await prepare(page)
  const isImage = plan.kind === 'decode'
  await page.goto(`${app.url}#backend=wasm&model=${models[isImage ? 'image' : 'text']}&host=${host}`, {
    waitUntil: 'load',
  })
  const settled = async () => {
    const state = await call<AtlasState>(page, 'ready', 60_000)
    if (state.status === 'ready') return
    expect(state.error?.message).toMatch(/\w{3,}.*[.!]/)
    faults.isLifted = true
    await page.getByRole('button', { name: 'Try again' }).click()
    await ready(page, 60_000)
  }
  const give = async (last: boolean) => {
    if (!isImage) return void (await call(page, 'setTexts', last ? lines : lines.slice(0, 1)))
    await page.evaluate(
      ([base64, count]) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
        const files = Array.from({ length: count }, (_, at) => new File([bytes], `${at}.png`, { type: 'image/png' }))
        return (window as unknown as { atlas: { setImages(files: File[]): Promise<void> } }).atlas.setImages(files)
      },
      [picture.toString('base64'), 1] as const,
    )
  }
  await give(false)
  await settled()
  if (!isImage) {
    await give(true)
    await settled()
  }
  const info = await call<AtlasInfo>(page, 'info')
  expect(info.sequences.map(({ name }) => name)).toEqual(isImage ? ['0.png'] : lines)
  const { points } = await call<{ points: Float32Array }>(page, 'coordinates', { layer: 0, head: 1 })
  await context.close()
  app.setFault(null)
  return { numbers: [...points], calls: faults.calls, failed: faults.failed }
}

for (const kind of workerKinds)
  test(`a call of the model worker may fail: ${kind}`, async ({ browser, app }, { annotations }) => {
    test.setTimeout(process.env.ATLAS_TEST_LONG ? 3_600_000 : 180_000)
    const hub = await startHubHost()
    try {
      const counts = await failEach(
        (range) => run(browser, app, hub.address, { kind, ...range }),
        (disturbed, undisturbed, { from, to }) =>
          expect(disturbed.numbers, `${kind} ${from} … ${to}`).toEqual(undisturbed.numbers),
      )
      annotations.push({ type: 'counts', description: JSON.stringify(counts) })
      expect(counts.runs).toBeGreaterThan(1)
    } finally {
      await hub.close()
    }
  })
