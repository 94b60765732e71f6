import { expect, test } from '../helpers/app-test'
import { AtlasError, call, ready, type AtlasInfo, type AtlasState } from '../helpers/atlas-page'

const model = 'model=builtin:bge-small-en-v1.5&backend=wasm'
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: AtlasError) => error.code,
  )

test('empty text leaves the app empty, and the next text works', async ({ openApp, problems }) => {
  const page = await openApp(model)
  await call(page, 'setTexts', ['', '   ', '\t'])
  await expect(page.locator('html')).toHaveAttribute('data-status', 'empty')
  await call(page, 'setTexts', ['Now there is something.'])
  await ready(page)
  expect((await call<AtlasInfo>(page, 'info')).sequences).toHaveLength(1)
  expect(problems).toEqual([])
})

test('100,000 characters in one line are cut to what the model takes, and the cut is told', async ({
  openApp,
  problems,
}) => {
  const page = await openApp(model)
  const line = 'word after word '.repeat(6250)
  await call(page, 'setTexts', [line])
  await ready(page)
  const [sequence] = (await call<AtlasInfo>(page, 'info')).sequences
  expect(sequence!.tokens).toHaveLength(512)
  expect(sequence!.truncated).toBe(18_750 - 510)
  expect(sequence!.name).toBe(line)
  await expect(page.getByText(/18,240 tokens/).first()).toBeVisible()
  expect(problems).toEqual([])
})

test('5,000 lines: what fits is shown, what was left out is told, and all lines are kept', async ({
  openApp,
  problems,
}) => {
  test.setTimeout(400_000)
  const page = await openApp(model)
  const lines = Array.from({ length: 5000 }, (_, index) => `Line ${index} of five thousand short ones.`)
  await call(page, 'setTexts', lines)
  await ready(page, 380_000)
  const shown = (await call<AtlasInfo>(page, 'info')).sequences.length
  expect(shown).toBeGreaterThan(100)
  if (shown < 5000)
    await expect(page.getByText(new RegExp(`${(5000 - shown).toLocaleString('en')} `)).first()).toBeVisible()
  await page.getByRole('button', { name: /text/i }).first().click()
  const typed = await page.getByRole('textbox', { name: /one sentence a line/i }).inputValue()
  expect(typed.split('\n')).toHaveLength(5000)
  await call(page, 'setTexts', ['The next run works.'])
  await ready(page)
  expect(problems).toEqual([])
})

test('emoji, right-to-left text and control characters come through', async ({ openApp, problems }) => {
  const page = await openApp(model)
  const lines = ['😀👩‍👩‍👧 family', 'שלום עולם, مرحبا', 'bell \u0007 null \u0000 escape \u001b[31m']
  await call(page, 'setTexts', lines)
  await ready(page)
  const info = await call<AtlasInfo>(page, 'info')
  expect(info.sequences.map((sequence) => sequence.name)).toEqual(lines)
  const { q } = await call<{ q: Float32Array }>(page, 'vectors', { layer: 11, head: 11 })
  expect(q.every(Number.isFinite)).toBe(true)
  expect(problems).toEqual([])
})

test('WebGPU asked for where there is none: one sentence, the text is kept, WASM works next', async ({ openApp }) => {
  const page = await openApp('model=builtin:bge-small-en-v1.5&backend=webgpu')
  await call(page, 'setTexts', ['Nothing is lost.']).catch(() => undefined)
  const state = await call<AtlasState>(page, 'ready', 60_000)
  expect(state.status).toBe('failed')
  expect(state.error?.code).toBe('NOT_AVAILABLE')
  expect(state.error?.message).toMatch(/WebGPU/)
  await expect(page.locator('html')).toHaveAttribute('data-error', 'NOT_AVAILABLE')
  await call(page, 'open', { model: 'builtin:bge-small-en-v1.5', backend: 'wasm' })
  await ready(page)
  expect((await call<AtlasInfo>(page, 'info')).sequences.map((sequence) => sequence.name)).toEqual(['Nothing is lost.'])
})

