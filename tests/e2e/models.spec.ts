import type { Page } from '@playwright/test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test as base } from '../helpers/app-test'
import { call, ready, type AtlasInfo, type AtlasState } from '../helpers/atlas-page'
import { startHubHost, type HubHost } from '../helpers/hub-host'

const test = base.extend<{ hub: HubHost }>({
  // Playwright wants the empty pattern.
  // eslint-disable-next-line no-empty-pattern
  hub: async ({}, use) => {
    const hub = await startHubHost()
    await use(hub)
    await hub.close()
  },
})

const zoo = path.resolve(import.meta.dirname, '../fixtures/site/zoo')
const lines = ['The cat sat on the mat.', 'A second line.']
const openMenu = (page: Page) => page.getByRole('button', { name: /^Model:/ }).click()
const at = (hub: HubHost) => `host=${encodeURIComponent(hub.address)}&backend=wasm`

test('a built-in model is picked in the menu; one for images keeps the text and asks for images', async ({
  openApp,
  problems,
}) => {
  const page = await openApp('backend=wasm')
  await openMenu(page)
  const builtin = page.getByRole('list', { name: 'Built in' })
  await expect(builtin.getByRole('button')).toHaveCount(3)
  await expect(builtin.getByRole('button', { name: /bge-small-en-v1.5.*text.*MIT.*34 MB/ })).toBeVisible()

  await builtin.getByRole('button', { name: /dinov2-small/ }).click()
  await call(page, 'setTexts', lines)
  await expect(page.locator('html')).toHaveAttribute('data-status', 'empty', { timeout: 60_000 })
  await expect(page.getByRole('heading', { name: 'dinov2-small takes images' })).toBeVisible()
  await expect(page.getByText('Your text is kept')).toBeVisible()

  await page.getByRole('button', { name: 'Back to a text model' }).click()
  await ready(page)
  const info = await call<AtlasInfo>(page, 'info')
  expect(info.sequences.map(({ name }) => name)).toEqual(lines)
  expect(problems).toEqual([])
})

test('a Hub id: files with sizes and what is in them first, then the file that was chosen', async ({
  hub,
  openApp,
  problems,
}) => {
  const page = await openApp(`model=zoo/bert-eager-dynamo&${at(hub)}`)
  await call(page, 'setTexts', lines)
  await ready(page)
  hub.ranges.length = 0
  await openMenu(page)
  await page.getByRole('textbox', { name: 'Model id' }).fill('zoo/gpt2-sdpa-ts')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('status').filter({ hasText: 'layers' })).toContainText(/\d layers × \d+ heads × \d+/)
  expect(hub.ranges.every((range) => range !== '')).toBe(true)
  await page.getByRole('radio', { name: /model.onnx fp32/ }).check()
  const open = page.getByRole('button', { name: /^Download \d.* and open$/ })
  await expect(open).toBeEnabled()
  await open.click()
  await ready(page)
  expect((await call<AtlasState>(page, 'state')).model).toBe('zoo/gpt2-sdpa-ts')
  expect(await call<AtlasInfo>(page, 'info')).toMatchObject({ causal: true, verified: 'exact' })

  // Stored now: opening it again downloads nothing, and it can be deleted.
  await openMenu(page)
  await page.getByText(/^Storage/).click()
  await page.getByRole('button', { name: 'Delete the stored files of zoo/gpt2-sdpa-ts' }).click()
  await expect(page.getByRole('button', { name: 'Delete the stored files of zoo/gpt2-sdpa-ts' })).toHaveCount(0)
  expect(problems).toEqual([])
})

