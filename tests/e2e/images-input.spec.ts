import type { Page } from '@playwright/test'
import { expect, test as base } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'
import { startHubHost, type HubHost } from '../helpers/hub-host'
import { avifOfHalves, gifOfTwoFrames, jpegTurned, pngOf16Bit, pngOfGrey } from '../helpers/image-files'

const test = base.extend<{ hub: HubHost }>({
  // Playwright wants the empty pattern.
  // eslint-disable-next-line no-empty-pattern
  hub: async ({}, use) => {
    const hub = await startHubHost()
    await use(hub)
    await hub.close()
  },
})

interface GivenFile {
  name: string
  type: string
  /** base64 */
  data: string
}

/** Opens the app with a tiny vision model: 4 × 4 patches of 8 pixels. */
async function openTiny(openApp: (hash: string) => Promise<Page>, hub: HubHost): Promise<Page> {
  const page = await openApp(
    `model=zoo/dinov2-eager-ts&host=${encodeURIComponent(hub.address)}&backend=wasm&theme=light&projection=pca`,
  )
  await page.getByRole('button', { name: 'Images', exact: true }).click()
  return page
}

/** Pictures that the browser itself writes: left half one colour, right half another. */
const drawHalves = (
  page: Page,
  wanted: { name: string; type: string; width: number; height: number; left: string; right: string }[],
) =>
  page.evaluate(async (list) => {
    const files: { name: string; type: string; data: string }[] = []
    for (const { name, type, width, height, left, right } of list) {
      const canvas = new OffscreenCanvas(width, height)
      const context = canvas.getContext('2d')!
      context.fillStyle = left
      context.fillRect(0, 0, width / 2, height)
      context.fillStyle = right
      context.fillRect(width / 2, 0, width / 2, height)
      const blob = await canvas.convertToBlob({ type, quality: 1 })
      const url = await new Promise<string>((resolve) => {
        const reader = new FileReader()
        reader.onload = () => resolve(reader.result as string)
        reader.readAsDataURL(blob)
      })
      files.push({ name, type: blob.type, data: url.slice(url.indexOf(',') + 1) })
    }
    return files
  }, wanted)

/** Drops files on the window, or pastes them, as a browser would. */
const give = (page: Page, files: readonly GivenFile[], how: 'drop' | 'paste') =>
  page.evaluate(
    ([files, how]) => {
      const transfer = new DataTransfer()
      for (const { name, type, data } of files)
        transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, { type }))
      const target = document.querySelector('main')!
      target.dispatchEvent(
        how === 'drop'
          ? new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true })
          : new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }),
      )
    },
    [files, how] as const,
  )

/** Colours of the opened image in the middle of its four quarters: what the model sees. */
const quarters = (page: Page): Promise<number[][]> =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas[data-part="heat"]')!
    const { width, height } = canvas
    const context = canvas.getContext('2d')!
    const left = width - height // square pictures, tiles in a column before them
    return [
      [0.25, 0.25],
      [0.75, 0.25],
      [0.25, 0.75],
      [0.75, 0.75],
    ].map(([x, y]) => [...context.getImageData(Math.round(left + x! * height), Math.round(y! * height), 1, 1).data])
  })

const file = (name: string, type: string, bytes: Uint8Array | string): GivenFile => ({
  name,
  type,
  data: Buffer.from(bytes as Uint8Array).toString('base64'),
})

const [red, blue, green, middle, white] = [
  [220, 30, 30],
  [20, 40, 210],
  [20, 160, 60],
  [128, 128, 128],
  [255, 255, 255],
]
const css = ([r, g, b]: number[]) => `rgb(${r} ${g} ${b})`
const halves = { width: 64, height: 64, left: css(red!), right: css(blue!) }

