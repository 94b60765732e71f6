import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'
import { settled } from '../helpers/inks'

const lines = [
  'The bank raised its rates while the boat drifted toward the bank.',
  'A spring in the old clock broke during the first week of spring.',
]

interface Looked {
  view: string
  sequence: number | null
  token: number | null
  search: string
}

const look = (page: Page): Promise<Looked> => call<Looked>(page, 'state')

/** Steps back until it is so: what is typed or dragged is one step or, on a slow machine, a few. */
async function undoUntil(page: Page, isSo: () => Promise<boolean>): Promise<void> {
  for (let step = 0; step < 8 && !(await isSo()); step++) await page.keyboard.press('Control+z')
  expect(await isSo()).toBe(true)
}

test('a ramp is cut to a range by handles and by keys', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&projection=pca&theme=light&color=position')
  await call(page, 'setTexts', lines)
  await ready(page)
  const legend = page.getByRole('region', { name: 'Colour' })
  const lowest = legend.getByRole('slider', { name: 'Lowest value shown' })
  const highest = legend.getByRole('slider', { name: 'Highest value shown' })
  await expect(lowest).toHaveAttribute('aria-valuetext', 'first')
  const whole = await settled(page)

  // By keys: 16 of 32 steps, the later half of every sequence, queries and keys.
  await lowest.focus()
  for (let step = 0; step < 16; step++) await page.keyboard.press('ArrowRight')
  await expect(lowest).toHaveAttribute('aria-valuetext', '0.50')
  const half = await settled(page)
  expect(half.colored).toBeLessThan(0.7 * whole.colored)
  expect(half.colored).toBeGreaterThan(0.3 * whole.colored)

  // By hand: the other end is drawn to the middle, and can't pass the first.
  const track = (await highest.boundingBox())!
  await page.mouse.move(track.x + track.width - 6, track.y + track.height / 2)
  await page.mouse.down()
  await page.mouse.move(track.x + 0.75 * track.width, track.y + track.height / 2)
  await page.mouse.up()
  const to = Number(await highest.getAttribute('aria-valuetext'))
  expect(to).toBeGreaterThan(0.65)
  expect(to).toBeLessThan(0.85)
  const quarter = await settled(page)
  expect(quarter.colored).toBeLessThan(0.8 * half.colored)
  await highest.focus()
  await page.keyboard.press('Home')
  await expect(highest).toHaveAttribute('aria-valuetext', '0.50')

  // Undo takes the ends back one after the other.
  await undoUntil(page, async () => (await highest.getAttribute('aria-valuetext')) === 'last')
  await expect(lowest).toHaveAttribute('aria-valuetext', '0.50')
  await undoUntil(page, async () => (await lowest.getAttribute('aria-valuetext')) === 'first')
  expect((await settled(page)).colored).toBe(whole.colored)
  await page.keyboard.press('Control+Shift+z')
  await expect(lowest).not.toHaveAttribute('aria-valuetext', 'first')
  await legend.getByRole('button', { name: 'Show all' }).click()
  await expect(lowest).toHaveAttribute('aria-valuetext', 'first')

  // Norms differ from head to head: only an opened head has a range of them.
  await call(page, 'set', { color: 'norm' })
  await expect(legend).toContainText('Open a head to filter by its values.')
  await expect(lowest).toHaveCount(0)
  await page.evaluate(() => (location.hash = 'view=head&head=L3H3'))
  const { q, k } = await call<{ q: Float32Array; k: Float32Array }>(page, 'vectors', { layer: 3, head: 3 })
  const norms = [q, k].flatMap((all) =>
    Array.from({ length: all.length / 32 }, (_, row) => Math.hypot(...all.subarray(32 * row, 32 * row + 32))),
  )
  await expect(lowest).toHaveAttribute('aria-valuetext', Math.min(...norms).toFixed(1))
  await expect(highest).toHaveAttribute('aria-valuetext', Math.max(...norms).toFixed(1))
  expect(problems).toEqual([])
})

test('Ctrl+Z and Ctrl+Shift+Z go through search, filters, order, views and pins', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&projection=pca')
  await call(page, 'setTexts', lines)
  await ready(page)
  const stage = page.locator('#stage')

  // A search and its options.
  await page.keyboard.press('/')
  await page.keyboard.type('bank')
  await page.keyboard.press('Escape')
  expect((await look(page)).search).toBe('bank')
  await undoUntil(page, async () => (await look(page)).search === '')
  await page.keyboard.press('Control+Shift+z')
  await expect.poll(async () => (await look(page)).search).not.toBe('')
  await page.keyboard.press('Escape')
  expect((await look(page)).search).toBe('')

  // Entries of the legend.
  const query = page.getByRole('region', { name: 'Colour' }).getByRole('button', { name: 'query' })
  await query.click()
  await expect(query).toHaveAttribute('aria-pressed', 'true')
  await page.keyboard.press('Control+z')
  await expect(query).toHaveAttribute('aria-pressed', 'false')
  await page.keyboard.press('Control+Shift+z')
  await expect(query).toHaveAttribute('aria-pressed', 'true')
  await page.keyboard.press('Control+z')

  // Order and filter of the heads.
  const figure = page.getByRole('combobox', { name: 'Figure of the heads' })
  await figure.selectOption('previous')
  const high = page.getByRole('radio', { name: 'High first' })
  await high.check()
  await page.keyboard.press('Control+z')
  await expect(high).not.toBeChecked()
  await expect(figure).toHaveValue('previous')
  await page.keyboard.press('Control+z')
  await expect(figure).toHaveValue('')
  await page.keyboard.press('Control+Shift+z')
  await expect(figure).toHaveValue('previous')
  await page.keyboard.press('Control+z')

  // A head that is opened, a pinned point, points that are taken.
  await stage.focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await expect.poll(async () => (await look(page)).view).toBe('head')
  await page.keyboard.press('p')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Space')
  const card = page.getByRole('region', { name: 'Selection' })
  await expect(card).toContainText('1 of')
  await page.keyboard.press('Enter')
  const pinned = await look(page)
  expect(pinned).toMatchObject({ view: 'sequence' })
  expect(pinned.token).not.toBeNull()
  await page.keyboard.press('Control+z')
  await expect.poll(async () => (await look(page)).token).toBeNull()
  await page.keyboard.press('Control+z')
  await expect(card).toHaveCount(0)
  await page.keyboard.press('Control+z')
  await expect.poll(async () => (await look(page)).view).toBe('matrix')
  for (let step = 0; step < 3; step++) await page.keyboard.press('Control+Shift+z')
  await expect.poll(async () => look(page)).toMatchObject({ token: pinned.token, view: 'sequence' })
  await expect(card).toBeVisible()
  expect(problems).toEqual([])
})