test('what is wrong with an id is said in the menu, and nothing that is open is lost', async ({ hub, openApp }) => {
  const page = await openApp(`model=zoo/bert-eager-dynamo&${at(hub)}`)
  await call(page, 'setTexts', lines)
  await ready(page)
  await openMenu(page)
  for (const [id, code] of [
    ['404/nothing', 'MODEL_NOT_FOUND'],
    ['nocors/gpt2-sdpa-ts', 'NETWORK'],
    ['error/gpt2-sdpa-ts', 'NETWORK'],
    ['not an id', 'BAD_ARGUMENT'],
  ] as const) {
    await page.getByRole('textbox', { name: 'Model id' }).fill(id)
    await page.keyboard.press('Enter')
    await expect(page.locator(`[role=alert][data-code=${code}]`)).toBeVisible()
    await page.getByRole('button', { name: 'All models' }).click()
  }
  expect((await call<AtlasState>(page, 'state')).status).toBe('ready')
})

test('a download that is cut goes on from there, also after a reload', async ({ hub, openApp, page }) => {
  await openApp(`model=zoo/bert-eager-dynamo&${at(hub)}`)
  await call(page, 'setTexts', lines)
  await ready(page)
  const opening = call(page, 'open', { model: 'once/gpt2-sdpa-ts', file: 'model', dtype: 'fp32' })
  await expect(opening).rejects.toMatchObject({ code: 'TRUNCATED' })
  await expect(page.getByRole('alert').first()).toContainText('goes on from there')

  await page.reload()
  hub.ranges.length = 0
  await call(page, 'open', { model: 'once/gpt2-sdpa-ts', file: 'model', dtype: 'fp32' })
  await ready(page)
  expect(hub.ranges).toHaveLength(1)
  expect(hub.ranges[0]).toMatch(/^bytes=[1-9]\d+-$/)
  expect((await call<AtlasInfo>(page, 'info')).sequences.map(({ name }) => name)).toEqual(lines)
})

test('a folder and dropped files open without a request; after a reload the folder is asked for again', async ({
  hub,
  openApp,
}) => {
  const page = await openApp(at(hub))
  await openMenu(page)
  await page.locator('input[webkitdirectory]').setInputFiles(path.join(zoo, 'bert-eager-dynamo'))
  await expect
    .poll(async () => (await call<AtlasState>(page, 'state')).model, { timeout: 60_000 })
    .toBe('folder:bert-eager-dynamo')
  await call(page, 'setTexts', lines)
  await ready(page)
  expect(await call<AtlasInfo>(page, 'info')).toMatchObject({ kind: 'text', verified: 'exact', layers: 2 })
  await expect(page.getByRole('button', { name: 'Model: bert-eager-dynamo' })).toBeVisible()
  expect(new URL(page.url()).hash).not.toContain('folder')

  const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx']
  const files = names.map((name) => ({
    name: name.replace('onnx/model', 'dropped'),
    base64: readFileSync(path.join(zoo, 'gpt2-sdpa-ts', name)).toString('base64'),
  }))
  await page.evaluate((given) => {
    const transfer = new DataTransfer()
    for (const { name, base64 } of given)
      transfer.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name))
    window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }))
  }, files)
  await expect
    .poll(async () => (await call<AtlasState>(page, 'state')).model, { timeout: 60_000 })
    .toBe('folder:dropped')
  await ready(page)
  expect(await call<AtlasInfo>(page, 'info')).toMatchObject({ causal: true, verified: 'exact' })
  expect(hub.requests).toEqual([])

  // The pictures are there again without the model; what needs the model says what to do.
  await page.reload()
  await ready(page)
  await call(page, 'setTexts', ['Something else.']).catch(() => undefined)
  const state = await call<AtlasState>(page, 'ready', 60_000)
  expect(state.error).toMatchObject({ code: 'NOT_AVAILABLE' })
  expect(state.error?.message).toContain('“dropped” has to be chosen again')
})

