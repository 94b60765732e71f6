import { readFileSync } from 'node:fs'
import { expect, test } from '../helpers/app-test'
import { call, callAll, prepare, ready, type AtlasInfo } from '../helpers/atlas-page'

const lines = ['The cat sat on the mat.', 'A second line, a little longer.']
const heads = [
  { layer: 0, head: 0 },
  { layer: 11, head: 5 },
]

const drop = (base64: string) => {
  const transfer = new DataTransfer()
  transfer.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], 'work.atlas'))
  window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }))
}

test('a session is saved from the menu and opens where no model can be had, also after a reload', async ({
  app,
  browser,
  openApp,
  problems,
}) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', lines)
  await call(page, 'set', { seed: 7, color: 'position', view: 'sequence', head: 'L3H9', sequence: 1, token: 2 })
  await ready(page)
  const before = await callAll<{ points: Float32Array }>(page, 'coordinates', heads)
  const weights = await call(page, 'attention', { layer: 3, head: 9, sequence: 1 })
  const figures = await call(page, 'headFigures')

  await page.getByRole('button', { name: 'Save and export' }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save as a file' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('bge-small-en-v1.5-session.atlas')
  const file = readFileSync(await download.path())

  // Another browser, which gets neither models nor the runtime.
  app.setFault((request, response) => {
    if (!/\/models\/[^m]|ort-wasm/.test(request.url ?? '')) return false
    response.writeHead(404).end()
    return true
  })
  const context = await browser.newContext()
  const other = await context.newPage()
  await prepare(other)
  await other.goto(app.url, { waitUntil: 'load' })
  await other.evaluate(drop, file.toString('base64'))
  await expect(other.locator('html')).toHaveAttribute('data-status', 'ready')
  for (const visit of ['opened', 'after a reload']) {
    expect(await call(other, 'state'), visit).toMatchObject({
      ...{ status: 'ready', seed: 7, color: 'position', model: 'builtin:bge-small-en-v1.5' },
      ...{ view: 'sequence', head: 'L3H9', sequence: 1, token: 2 },
    })
    expect((await call<AtlasInfo>(other, 'info')).sequences.map(({ name }) => name)).toEqual(lines)
    expect(await callAll(other, 'coordinates', heads)).toEqual(before)
    expect(await call(other, 'attention', { layer: 3, head: 9, sequence: 1 })).toEqual(weights)
    expect(await call(other, 'headFigures')).toEqual(figures)
    await other.reload({ waitUntil: 'load' })
    await ready(other)
  }
  await other.getByRole('button', { name: 'Save and export' }).click()
  await expect(other.getByText('This picture was read from a session file')).toBeVisible()
  await context.close()
  expect(problems).toEqual([])
})

test('a damaged session is refused in words and changes nothing', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', lines)
  await ready(page)
  await page.getByRole('button', { name: 'Save and export' }).click()
  await page
    .locator('input[type=file][accept=".atlas"]')
    .setInputFiles({ name: 'broken.atlas', mimeType: 'application/zip', buffer: Buffer.from('PK no zip at all') })
  await expect(page.getByText(/This is no session file, or a damaged one/)).toBeVisible()
  expect((await call<{ status: string }>(page, 'state')).status).toBe('ready')
  expect((await call<AtlasInfo>(page, 'info')).sequences.map(({ name }) => name)).toEqual(lines)
  expect(problems).toEqual([])
})

test('what is stored can be looked at and deleted by kind, or all of it', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', lines)
  await ready(page)
  const menu = page.getByRole('button', { name: 'Save and export' })
  await menu.click()
  const row = (name: string) => page.getByRole('listitem').filter({ hasText: name })
  await expect(row('Results')).toContainText(/\d+ · [\d.]+ MB/)
  await expect(row('Models')).toContainText(/1 · \d\d MB/)
  await expect(row('Text and images')).toContainText('2')

  await page.getByRole('button', { name: 'Delete: Results' }).click()
  await expect(row('Results')).toContainText('none')
  expect((await call<{ status: string }>(page, 'state')).status).toBe('ready')

  await page.getByRole('button', { name: 'Delete all' }).click()
  await page.getByRole('button', { name: 'Really delete all?' }).click()
  await expect(row('Text and images')).toContainText('none')
  await expect(row('Models')).toContainText('none')
  const stored = await page.evaluate(async () => {
    const read = (name: string) =>
      new Promise<string>((resolve) => {
        const open = indexedDB.open(name)
        open.onsuccess = () => {
          const all = open.result.transaction('entries').objectStore('entries').getAll()
          all.onsuccess = () => resolve(JSON.stringify(all.result))
        }
      })
    const names = ['attention-atlas-saved', 'attention-atlas-results', 'attention-atlas-results-index']
    const texts = await Promise.all(names.map(read))
    return [...texts, ...Object.values(localStorage), ...Object.values(sessionStorage)].join('\n')
  })
  expect(stored).not.toContain('cat sat')
  await page.reload({ waitUntil: 'load' })
  await expect(page.locator('html')).toHaveAttribute('data-status', 'empty')
  expect(problems).toEqual([])
})
