import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'

interface Stored {
  samples: string
  layers: number
  heads: number
  n: number
  m: number
  boxes: [number, number, number][]
  points: number[]
}

/** The file as `src/storage/first-picture.ts` describes it. */
const stored = async (url: string): Promise<Stored> => {
  const { gunzipSync } = await import('node:zlib')
  const buffer = gunzipSync(Buffer.from(await (await fetch(url)).arrayBuffer()))
  const length = buffer.readUInt32LE(0)
  const header = JSON.parse(buffer.toString('utf8', 4, 4 + length)) as Stored
  const points = Array.from({ length: (buffer.length - 4 - length) / 2 }, (_, at) =>
    buffer.readUInt16LE(4 + length + 2 * at),
  )
  return { ...header, points }
}

test('the first picture is there before a model, its runtime or the renderer', async ({ app, openApp, problems }) => {
  const page = await openApp()
  const canvas = page.getByRole('button', { name: 'Explore the 24 sample sentences' }).locator('canvas')
  await expect(canvas).toBeVisible()
  // Both colours in every tile of a 12 × 12 matrix.
  const poorTiles = () =>
    canvas.evaluate((element: HTMLCanvasElement) => {
      const { width, height } = element
      const { data } = element.getContext('2d')!.getImageData(0, 0, width, height)
      const [blue, orange] = [new Set<number>(), new Set<number>()]
      for (let at = 0; at < data.length; at += 4) {
        const tile = Math.floor(((at / 4 / width) * 12) / height) * 12 + Math.floor((((at / 4) % width) * 12) / width)
        if (data[at + 3]! < 100) continue
        if (data[at + 2]! - data[at]! > 60) blue.add(tile)
        if (data[at]! - data[at + 2]! > 60) orange.add(tile)
      }
      return 288 - blue.size - orange.size
    })
  await expect.poll(poorTiles).toBe(0)
  expect(await page.locator('html').getAttribute('data-status')).toBe('empty')
  // What the page itself loaded; the service worker stores the rest of the app behind it.
  const loaded = await page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).map(
      ({ name, startTime, responseEnd }) => ({ name, startTime, responseEnd }),
    ),
  )
  const picture = loaded.find(({ name }) => name.endsWith('first-picture.bin'))
  expect(picture).toBeDefined()
  expect(loaded.filter(({ name }) => /ort-|\.wasm|transformers/.test(name))).toEqual([])
  expect(
    loaded.filter(({ name }) => name.includes('atlas-scene')).every((s) => s.startTime > picture!.responseEnd),
  ).toBe(true)
  expect(app.requests.filter((path) => /models\/[^m]/.test(path))).toEqual([])
  // Then the graphics device is made ready, out of reach, so that no run waits for it.
  await expect(page.locator('[inert] #stage canvas.scene')).toBeAttached()
  expect(problems).toEqual([])
})

test('after a reload the page is painted before the graphics device is asked for', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&projection=pca')
  await call(page, 'setTexts', ['The bank of the river.'])
  await ready(page)
  await page.addInitScript(() => {
    let frames = 0
    const count = () => {
      if (document.getElementById('stage')) frames += 1
      requestAnimationFrame(count)
    }
    requestAnimationFrame(count)
    const getContext = HTMLCanvasElement.prototype.getContext
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...given: unknown[]) {
      if (given[0] === 'webgl2') document.documentElement.dataset['paintedFirst'] ??= String(frames > 0)
      return Reflect.apply(getContext, this, given) as null
    } as typeof getContext
  })
  await page.reload()
  await ready(page)
  await expect(page.locator('html')).toHaveAttribute('data-painted-first', 'true')
  expect(problems).toEqual([])
})

test('a tile of it opens that head of the same sentences', async ({ app, openApp, problems }) => {
  const page = await openApp('backend=wasm')
  const picture = page.getByRole('button', { name: 'Explore the 24 sample sentences' })
  const box = (await picture.locator('canvas').boundingBox())!
  await page.mouse.click(box.x + (box.width * 9.5) / 12, box.y + (box.height * 3.5) / 12)
  await ready(page)
  expect(await call(page, 'state')).toMatchObject({ view: 'head', head: 'L3H9' })

  // The file is what the app computes: every point, to 1 % of the half box; the weights are 8-bit, sums differ by machine.
  const file = await stored(`${app.url}first-picture.bin`)
  const info = await call<AtlasInfo>(page, 'info')
  expect([info.layers, info.heads]).toEqual([file.layers, file.heads])
  let worst = 0
  for (let index = 0; index < file.boxes.length; index++) {
    const { points } = await call<{ points: Float32Array }>(page, 'coordinates', {
      layer: Math.floor(index / file.heads),
      head: index % file.heads,
    })
    const [x, y, half] = file.boxes[index]!
    points.forEach((value, at) => {
      const unit = Math.min(1.25, Math.max(-1.25, (value - (at % 2 ? y : x)) / half))
      const there = (file.points[index * points.length + at]! / 32767.5 - 1) * 1.25
      worst = Math.max(worst, Math.abs(unit - there))
    })
  }
  expect(worst).toBeLessThan(0.01)
  expect(problems).toEqual([])
})
