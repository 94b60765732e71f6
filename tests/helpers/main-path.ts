import { expect, type Page } from '@playwright/test'
import type { AppServer } from './app-server'
import { call, ready, type AtlasInfo, type AtlasState } from './atlas-page'

interface Walk {
  app: AppServer
  openApp: (hash: string) => Promise<Page>
  problems: string[]
  backend: 'wasm' | 'webgpu'
  lines: readonly string[]
}

/** Paste → all heads → one head → hover → pin → sentence → reload: what every user does, by keyboard and pointer. */
export async function walkMainPath({ app, openApp, problems, backend, lines }: Walk) {
  const page = await openApp(`backend=${backend}`)
  await expect(page.locator('html')).toHaveAttribute('data-status', 'empty')
  await expect(page.getByRole('heading', { name: 'See every attention head at once' })).toBeVisible()

  await page.getByRole('button', { name: 'Paste text' }).click()
  await page.getByRole('textbox', { name: 'Text, one sentence a line' }).fill(lines.join('\n'))
  await page.keyboard.press('Control+Enter')
  await ready(page)

  expect((await call<AtlasState>(page, 'state')).backend).toBe(backend)
  const info = await call<AtlasInfo>(page, 'info')
  const tokens = info.sequences.reduce((sum, sequence) => sum + sequence.tokens.length, 0)
  expect(info.sequences.map((sequence) => sequence.name)).toEqual(lines)
  expect(info).toMatchObject({ layers: 12, heads: 12, verified: 'exact' })
  const status = page.getByRole('contentinfo')
  await expect(status).toContainText('144 heads')
  await expect(status).toContainText(`${tokens} tokens`)

  // The picture of all heads is drawn: every tile has points of both colours.
  await page.keyboard.press('Escape')
  await expect.poll(() => countTilesWithBoth(page, 12, 12), { timeout: 30_000 }).toBe(144)
  const before = await call<{ points: Float32Array; n: number; m: number }>(page, 'coordinates', {
    layer: 3,
    head: 9,
  })
  expect([before.n, before.m, before.points.length]).toEqual([tokens, tokens, 4 * tokens])

  // Open L3 H9 by the keyboard.
  await page.getByRole('application', { name: 'All heads' }).focus()
  for (const key of ['ArrowDown', 'ArrowRight'])
    for (let step = 0; step < (key === 'ArrowDown' ? 3 : 9); step++) await page.keyboard.press(key)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: 'Go to head' })).toHaveValue('L3 H9')

  // Hovering a point shows its token: walk over the canvas until one is met.
  const stage = await page.locator('canvas').first().boundingBox()
  const card = page.getByRole('tooltip')
  await expect(async () => {
    for (let y = 0.2; y < 0.85; y += 0.05)
      for (let x = 0.15; x < 0.75; x += 0.04) {
        await page.mouse.move(stage!.x + stage!.width * x, stage!.y + stage!.height * y)
        if (await card.isVisible()) return
      }
    throw new Error('no point was met')
  }).toPass({ timeout: 60_000 })
  const words = info.sequences.flatMap((sequence) => sequence.tokens.map((token) => token.text))
  const shown = (await card.innerText()).split('\n')[0]!.trim()
  expect(words).toContain(shown)
  await expect(card).toContainText(/query|key/i)

  // A click pins it and opens its sentence, with the model's own weights.
  await page.mouse.down()
  await page.mouse.up()
  const drawer = page.getByRole('region', { name: 'Sequence' })
  await expect(drawer).toBeVisible()
  await expect(drawer).toContainText(/(bank|spring|river)/)

  // Reload: the same picture from the cache; no weights and no runtime are fetched.
  const fetched = app.requests.length
  await page.reload({ waitUntil: 'load' })
  await ready(page)
  const after = await call<{ points: Float32Array }>(page, 'coordinates', { layer: 3, head: 9 })
  expect(after.points).toEqual(before.points)
  expect(app.requests.slice(fetched).filter((url) => /\.onnx|ort-wasm/.test(url))).toEqual([])
  await expect(page.getByRole('textbox', { name: 'Go to head' })).toHaveValue('L3 H9')
  expect(problems).toEqual([])
}

/** Tiles of the drawn grid in which both blue (query) and orange (key) pixels are found. */
const countTilesWithBoth = (page: Page, layers: number, heads: number) =>
  page.evaluate(
    async ([layers, heads]) => {
      const { atlas } = window as unknown as { atlas: { export(kind: string, format: string): Promise<Blob> } }
      const image = await createImageBitmap(await atlas.export('figure', 'png'))
      const canvas = new OffscreenCanvas(image.width, image.height)
      const context = canvas.getContext('2d')!
      context.drawImage(image, 0, 0)
      const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height)
      // Room for the names of layers and heads around the grid.
      const [left, top, right, bottom] = [40, 28, 16, 16]
      const found = new Set<string>()
      for (let y = top; y < height - bottom; y++)
        for (let x = left; x < width - right; x++) {
          const [red, blue] = [data[4 * (y * width + x)]!, data[4 * (y * width + x) + 2]!]
          const color = blue - red > 60 ? 'blue' : red - blue > 60 ? 'orange' : null
          if (!color) continue
          const row = Math.floor(((y - top) / (height - top - bottom)) * layers)
          const column = Math.floor(((x - left) / (width - left - right)) * heads)
          found.add(`${row}.${column}.${color}`)
        }
      let both = 0
      for (let row = 0; row < layers; row++)
        for (let column = 0; column < heads; column++)
          if (found.has(`${row}.${column}.blue`) && found.has(`${row}.${column}.orange`)) both++
      return both
    },
    [layers, heads] as const,
  )
