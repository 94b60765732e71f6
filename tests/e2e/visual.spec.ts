import type { Page } from '@playwright/test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'

const lines = [
  'The light bag stood under the light by the door.',
  'Maria put the suitcase down by the river.',
  'In 1998, 2004 and 2016 the river rose by 3, 5 and 8 metres.',
]
const [columns, rows] = [36, 24]
/**
 * Largest mean difference of a cell's colour, in 255ths, and of a single cell. Anti-aliasing and software drivers move edges by a
 * fraction of a pixel, which changes cells of about 30 × 25 pixels by less; a missing head, another colour or a lost tint by more.
 */
const tolerance = { mean: 2.5, cell: 24 }
const file = path.join(import.meta.dirname, 'baselines/views.json')
/** Set to write the baselines anew; look at the pictures first. */
const isWriting = process.env.UPDATE_BASELINES === '1'

type Baselines = Record<string, number[]>

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

function compare(name: string, grid: number[]): void {
  if (isWriting) {
    baselines[name] = grid
    return
  }
  const wanted = baselines[name]
  expect(wanted, `there is no baseline ${name}`).toBeDefined()
  const differences = grid.map((value, at) => Math.abs(value - wanted![at]!))
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length
  expect(mean, `${name}: mean difference of a cell`).toBeLessThan(tolerance.mean)
  expect(Math.max(...differences), `${name}: largest difference of a cell`).toBeLessThan(tolerance.cell)
}

test('the drawn canvases look as they did, light and dark', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&projection=pca')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await call(page, 'setTexts', lines)
  await ready(page)
  for (const theme of ['light', 'dark']) {
    const go = async (hash: string) => {
      await page.evaluate((next) => (location.hash = next), `theme=${theme}&${hash}`)
      await ready(page)
    }
    await go('view=matrix')
    const matrix = await gridOf(page, 'canvas.scene')
    compare(`matrix ${theme}`, matrix)
    // The comparison is worth something: the other theme, or nothing drawn, is far outside it.
    expect(Math.max(...matrix) - Math.min(...matrix)).toBeGreaterThan(2 * tolerance.cell)

    await go('view=head&head=L3H3')
    await expect(page.getByRole('textbox', { name: 'Go to head' })).toBeVisible()
    compare(`head ${theme}`, await gridOf(page, 'canvas.scene'))

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
  const list = Object.entries(baselines).map(([name, grid]) => `  ${JSON.stringify(name)}: ${JSON.stringify(grid)}`)
  writeFileSync(file, `{\n${list.join(',\n')}\n}\n`)
})
