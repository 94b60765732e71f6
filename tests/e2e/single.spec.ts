import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'

const lines = ['The light bag stood under the light by the door.', 'Maria put the suitcase down by the river.']
const head = { layer: 3, head: 3 }

test('lasso, summary, where attention goes, undo and Esc', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&projection=pca')
  await call(page, 'setTexts', lines)
  await ready(page)
  await page.evaluate(() => (location.hash = 'backend=wasm&projection=pca&view=head&head=L3H3'))
  await expect(page.getByRole('textbox', { name: 'Go to head' })).toHaveValue('L3 H3')
  const info = await call<AtlasInfo>(page, 'info')
  const lengths = info.sequences.map((sequence) => sequence.tokens.length)
  const n = lengths.reduce((sum, length) => sum + length, 0)

  // Everything in a box: all queries and keys, and all attention stays inside.
  const stage = (await page.locator('canvas').first().boundingBox())!
  await page.getByRole('button', { name: 'Box' }).click()
  await page.mouse.move(stage.x + 4, stage.y + 4)
  await page.mouse.down()
  await page.mouse.move(stage.x + stage.width - 4, stage.y + stage.height - 4, { steps: 6 })
  await page.mouse.up()
  const card = page.getByRole('region', { name: 'Selection' })
  await expect(card).toContainText(/\d+ of \d+ points/)
  await page.getByRole('button', { name: 'Box' }).click()
  await expect(card).toContainText(`${2 * n} of ${2 * n} points`)
  await expect(card).toContainText(`${n} queries`)
  await expect(card).toContainText('from 2 of 2 sequences')
  await expect(card).toContainText('On selected keys')
  await expect(card.getByText(/^100 %/)).toBeVisible()

  // Ctrl+Z takes the selection back, Ctrl+Shift+Z brings it again, Esc clears.
  await page.keyboard.press('Control+z')
  await expect(card).toHaveCount(0)
  await page.keyboard.press('Control+Shift+z')
  await expect(card).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(card).toHaveCount(0)
  expect((await call<{ view: string }>(page, 'state')).view).toBe('head')

  // Shift-drag around one half: the counts are those of a recount by coordinates.
  const centre = stage.x + stage.width / 2
  await page.keyboard.down('Shift')
  await page.mouse.move(centre, stage.y + 8)
  await page.mouse.down()
  for (const [x, y] of [
    [stage.x + stage.width - 4, stage.y + 8],
    [stage.x + stage.width - 4, stage.y + stage.height - 4],
    [centre, stage.y + stage.height - 4],
  ] as const)
    await page.mouse.move(x, y, { steps: 4 })
  await page.mouse.up()
  await page.keyboard.up('Shift')
  await expect(card).toBeVisible()
  const [, shown] = /(\d+) of \d+ points/.exec(await card.innerText())!
  const { points } = await call<{ points: Float32Array }>(page, 'coordinates', head)
  const xs = Array.from({ length: 2 * n }, (_, point) => points[2 * point]!)
  // A vertical cut takes the rightmost points: as many queries among them as the card says.
  const rightmost = [...xs.keys()].sort((a, b) => xs[b]! - xs[a]!).slice(0, Number(shown))
  const queries = rightmost.filter((point) => point < n).length
  await expect(card).toContainText(`${queries} queries`)
  await expect(card).toContainText(`${rightmost.length - queries} keys`)
  const sequences = new Set(rightmost.map((point) => (point % n < lengths[0]! ? 0 : 1)))
  await expect(card).toContainText(`from ${sequences.size} of 2 sequences`)
  expect(problems).toEqual([])
})

test('lines as they are set; the hover card states weight and value norm', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&projection=pca')
  await call(page, 'setTexts', lines)
  await ready(page)
  await page.evaluate(() => (location.hash = 'backend=wasm&projection=pca&view=sequence&head=L3H3&sequence=0&token=3'))
  await expect(page.getByRole('region', { name: 'Sequence' })).toBeVisible()
  const info = await call<AtlasInfo>(page, 'info')
  const { weights, size } = await call<{ weights: Float32Array; size: number }>(page, 'attention', {
    ...head,
    sequence: 0,
  })

  await page.getByRole('button', { name: 'Attention lines' }).click()
  await expect(page.getByText('2 lines drawn')).toBeVisible()
  await page.getByRole('slider', { name: 'Strongest' }).fill('10')
  await page.getByRole('slider', { name: 'At least' }).fill('0.1')
  const row = [...weights.subarray(3 * size, 4 * size)]
  const strong = row.filter((weight) => weight >= 0.1).length
  await expect(page.getByText(`${strong} lines drawn`)).toBeVisible()
  await page.getByRole('radio', { name: 'sequence' }).check()
  const all = Array.from({ length: size }, (_, query) =>
    Math.min(10, weights.subarray(query * size, (query + 1) * size).filter((weight) => weight >= 0.1).length),
  ).reduce((sum, count) => sum + count, 0)
  await expect(page.getByText(`${all} lines drawn`)).toBeVisible()
  await page.keyboard.press('Escape')

  // The card of a key beside a pinned query: the weight between them, and the length of the key's value.
  await page.getByRole('button', { name: /^key 2:/ }).hover()
  const card = page.getByRole('tooltip')
  const { v } = await call<{ v: Float32Array }>(page, 'vectors', head)
  const norm = Math.hypot(...v.subarray(2 * info.headDim, 3 * info.headDim))
  const dot = (value: number, digits: number) => value.toFixed(digits).replace(/^0/, '')
  await expect(card).toContainText(dot(row[2]!, 3))
  await expect(card).toContainText(`${dot(norm, 2)} (median`)
  await expect(card).toContainText('int8 weights')
  await page.getByRole('button', { name: 'Size' }).click()
  await expect(page.getByRole('button', { name: 'Size' })).toHaveAttribute('aria-pressed', 'true')
  expect(problems).toEqual([])
})
