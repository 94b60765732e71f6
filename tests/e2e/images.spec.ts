import type { Page } from '@playwright/test'
import { layoutImage, rectOf } from '../../src/views/image-grid'
import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'

const odd = { row: 5, column: 9 }
const [rows, columns] = [16, 16]
const oddToken = 1 + odd.row * columns + odd.column
const grey = [90, 120, 150] as const
const red = [220, 40, 30] as const

/** A picture of one colour with one patch of another, as base64 PNG. */
const drawOdd = (page: Page) =>
  page.evaluate(
    async ({ odd, grey, red }) => {
      const canvas = new OffscreenCanvas(224, 224)
      const context = canvas.getContext('2d')!
      context.fillStyle = `rgb(${grey.join(' ')})`
      context.fillRect(0, 0, 224, 224)
      context.fillStyle = `rgb(${red.join(' ')})`
      context.fillRect(14 * odd.column, 14 * odd.row, 14, 14)
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer())
      return btoa(String.fromCharCode(...bytes))
    },
    { odd, grey, red },
  )

interface Pixels {
  /** Size in CSS pixels. */
  width: number
  height: number
  /** Colour at each place asked for. */
  colors: number[][]
}

/** Colours of a canvas of the image view at places in CSS pixels. */
const readCanvas = (page: Page, part: string, places: { x: number; y: number }[]): Promise<Pixels> =>
  page.evaluate(
    ([part, places]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`canvas[data-part="${part}"]`)!
      const { width, height } = canvas.getBoundingClientRect()
      const context = canvas.getContext('2d')!
      const colors = places.map(({ x, y }) => [
        ...context.getImageData(Math.round((x * canvas.width) / width), Math.round((y * canvas.height) / height), 1, 1)
          .data,
      ])
      return { width, height, colors }
    },
    [part, places] as const,
  )

const patches = Array.from({ length: rows * columns }, (_, patch) => patch)
const colorOf = (patch: number) => (patch + 1 === oddToken ? red : grey)

async function layoutOf(page: Page) {
  const { height } = await readCanvas(page, 'heat', [])
  return layoutImage({ rows, columns }, rows * columns + 1, { width: 224, height: 224 }, height)
}

/** Largest difference between what the heat map shows and the weights laid over white, away from the pinned patch's frame. */
async function heatError(page: Page, map: readonly number[]): Promise<number> {
  const layout = await layoutOf(page)
  const centres = patches.map((patch) => {
    const { x, y, width, height } = rectOf(layout, patch + 1)
    return { x: x + width / 2, y: y + height / 2 }
  })
  const { colors } = await readCanvas(page, 'heat', centres)
  const largest = Math.max(...map.slice(1))
  let worst = 0
  for (const patch of patches) {
    const share = map[patch + 1]! / largest
    colorOf(patch).forEach((byte, channel) => {
      const expected = 255 + (byte - 255) * share
      worst = Math.max(worst, Math.abs(colors[patch]![channel]! - expected))
    })
  }
  return worst
}

test('images: named when broken, seen as the model sees them, mapped as they attend, there after a reload', async ({
  app,
  openApp,
  problems,
}) => {
  test.slow() // the model runs on shared processors
  const page = await openApp('backend=wasm&theme=light')
  const png = Buffer.from(await drawOdd(page), 'base64')
  await page.getByRole('button', { name: 'Images', exact: true }).click()
  const panel = page.getByRole('region', { name: 'Images' })
  const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1')
  await page.locator('input[type="file"][accept="image/*"]').setInputFiles([
    { name: 'half.png', mimeType: 'image/png', buffer: png.subarray(0, 60) },
    { name: 'odd.png', mimeType: 'image/png', buffer: png },
    { name: '<b>notes</b>.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') },
    { name: 'phone.heic', mimeType: 'image/heic', buffer: heic },
  ])
  await expect(panel.getByRole('alert')).toContainText('half.png is damaged')
  await expect(panel.getByRole('alert')).toContainText('<b>notes</b>.jpg is no picture that is known')
  await expect(panel.getByRole('alert')).toContainText('phone.heic is HEIC')
  await expect(panel.getByRole('button', { name: 'Look at odd.png' })).toBeVisible()
  await expect(panel.getByRole('status')).toContainText('1 image')
  await ready(page)
  const info = (await call<AtlasInfo & { sequences: { grid: object }[] }>(page, 'info'))!
  expect(info).toMatchObject({ kind: 'image', sequences: [{ name: 'odd.png', grid: { rows, columns } }] })
  expect(info.sequences[0]!.tokens).toHaveLength(257)

  // The crop: every patch in its own colour, the odd one where it was drawn, and named under the pointer.
  await page.keyboard.press('Escape')
  await page.evaluate(() => (location.hash = 'view=sequence&head=L3H2&sequence=0'))
  const view = page.getByRole('region', { name: 'Image', exact: true })
  await expect(view).toContainText('odd.png')
  await expect.poll(() => heatError(page, new Array<number>(257).fill(1)), { timeout: 20_000 }).toBeLessThan(3)
  const layout = await layoutOf(page)
  const place = rectOf(layout, oddToken)
  const heat = view.locator('canvas[data-part="heat"]')
  const position = { x: place.x + place.width / 2, y: place.y + place.height / 2 }
  await heat.hover({ position })
  await expect(view.getByRole('status')).toContainText(`row ${odd.row}, column ${odd.column}`)

  // Pinned: outlined there, and the map is the row of the attention; read as a key, the column.
  await heat.click({ position })
  await page.mouse.move(5, 300)
  const { weights, size } = await call<{ weights: Float32Array; size: number }>(page, 'attention', {
    layer: 3,
    head: 2,
    sequence: 0,
  })
  const row = [...weights.slice(oddToken * size, (oddToken + 1) * size)]
  const column = Array.from({ length: size }, (_, query) => weights[query * size + oddToken]!)
  await expect.poll(() => heatError(page, row), { timeout: 20_000 }).toBeLessThan(3)
  const frame = await readCanvas(page, 'heat', [
    { x: Math.round(place.x), y: position.y },
    { x: position.x, y: Math.round(place.y) },
  ])
  for (const color of frame.colors) expect(color.slice(0, 3)).toEqual([0x1f, 0x6f, 0xd1])
  await view.getByRole('radio', { name: 'key' }).check()
  await page.mouse.move(5, 300)
  await expect.poll(() => heatError(page, column), { timeout: 20_000 }).toBeLessThan(3)

  // Reload: image, pin and map are there again, nothing runs anew.
  const fetched = app.requests.length
  await page.reload({ waitUntil: 'load' })
  await ready(page)
  expect((await call<AtlasInfo>(page, 'info'))!.sequences.map(({ name }) => name)).toEqual(['odd.png'])
  await expect.poll(() => heatError(page, row), { timeout: 20_000 }).toBeLessThan(3)
  expect(app.requests.slice(fetched).filter((url) => /\.onnx|ort-wasm/.test(url))).toEqual([])
  await page.getByRole('button', { name: 'Images', exact: true }).click()
  await expect(panel.getByRole('button', { name: 'Look at odd.png' })).toBeVisible()
  expect(problems).toEqual([])
})