test('queries and keys before rotation, and a start token, are switched in the menu, said, linked and undone', async ({
  hub,
  openApp,
  problems,
}) => {
  const page = await openApp(`model=zoo/llama-eager-dynamo&${at(hub)}`)
  await call(page, 'setTexts', lines)
  await ready(page)
  const head = { layer: 0, head: 0 }
  const vectors = () => call<{ k: Float32Array; n: number }>(page, 'vectors', head)
  const usual = await vectors()
  const attention = await call<{ weights: Float32Array }>(page, 'attention', { ...head, sequence: 0 })

  await openMenu(page)
  await page.locator('details.facts > summary').click()
  // The model opens anew and its facts close, so the switch is gone before it could be seen as checked.
  await page.getByRole('group', { name: 'Rotation' }).getByRole('radio', { name: 'before' }).click()
  await expect.poll(() => call<AtlasState>(page, 'state')).toMatchObject({ rotation: 'before' })
  await ready(page)
  const before = await vectors()
  expect(before.n).toBe(usual.n)
  expect(before.k.some((value, index) => Math.abs(value - usual.k[index]!) > 1e-3)).toBe(true)
  const same = await call<{ weights: Float32Array }>(page, 'attention', { ...head, sequence: 0 })
  expect(same.weights.every((weight, index) => Math.abs(weight - attention.weights[index]!) < 1e-5)).toBe(true)
  await expect.poll(() => page.evaluate(() => location.hash)).toContain('rotation=before')
  await page.keyboard.press('Escape')
  await page.evaluate(() => (location.hash = 'view=head&head=L0H0'))
  await expect(page.getByText('Queries and keys before rotation')).toBeVisible()

  await call(page, 'set', { rotation: 'after' })
  await ready(page)
  expect((await vectors()).k).toEqual(usual.k)
  await expect(page.getByText('Queries and keys before rotation')).toBeHidden()

  await page.evaluate(() => (location.hash = 'view=matrix'))
  await call(page, 'open', { model: 'zoo/gpt2-sdpa-ts', host: hub.address, backend: 'wasm' })
  await ready(page)
  const tokens = async () => (await call<AtlasInfo | null>(page, 'info'))?.sequences[0]?.tokens.length ?? 0
  const count = await tokens()
  await openMenu(page)
  await page.locator('details.facts > summary').click()
  await page.getByRole('checkbox', { name: /start token/ }).click()
  await expect.poll(tokens).toBe(count + 1)
  await ready(page)
  expect(problems).toEqual([])
})

test('a folder from the browser’s own dialog opens with what lies in its folders; closing the dialog changes nothing', async ({
  hub,
  openApp,
  problems,
}) => {
  const page = await openApp(at(hub))
  const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx']
  const files = names.map((name) => ({
    path: name.split('/'),
    base64: readFileSync(path.join(zoo, 'bert-eager-dynamo', name)).toString('base64'),
  }))
  await page.evaluate(async (given) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('my bert', { create: true })
    for (const { path, base64 } of given) {
      let place = folder
      for (const part of path.slice(0, -1)) place = await place.getDirectoryHandle(part, { create: true })
      const writable = await (await place.getFileHandle(path.at(-1)!, { create: true })).createWritable()
      await writable.write(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)))
      await writable.close()
    }
    let calls = 0
    Object.assign(window, {
      showDirectoryPicker: () =>
        calls++ === 0 ? Promise.reject(new DOMException('closed', 'AbortError')) : Promise.resolve(folder),
    })
  }, files)
  await openMenu(page)
  const choose = page.getByRole('button', { name: 'Choose a folder…' })
  await choose.click()
  expect((await call<AtlasState>(page, 'state')).model).toBeNull()
  await choose.click()
  await expect
    .poll(async () => (await call<AtlasState>(page, 'state')).model, { timeout: 60_000 })
    .toBe('folder:my bert')
  await call(page, 'setTexts', lines)
  await ready(page)
  expect(await call<AtlasInfo>(page, 'info')).toMatchObject({ kind: 'text', verified: 'exact', layers: 2 })
  expect(hub.requests).toEqual([])
  expect(problems).toEqual([])
})
