import type { Page } from '@playwright/test'
import type { AtlasScene } from '../../src/scene/atlas-scene'
import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'
import { serveHarness } from '../helpers/harness-page'

interface Attention {
  weights: Float32Array
  size: number
}

test('one word alone is drawn, and its fidelity is said to be unknown', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', ['river'])
  await ready(page)
  const { points, n } = await call<{ points: Float32Array; n: number }>(page, 'coordinates', { layer: 3, head: 3 })
  expect(n).toBe(3)
  expect([...points].every(Number.isFinite)).toBe(true)
  await page.evaluate(() => (location.hash = 'view=sequence&head=L3H3&sequence=0&token=1'))
  await expect(page.getByText('too little text to measure')).toBeVisible()
  await expect(page.getByRole('button', { name: 'query 1: river' })).toBeVisible()
  const { weights, size } = await call<Attention>(page, 'attention', { layer: 3, head: 3, sequence: 0 })
  const row = [...weights.subarray(size, 2 * size)]
  const shown = await page
    .getByRole('button', { name: /^key \d+:/ })
    .locator('.weight')
    .allInnerTexts()
  expect(shown.map(Number)).toEqual(row.map((weight) => expect.closeTo(weight, 2)))
  expect(problems).toEqual([])
})

test('text that looks like HTML stays text', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  const line = '<img src=x onerror="document.title = 1"> & <b>bold</b>'
  await call(page, 'setTexts', [line, 'The river rose.'])
  await ready(page)
  await page.evaluate(() => (location.hash = 'view=sequence&head=L3H3&sequence=0&token=2'))
  const drawer = page.getByRole('region', { name: 'Sequence' })
  await expect(drawer.getByText(line, { exact: true })).toBeVisible()
  await page.getByRole('button', { name: /^query 2:/ }).hover()
  await expect(page.getByRole('tooltip')).toContainText('<')
  expect(await page.locator('.app img, .app b').count()).toBe(0)
  expect(await page.title()).not.toBe('1')
  expect(problems).toEqual([])
})

test('a sentence of 512 tokens can be read: lines, heat map, scroll', async ({ openApp, problems }) => {
  test.slow() // the figures of 144 heads compare all pairs of 512 tokens
  const page = await openApp('backend=wasm')
  const words = ['river', 'light', 'bank', 'stone', 'and', 'the', 'cloud', 'house']
  await call(page, 'setTexts', [Array.from({ length: 600 }, (_, at) => words[(at * 5 + (at >> 3)) % 8]).join(' ')])
  await ready(page)
  const info = await call<AtlasInfo>(page, 'info')
  expect(info.sequences[0]).toMatchObject({ truncated: 90 })
  expect(info.sequences[0]!.tokens).toHaveLength(512)
  await expect(page.getByText('90 tokens left out')).toBeVisible()

  await page.evaluate(() => (location.hash = 'view=sequence&head=L3H3&sequence=0'))
  const drawer = page.getByRole('region', { name: 'Sequence' })
  await expect(drawer.getByText('90 tokens did not fit and were left out')).toBeVisible()
  const { weights, size } = await call<Attention>(page, 'attention', { layer: 3, head: 3, sequence: 0 })
  expect(size).toBe(512)
  const last = page.getByRole('button', { name: 'key 511: [SEP]' })
  await last.scrollIntoViewIfNeeded()
  await expect(last).toBeInViewport()
  const query = page.getByRole('button', { name: /^query 510:/ })
  await query.hover()
  const shown = await last.locator('.weight').innerText()
  expect(Number(shown)).toBeCloseTo(weights[510 * size + 511]!, 2)

  // A cell of the map, far down and to the right.
  const map = drawer.locator('figure canvas')
  await map.scrollIntoViewIfNeeded()
  const side = (await map.evaluate((canvas) => canvas.getBoundingClientRect().width)) / size
  await map.hover({ position: { x: 300.5 * side, y: 310.5 * side } })
  await expect(page.getByTestId('readout')).toContainText('→')
  const readout = await page.getByTestId('readout').innerText()
  expect(Number(/→ \S+\s+(\S+)/.exec(readout)![1])).toBeCloseTo(weights[310 * size + 300]!, 2)

  // Behind them a table of the strongest keys.
  const table = page.locator('table', { has: page.locator('caption', { hasText: 'strongest keys' }) })
  await expect(table.locator('tbody tr')).toHaveCount(512)
  const row = [...weights.subarray(310 * size, 311 * size)]
  const most = row.indexOf(Math.max(...row))
  await expect(table.locator('tbody tr').nth(310).locator('td')).toContainText(new RegExp(`^\\S+ ${most}: `))
  expect(problems).toEqual([])
})

test('a lost graphics device is told in words, and the picture comes back', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await call(page, 'setTexts', ['The river rose by the old bank.', 'She said so.'])
  await ready(page)
  const ink = () =>
    page.evaluate(async () => {
      const image = await createImageBitmap(await window.atlas.export('figure', 'png'))
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!
      context.drawImage(image, 0, 0)
      const { data } = context.getImageData(0, 0, image.width, image.height)
      return data.reduce((sum, value, at) => sum + (at % 4 === 3 ? 0 : 255 - value), 0)
    })
  const before = await ink()
  expect(before).toBeGreaterThan(0)
  await page.evaluate(() => {
    const device = document.querySelector<HTMLCanvasElement>('canvas.scene')!.getContext('webgl2')!
    const switchOff = device.getExtension('WEBGL_lose_context')!
    Object.assign(window, { switchOff })
    switchOff.loseContext()
  })
  await expect(page.getByRole('alert')).toContainText('The graphics device was taken away')
  await page.evaluate(() => (window as unknown as { switchOff: WEBGL_lose_context }).switchOff.restoreContext())
  await expect(page.getByRole('alert')).toHaveCount(0)
  await expect.poll(ink).toBe(before)
  expect(problems).toEqual([])
})