/** A script, a handler and a picture from elsewhere inside a vector picture. */
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80" onload="fetch('bait-handler')">
<script>fetch('bait-script')</script><rect width="80" height="80" fill="${css(green!)}"/>
<image href="bait-image.png" width="80" height="80"/></svg>`

test('every kind of picture is shown as the model sees it; broken and foreign ones are named', async ({
  app,
  hub,
  openApp,
  problems,
}) => {
  const page = await openTiny(openApp, hub)
  const [png, jpeg, webp, wide, clear] = await drawHalves(page, [
    { ...halves, name: 'plain.png', type: 'image/png' },
    { ...halves, name: 'plain.jpg', type: 'image/jpeg' },
    { ...halves, name: 'plain.webp', type: 'image/webp' },
    { ...halves, name: 'panorama.png', type: 'image/png', width: 1600, height: 90 },
    { ...halves, name: 'clear.png', type: 'image/png', left: 'transparent' },
  ])
  const turned = jpegTurned(Buffer.from(jpeg!.data, 'base64'))
  const cases: [GivenFile, (number[] | undefined)[]][] = [
    [png!, [red, blue, red, blue]],
    [jpeg!, [red, blue, red, blue]],
    [webp!, [red, blue, red, blue]],
    [file('turned.jpg', 'image/jpeg', turned), [red, red, blue, blue]],
    [file('upside.jpg', 'image/jpeg', jpegTurned(Buffer.from(jpeg!.data, 'base64'), 3)), [blue, red, blue, red]],
    [file('new.avif', 'image/avif', avifOfHalves), [red, blue, red, blue]],
    [file('moving.gif', 'image/gif', gifOfTwoFrames(32, red!, blue!)), [red, red, red, red]],
    [clear!, [middle, blue, middle, blue]],
    [file('deep.png', 'image/png', pngOf16Bit(32, 0x8080, 0xffff)), [middle, white, middle, white]],
    [file('grey.png', 'image/png', pngOfGrey(32, 128, 255)), [middle, white, middle, white]],
    [wide!, [red, blue, red, blue]],
    [file('drawn.svg', 'image/svg+xml', svg), [green, green, green, green]],
  ]
  const broken = [
    file('phone.heic', 'image/heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
    file('half.jpg', 'image/jpeg', Buffer.from(jpeg!.data, 'base64').subarray(0, 200)),
    file('nothing.png', 'image/png', ''),
    file('web.svg', 'image/svg+xml', svg.replace('<image', '<foreignObject width="9" height="9"/><image')),
  ]
  await give(page, [...cases.map(([given]) => given), ...broken], 'drop')
  const panel = page.getByRole('region', { name: 'Images' })
  await expect(panel.getByRole('alert').getByRole('listitem')).toHaveText([
    /^phone\.heic is HEIC/,
    /^half\.jpg is damaged/,
    /^nothing\.png is empty/,
    /^web\.svg holds web content/,
  ])
  await expect(panel.getByRole('status')).toContainText('12 images')
  await ready(page)
  const info = (await call<AtlasInfo>(page, 'info'))!
  expect(info.sequences.map(({ name }) => name)).toEqual(cases.map(([{ name }]) => name))

  const view = page.getByRole('region', { name: 'Image', exact: true })
  for (const [index, [{ name }, expected]] of cases.entries()) {
    await page.evaluate((sequence) => (location.hash = `view=sequence&sequence=${sequence}`), index)
    await expect(view).toContainText(name)
    await expect
      .poll(
        async () =>
          Math.max(
            ...(await quarters(page)).flatMap((color, at) =>
              [0, 1, 2].map((channel) => Math.abs(color[channel]! - expected[at]![channel]!)),
            ),
          ),
        { message: name },
      )
      .toBeLessThan(14)
  }
  expect(app.requests.filter((url) => url.includes('bait'))).toEqual([])

  // Pasted ones come after; the others are not run again.
  await give(page, [{ ...png!, name: 'pasted.png' }], 'paste')
  await expect(panel.getByRole('button', { name: 'Look at pasted.png' })).toBeVisible()
  await ready(page)
  expect((await call<AtlasInfo>(page, 'info'))!.sequences.at(-1)!.name).toBe('pasted.png')

  // Another order by keyboard and by dragging.
  const namesNow = async () => {
    await ready(page)
    return (await call<AtlasInfo>(page, 'info'))!.sequences.map(({ name }) => name)
  }
  await panel.getByRole('button', { name: 'Look at pasted.png' }).press('Alt+Home')
  await expect(panel.getByText('pasted.png is now 1 of 13.')).toBeAttached()
  expect((await namesNow()).slice(0, 3)).toEqual(['pasted.png', 'plain.png', 'plain.jpg'])
  await expect(panel.getByRole('button', { name: 'Look at pasted.png' })).toBeFocused()
  await page.keyboard.press('Alt+ArrowRight')
  expect((await namesNow()).slice(0, 3)).toEqual(['plain.png', 'pasted.png', 'plain.jpg'])
  await panel
    .getByRole('listitem')
    .filter({ hasText: 'plain.jpg' })
    .dragTo(panel.getByRole('listitem').filter({ hasText: 'plain.png' }))
  expect((await namesNow()).slice(0, 3)).toEqual(['plain.jpg', 'plain.png', 'pasted.png'])
  expect(problems).toEqual([])
})

/** Bytes of the page that are in use after a collection: objects and the memory behind arrays. */
async function usedBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize, backingStorageSize } = (await session.send('Runtime.getHeapUsage')) as {
    usedSize: number
    backingStorageSize?: number
  }
  await session.detach()
  return usedSize + (backingStorageSize ?? 0)
}

test('a drop of 50 files: 40 are in, 10 are named, the page answers, and the memory comes back', async ({
  hub,
  openApp,
  problems,
}) => {
  test.slow() // 20 megapixels five times
  const page = await openTiny(openApp, hub)
  const small = Array.from({ length: 34 }, (_, index) => ({ ...halves, name: `small ${index}.png`, type: 'image/png' }))
  const large = Array.from({ length: 5 }, (_, index) => ({
    ...halves,
    name: `large ${index}.png`,
    type: 'image/png',
    width: 5000,
    height: 4000,
  }))
  const html = '<img src=x onerror=alert(1)>.png'
  const good = await drawHalves(page, [...small, ...large, { ...halves, name: html, type: 'image/png' }])
  const broken = Array.from({ length: 10 }, (_, index) => ({
    ...good[index]!,
    name: `broken ${index}.png`,
    data: Buffer.from(good[index]!.data, 'base64')
      .subarray(0, 40 + index)
      .toString('base64'),
  }))
  // Something else first, so that what stays for good (the model, the views) is there already.
  await give(page, good.slice(0, 2), 'drop')
  await ready(page)
  const panel = page.getByRole('region', { name: 'Images' })
  await panel.getByRole('button', { name: 'Remove all' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-status', 'empty')
  const before = await usedBytes(page)

  const mixed = good.flatMap((each, index) => (index % 4 === 0 ? [each, broken[index / 4]!] : [each]))
  expect(mixed).toHaveLength(50)
  await give(page, mixed, 'drop')
  await expect(panel.getByRole('status')).toContainText('40 images', { timeout: 120_000 })
  await expect(panel.getByRole('alert').getByRole('listitem')).toHaveText(
    broken.map(({ name }) => new RegExp(`^${name.replace('.', '\\.')} `)),
  )
  await ready(page)
  expect((await call<AtlasInfo>(page, 'info'))!.sequences.map(({ name }) => name)).toEqual(good.map(({ name }) => name))
  await expect(panel.getByText(html, { exact: true })).toBeVisible()
  expect(await page.locator('img[onerror], img[src="x"]').count()).toBe(0)

  await panel.getByRole('button', { name: 'Remove all' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-status', 'empty')
  await expect.poll(() => usedBytes(page), { timeout: 60_000 }).toBeLessThan(before + 8e6)
  expect(problems).toEqual([])
})

test('patches are sized by the norm where that is asked for', async ({ hub, openApp, problems }) => {
  const page = await openTiny(openApp, hub)
  await give(page, await drawHalves(page, [{ ...halves, name: 'one.png', type: 'image/png' }]), 'drop')
  await ready(page)
  await page.keyboard.press('Escape')
  await page.evaluate(() => (location.hash = 'view=head&head=L0H0'))
  await page.getByRole('radio', { name: 'No frame' }).check()
  /** Pixels of the picture in the colours of the patches. */
  const covered = () =>
    page.evaluate(async () => {
      const image = await createImageBitmap(await window.atlas.export('figure', 'png'))
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!
      context.drawImage(image, 0, 0)
      const { data } = context.getImageData(0, 0, image.width, image.height)
      let count = 0
      for (let at = 0; at < data.length; at += 4)
        if (Math.abs(data[at]! - data[at + 2]!) > 100 && data[at + 1]! < 60) count++
      return count
    })
  await expect.poll(covered).toBeGreaterThan(2000)
  const usual = await covered()
  await page.getByRole('button', { name: 'Size', exact: true }).click()
  await expect.poll(async () => Math.abs((await covered()) / usual - 1)).toBeGreaterThan(0.1)
  expect(problems).toEqual([])
})

test('a mask and a table beside the images: labels are colours, found by the search, filtered by the legend, in the hover', async ({
  hub,
  openApp,
  problems,
}) => {
  const page = await openTiny(openApp, hub)
  const panel = page.getByRole('region', { name: 'Images' })
  // The mask is smaller than its image; one half of it has no label.
  const [cat, dog, mask] = await drawHalves(page, [
    { ...halves, name: 'cat.png', type: 'image/png' },
    { ...halves, name: 'dog.png', type: 'image/png' },
    {
      ...halves,
      name: 'cat.mask.png',
      type: 'image/png',
      width: 16,
      height: 16,
      left: '#ff0000',
      right: 'transparent',
    },
  ])
  const table = 'image,row,col,label\ndog,0,0,ear\ndog.png,3,3,tail\nbird,0,0,wing\n'
  await give(page, [cat!, mask!, dog!, file('parts.csv', 'text/csv', table)], 'drop')
  await expect(panel.getByText('bird, which is not among the images')).toBeVisible()
  await expect(panel.getByText('Labels (2 with labels)')).toBeVisible()
  await ready(page)
  const names = (await call<AtlasInfo>(page, 'info'))!.sequences.map(({ name }) => name)
  expect(names).toEqual(['cat.png', 'dog.png'])
  const legend = page.getByRole('region', { name: 'Colour' })
  await expect(legend.getByText('#ff0000')).toBeVisible()
  await expect(legend.getByText('ear')).toBeVisible()

  // A table of names renames what is there.
  await give(page, [file('names.csv', 'text/csv', 'color,label\n#ff0000,tabby\n')], 'drop')
  await expect(legend.getByText('tabby')).toBeVisible()
  await expect(legend.getByText('#ff0000')).toBeHidden()

  // Left half of 4 × 4 patches: 8 of them.
  await page.getByRole('searchbox').fill('tabby')
  await expect(page.getByText('8 tokens in 1 sequence')).toBeVisible()
  await page.getByRole('searchbox').fill('tab')
  await expect(page.getByText('No token matches.')).toBeVisible()

  // The image view says it, and a reload keeps it.
  await page.evaluate(() => (location.hash = 'view=sequence&sequence=0&token=1&role=query&search='))
  await expect(page.getByRole('region', { name: 'Image', exact: true })).toContainText('row 0, column 0 (tabby)')
  await page.reload()
  await ready(page)
  await expect(legend.getByText('tabby')).toBeVisible()
  expect(problems).toEqual([])
})

test('the pinned patch in several heads side by side, by keyboard and by pointer', async ({
  hub,
  openApp,
  problems,
}) => {
  const page = await openTiny(openApp, hub)
  await give(page, await drawHalves(page, [{ ...halves, name: 'one.png', type: 'image/png' }]), 'drop')
  await ready(page)
  await page.keyboard.press('Escape')
  await page.evaluate(() => (location.hash = 'view=sequence&head=L0H0&sequence=0&token=6&role=query'))
  const view = page.getByRole('region', { name: 'Image', exact: true })
  const beside = view.getByRole('figure', { name: /^The pinned patch in/ })
  const maps = view.getByRole('application', { name: 'All heads, this patch' })
  await maps.focus()
  await page.keyboard.press('ArrowRight')
  await expect(view.getByText('L0 H1', { exact: true })).toBeVisible()
  await page.keyboard.press('c')
  await expect(beside).toHaveCount(1)
  await expect(view.getByText('L0 H1, beside')).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('c')
  await expect(beside).toHaveCount(2)

  /** Pixels of a canvas, as text to compare. */
  const pixels = (part: string, at = 0) =>
    page.evaluate(
      ([part, at]) => document.querySelectorAll<HTMLCanvasElement>(`canvas[data-part="${part}"]`)[at]!.toDataURL(),
      [part, at] as const,
    )
  await page.mouse.move(5, 300)
  await expect.poll(async () => (await pixels('beside')) !== (await pixels('heat'))).toBe(true)
  const [second, first] = [await pixels('beside'), await pixels('heat')]
  // The other head's map is what that head shows when it is opened; the one that was open takes its place.
  await beside.first().getByRole('button', { name: 'L0 H1', exact: true }).click()
  await page.mouse.move(5, 300)
  await expect.poll(() => page.evaluate(() => window.atlas.state().head)).toBe('L0H1')
  await expect.poll(() => pixels('heat')).toBe(second)
  await expect.poll(() => pixels('beside')).toBe(first)

  await beside.first().getByRole('button', { name: 'Take L0 H0 away' }).click()
  await expect(beside).toHaveCount(1)
  await maps.click({ position: { x: 6, y: 6 }, modifiers: ['Shift'] })
  await expect(beside).toHaveCount(2)
  await view.getByRole('button', { name: 'Keep', exact: true }).click()
  await maps.focus()
  for (const key of ['ArrowDown', 'ArrowRight', 'Enter']) await page.keyboard.press(key)
  await expect.poll(() => page.evaluate(() => window.atlas.state().head)).not.toBe('L0H1')
  await expect(view.getByRole('figure', { name: 'The pinned patch in L0 H1' })).toBeVisible()
  expect(problems).toEqual([])
})
