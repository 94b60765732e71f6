import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasState } from '../helpers/atlas-page'
import { startHubHost } from '../helpers/hub-host'
import { beforeModelWorker } from '../helpers/worker-prefix'

/**
 * The model's device is destroyed, between two runs and in the middle of one, and the browser's graphics process dies in the
 * middle of one: the run comes to its end by itself, on the device, with the same numbers.
 */

const head = { layer: 1, head: 0 }

/** In the model's worker: tells of devices and submitted work, and destroys the device when told to. */
const obedient = `{
  const channel = new BroadcastChannel('device test')
  let device = null
  let onSubmit = null
  const { requestDevice } = GPUAdapter.prototype
  GPUAdapter.prototype.requestDevice = async function (...given) {
    device = await requestDevice.apply(this, given)
    channel.postMessage('device')
    return device
  }
  const { submit } = GPUQueue.prototype
  GPUQueue.prototype.submit = function (...given) {
    submit.apply(this, given)
    const act = onSubmit
    onSubmit = null
    act?.()
  }
  channel.onmessage = ({ data }) => {
    if (data === 'destroy') device.destroy()
    if (data === 'destroy in a run') onSubmit = () => device.destroy()
    if (data === 'tell of a run') onSubmit = () => channel.postMessage('runs')
    channel.postMessage('heard')
  }
}`

/** Runs in the page before its scripts: keeps what the worker says. Results are not stored, so that the model runs each time. */
function listen(): void {
  const { open } = IDBFactory.prototype
  IDBFactory.prototype.open = function (name, version) {
    if (name.includes('results')) throw new DOMException('blocked by the test', 'SecurityError')
    return open.call(this, name, version)
  }
  const channel = new BroadcastChannel('device test')
  const counts: Record<string, number> = {}
  channel.onmessage = ({ data }: MessageEvent<string>) => (counts[data] = (counts[data] ?? 0) + 1)
  Object.assign(window, { deviceTest: { channel, counts } })
}

interface DeviceTest {
  channel: BroadcastChannel
  counts: Record<string, number>
}

const countOf = (page: Page, word: string) =>
  page.evaluate((word) => (window as unknown as { deviceTest: DeviceTest }).deviceTest.counts[word] ?? 0, word)

/** Tells the worker something; it has heard it when this resolves. */
async function tell(page: Page, word: string): Promise<void> {
  const before = await countOf(page, 'heard')
  await page.evaluate(
    (word) => (window as unknown as { deviceTest: DeviceTest }).deviceTest.channel.postMessage(word),
    word,
  )
  await expect.poll(() => countOf(page, 'heard')).toBe(before + 1)
}

const lines = ['The cat sat.', 'A second line, a little longer.']

test('a device that goes away is taken anew, between runs and in one; so it is after the graphics process died', async ({
  app,
  page,
  browser,
  openApp,
  problems,
}) => {
  test.setTimeout(600_000) // a software adapter compiles and computes slowly
  app.setFault(beforeModelWorker(obedient))
  await page.addInitScript(listen)
  const hub = await startHubHost()
  await openApp(`backend=webgpu&model=zoo/bert-eager-dynamo&host=${hub.address}`)
  const show = async () => {
    await call(page, 'setTexts', [])
    await call(page, 'setTexts', lines)
    expect((await ready(page)).backend).toBe('webgpu')
    return (await call<{ q: Float32Array }>(page, 'vectors', head)).q
  }
  const undisturbed = await show()
  const rounds: [name: string, begin: () => Promise<void>, during: () => Promise<void>][] = [
    ['between runs', () => tell(page, 'destroy'), async () => undefined],
    ['in a run', () => tell(page, 'destroy in a run'), async () => undefined],
    [
      'with the graphics process',
      () => tell(page, 'tell of a run'),
      async () => {
        await expect.poll(() => countOf(page, 'runs'), { timeout: 120_000 }).toBe(1)
        const session = await browser.newBrowserCDPSession()
        await session.send('Browser.crashGpuProcess')
      },
    ],
  ]
  let devices = await countOf(page, 'device')
  for (const [name, begin, during] of rounds) {
    await begin()
    const shown = show()
    await during()
    const q = await shown
    expect(q.length, name).toBe(undisturbed.length)
    expect(Math.max(...q.map((value, at) => Math.abs(value - undisturbed[at]!))), name).toBeLessThan(1e-4)
    const now = await countOf(page, 'device')
    expect(now, name).toBeGreaterThan(devices)
    devices = now
  }
  expect((await call<AtlasState>(page, 'state')).error).toBeUndefined()
  await hub.close()
  expect(problems.filter((problem) => !/GPU process|CONTEXT_LOST/.test(problem))).toEqual([])
})