test.describe('made-up heads', () => {
  let harness: Awaited<ReturnType<typeof serveHarness>>
  test.beforeAll(async () => {
    harness = await serveHarness()
  })
  test.afterAll(() => harness.close())

  const openViews = async (page: Page, hash: string) => {
    await page.goto(`${harness.url}views.html#${hash}`)
    const count = page.getByRole('table', { name: 'Heads and their figures' }).getByRole('row')
    await expect(page.getByRole('application')).toBeVisible()
    return count
  }
  /** Share of the canvas inside a tile that is not background. */
  const inked = (page: Page) =>
    page.evaluate(async () => {
      const canvas = document.querySelector('canvas')!
      const copy = new OffscreenCanvas(canvas.width, canvas.height)
      const context = copy.getContext('2d')!
      await new Promise((resolve) => requestAnimationFrame(resolve))
      const { scene } = window as unknown as { scene: AtlasScene }
      context.drawImage(await createImageBitmap(await scene.snapshot(1)), 0, 0)
      const { data } = context.getImageData(0, 0, copy.width, copy.height)
      let colored = 0
      for (let at = 0; at < data.length; at += 4)
        if (Math.max(data[at]!, data[at + 1]!, data[at + 2]!) - Math.min(data[at]!, data[at + 1]!, data[at + 2]!) > 40)
          colored++
      return colored
    })

  test('one layer of one head: the keys have nowhere to go, Enter opens it', async ({ page, problems }) => {
    const rows = await openViews(page, 'layers=1&heads=1')
    await expect(rows).toHaveCount(2)
    await page.getByRole('application').focus()
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp']) await page.keyboard.press(key)
    await page.keyboard.press('Enter')
    await expect(page.getByRole('textbox', { name: 'Go to head' })).toHaveValue('L0 H0')
    expect(problems).toEqual([])
  })

  test('48 layers of 64 heads: every head is in the table and can be opened', async ({ page, problems }) => {
    const rows = await openViews(page, 'layers=48&heads=64&text=The%20river%20rose.')
    await expect(rows).toHaveCount(48 * 64 + 1)
    await page.getByRole('application').focus()
    for (let step = 0; step < 47; step++) await page.keyboard.press('ArrowDown')
    for (let step = 0; step < 63; step++) await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    const box = page.getByRole('textbox', { name: 'Go to head' })
    await expect(box).toHaveValue('L47 H63')
    await box.fill('L48 H0')
    await box.press('Enter')
    await expect(page.getByRole('alert')).toContainText('L0 H0 to L47 H63')
    expect(problems).toEqual([])
  })

  test('points that are all equal lie on one spot, and each can be reached', async ({ page, problems }) => {
    await openViews(page, 'odd=equal&text=The%20river%20rose.&view=head&head=L2H2')
    await expect(page.getByRole('textbox', { name: 'Go to head' })).toBeVisible()
    await page.getByRole('application').focus()
    await page.keyboard.press('p')
    const tooltip = page.getByRole('tooltip')
    await expect(tooltip).toBeVisible()
    const seen = new Set<string>()
    // 6 tokens, queries and keys: from any of them to the first, then over all.
    for (let step = 0; step < 12; step++) await page.keyboard.press('ArrowLeft')
    for (let step = 0; step < 12; step++) {
      seen.add((await tooltip.innerText()).split('\n').slice(0, 4).join(' '))
      await page.keyboard.press('ArrowRight')
    }
    expect(seen.size).toBe(12)
    expect(problems).toEqual([])
  })

  test('20,000 points a head and 3,072 heads are drawn, within the memory set for them', async ({ page, problems }) => {
    for (const [layers, heads, points] of [
      [2, 2, 20_000],
      [48, 64, 200],
    ] as const) {
      await page.goto(`${harness.url}scene.html?still&layers=${layers}&heads=${heads}&points=${points}&ratio=1`)
      expect(await inked(page)).toBeGreaterThan(2000)
      const found = await page.evaluate(
        ([layer, head]) => {
          const { scene } = window as unknown as { scene: AtlasScene }
          scene.showHead({ layer, head }, false)
          const at = scene.screenOf({ head: { layer, head }, point: 7 })!
          const { drawCalls, points, gpuBytes } = scene.statistics()
          return { drawCalls, points, gpuBytes, picked: scene.pick(at.x, at.y, 2) }
        },
        [layers - 1, heads - 1] as const,
      )
      expect(found.points).toBe(layers * heads * points)
      expect(found.drawCalls).toBeLessThanOrEqual(4)
      expect(found.gpuBytes).toBeLessThan(120e6)
      expect(found.picked?.head).toEqual({ layer: layers - 1, head: heads - 1 })
    }
    expect(problems).toEqual([])
  })
})