test('an unknown built-in model is named', async ({ openApp, problems }) => {
  const page = await openApp()
  expect(await codeOf(call(page, 'open', { model: 'builtin:no-such-model' }))).toBe('MODEL_NOT_FOUND')
  await call(page, 'setTexts', ['The next run works.'])
  await call(page, 'open', { model: 'builtin:bge-small-en-v1.5', backend: 'wasm' })
  await ready(page)
  expect(problems).toEqual([])
})

for (const [what, code, status] of [
  ['missing', 'NO_ONNX_FILE', 404],
  ['truncated', 'TRUNCATED', 200],
] as const)
  test(`a ${what} model file gives ${code} in words, keeps the text, and the next try works`, async ({
    app,
    openApp,
  }) => {
    app.setFault((request, response) => {
      if (!request.url?.endsWith('.onnx')) return false
      const length = status === 200 ? { 'Content-Length': 100_000 } : {}
      response.writeHead(status, { 'Content-Type': 'application/octet-stream', ...length })
      if (status === 200) response.write(Buffer.alloc(60_000, 8), () => response.destroy())
      else response.end()
      return true
    })
    const page = await openApp('backend=wasm')
    await call(page, 'setTexts', ['Nothing is lost.']).catch(() => undefined)
    const state = await call<AtlasState>(page, 'ready', 60_000)
    expect(state.status).toBe('failed')
    expect([code, 'NETWORK']).toContain(state.error?.code)
    await expect(page.getByRole('alert').first()).toBeVisible()
    app.setFault(null)
    await page.getByRole('button', { name: /try again/i }).click()
    await ready(page)
    expect((await call<AtlasInfo>(page, 'info')).sequences.map((sequence) => sequence.name)).toEqual([
      'Nothing is lost.',
    ])
  })

test('a binary file dropped as text is named; what was typed stays, and a text file works next', async ({
  openApp,
  problems,
}) => {
  const page = await openApp(model)
  await page.getByRole('button', { name: 'Text', exact: true }).click()
  const editor = page.getByRole('textbox', { name: 'Text, one sentence a line' })
  await editor.fill('Typed before.')
  const drop = (name: string, bytes: number[]) =>
    page.evaluate(
      ([name, bytes]) => {
        const transfer = new DataTransfer()
        transfer.items.add(new File([new Uint8Array(bytes)], name))
        const event = { bubbles: true, cancelable: true, dataTransfer: transfer }
        const target = document.elementFromPoint(400, 400)!
        target.dispatchEvent(new DragEvent('dragenter', event))
        target.dispatchEvent(new DragEvent('dragover', event))
        target.dispatchEvent(new DragEvent('drop', event))
      },
      [name, bytes] as const,
    )
  await drop('weights.bin', [0, 1, 2, 255, 254, 0, 0, 7, 9, 200, 128, 0])
  await expect(page.getByRole('alert').filter({ hasText: 'weights.bin' })).toBeVisible()
  await expect(editor).toHaveValue('Typed before.')

  await drop('lines.txt', [...Buffer.from('One from a file.\nTwo from a file.\n')])
  await expect(editor).toHaveValue(/One from a file\./)
  await ready(page)
  const names = (await call<AtlasInfo>(page, 'info')).sequences.map((sequence) => sequence.name)
  expect(names).toEqual(expect.arrayContaining(['One from a file.', 'Two from a file.']))
  expect(problems).toEqual([])
})

test('text that was typed but not shown is there after a reload', async ({ openApp, problems }) => {
  const page = await openApp(model)
  await call(page, 'setTexts', ['Shown before.'])
  await ready(page)
  await page.getByRole('button', { name: 'Text', exact: true }).click()
  const editor = page.getByRole('textbox', { name: 'Text, one sentence a line' })
  await expect(editor).toHaveValue('Shown before.')
  await editor.fill('Shown before.\nTyped, not shown yet.')
  await page.reload({ waitUntil: 'load' })
  await ready(page)
  await page.getByRole('button', { name: 'Text', exact: true }).click()
  await expect(editor).toHaveValue('Shown before.\nTyped, not shown yet.')
  await editor.press('Control+Enter')
  await ready(page)
  expect((await call<AtlasInfo>(page, 'info')).sequences).toHaveLength(2)
  expect(problems).toEqual([])
})
