import type { Page } from '@playwright/test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '../helpers/app-test'
import { ready } from '../helpers/atlas-page'

const [columns, rows] = [36, 24]
/**
 * Largest mean difference of a cell's colour, in 255ths, and of a single cell. Anti-aliasing and software drivers move edges by a
 * fraction of a pixel, which changes cells of about 30 × 35 pixels by less; other points, colours or sizes change them by more.
 */
const tolerance = { mean: 1, cell: 12 }
const file = path.join(import.meta.dirname, 'baselines/views.json')
/** Set to write the baselines anew; look at the pictures first. */
const isWriting = process.env.UPDATE_BASELINES === '1'

/** Bytes of each grid as base64. */
type Baselines = Record<string, string>

const baselines: Baselines = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Baselines) : {}

/** Mean colour of each cell of a grid over a canvas on its background, [rows,columns,3]: what is drawn, without fonts. */
const gridOf = (page: Page, selector: string) =>
  page.evaluate(
    async ([selector, columns, rows]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(selector)!
      const isScene = canvas.classList.contains('scene')
      const source = isScene
        ? await createImageBitmap(await window.atlas.export('figure', 'png'))
        : await createImageBitmap(canvas)
      const copy = new OffscreenCanvas(source.width, source.height)
      const context = copy.getContext('2d')!
      context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--background')
      context.fillRect(0, 0, copy.width, copy.height)
      context.drawImage(source, 0, 0)
      const { data, width, height } = context.getImageData(0, 0, copy.width, copy.height)
      const sums = new Float64Array(columns * rows * 4)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const cell = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width)
          for (let channel = 0; channel < 3; channel++)
            sums[4 * cell + channel]! += data[4 * (y * width + x) + channel]!
          sums[4 * cell + 3]!++
        }
      const grid: number[] = []
      for (let cell = 0; cell < columns * rows; cell++)
        for (let channel = 0; channel < 3; channel++)
          grid.push(Math.round(sums[4 * cell + channel]! / Math.max(1, sums[4 * cell + 3]!)))
      return grid
    },
    [selector, columns, rows] as const,
  )

function differenceOf(one: number[], other: number[]): { mean: number; cell: number } {
  const differences = one.map((value, at) => Math.abs(value - other[at]!))
  return {
    mean: differences.reduce((sum, value) => sum + value, 0) / differences.length,
    cell: Math.max(...differences),
  }
}

function baselineOf(name: string): number[] {
  expect(baselines[name], `there is no baseline ${name}`).toBeDefined()
  return [...Buffer.from(baselines[name]!, 'base64')]
}

function compare(name: string, grid: number[]): void {
  if (isWriting) baselines[name] = Buffer.from(grid).toString('base64')
  const { mean, cell } = differenceOf(grid, baselineOf(name))
  expect.soft(mean, `${name}: mean difference of a cell`).toBeLessThanOrEqual(tolerance.mean)
  expect.soft(cell, `${name}: largest difference of a cell`).toBeLessThanOrEqual(tolerance.cell)
}

test('the drawn canvases look as they did, light and dark', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&projection=pca&samples=first-look')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await ready(page)
  for (const theme of ['light', 'dark']) {
    const go = async (hash: string) => {
      await page.evaluate((next) => (location.hash = next), `theme=${theme}&${hash}`)
      await ready(page)
    }
    await go('view=matrix')
    compare(`matrix ${theme}`, await gridOf(page, 'canvas.scene'))
    // The comparison can fail: colours by position, in a picture of as much ink, are outside the tolerance.
    await go('color=position')
    const other = differenceOf(await gridOf(page, 'canvas.scene'), baselineOf(`matrix ${theme}`))
    expect(other.mean > tolerance.mean || other.cell > tolerance.cell).toBe(true)
    await go('color=type')

    await go('view=head&head=L3H3')
    await expect(page.getByRole('textbox', { name: 'Go to head' })).toBeVisible()
    const head = await gridOf(page, 'canvas.scene')
    compare(`head ${theme}`, head)
    await go('head=L3H4')
    await expect(page.getByRole('textbox', { name: 'Go to head' })).toHaveValue('L3 H4')
    await expect
      .poll(async () => differenceOf(await gridOf(page, 'canvas.scene'), head).cell)
      .toBeGreaterThan(tolerance.cell)

    await go('view=sequence&head=L3H3&sequence=0')
    await expect(page.getByRole('button', { name: /^key 2:/ })).toBeVisible()
    await expect.poll(async () => new Set(await gridOf(page, '.lines canvas')).size).toBeGreaterThan(3)
    compare(`lines ${theme}`, await gridOf(page, '.lines canvas'))
    await expect.poll(async () => new Set(await gridOf(page, 'figure canvas')).size).toBeGreaterThan(3)
    compare(`heat map ${theme}`, await gridOf(page, 'figure canvas'))
    await page.keyboard.press('Escape')
  }
  expect(problems).toEqual([])
})

test.afterAll(() => {
  if (!isWriting) return
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(baselines, null, 2) + '\n')
})
