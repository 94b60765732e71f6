import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'

/** The view as a PNG, drawn anew. */
const drawing = (page: Page) =>
  page.evaluate(async () => {
    const { atlas } = window as unknown as { atlas: { export(kind: string, format: string): Promise<Blob> } }
    const bitmap = await createImageBitmap(await atlas.export('figure', 'png'))
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
    const context = canvas.getContext('2d')!
    context.drawImage(bitmap, 0, 0)
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    // Blue queries and orange keys.
    let colored = 0
    for (let at = 0; at < data.length; at += 4) if (Math.abs(data[at]! - data[at + 2]!) > 60) colored++
    return colored
  })

test('a lost WebGL context is said in words, and the picture comes back; so it does after the graphics process died', async ({
  browser,
  openApp,
  problems,
}) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', ['The cat sat on the mat.', 'A second line.'])
  await ready(page)
  const before = await drawing(page)
  expect(before).toBeGreaterThan(100)
  const canvas = await page.locator('.stage canvas').first().elementHandle()
  const extension = await canvas!.evaluateHandle((element) => {
    const context = (element as HTMLCanvasElement).getContext('webgl2')!
    return context.getExtension('WEBGL_lose_context')!
  })
  await extension.evaluate((lose) => lose.loseContext())
  await expect(page.getByText('The graphics device was taken away')).toBeVisible()
  await extension.evaluate((lose) => lose.restoreContext())
  await expect(page.getByText('The graphics device was taken away')).toBeHidden()
  await call(page, 'set', { seed: 3 })
  await ready(page)
  expect(await drawing(page)).toBe(before)

  // The same when the browser's graphics process dies.
  const comesBack = await page.evaluateHandle(() => {
    const scene = document.querySelector('.stage canvas')!
    return { back: new Promise<void>((resolve) => scene.addEventListener('webglcontextrestored', () => resolve())) }
  })
  const session = await browser.newBrowserCDPSession()
  await session.send('Browser.crashGpuProcess')
  await comesBack.evaluate(({ back }) => back)
  await call(page, 'setTexts', ['The cat sat on the mat.', 'A second line.'])
  await ready(page)
  expect(await drawing(page)).toBe(before)
  expect(problems.filter((problem) => !/GPU process|CONTEXT_LOST/.test(problem))).toEqual([])
})
