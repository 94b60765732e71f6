import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'

const lines = ['The river rose in spring and took the old bridge with it.', 'Nobody saw the second flood of that year.']

const points = async (page: Page) =>
  [...(await call<{ points: Float32Array }>(page, 'coordinates', { layer: 3, head: 9 })).points] as number[]
const settings = (page: Page) => call<Record<string, unknown>>(page, 'state')
const openMenu = (page: Page) => page.getByRole('button', { name: /^Space and projection/ })

test('the space and the parameters of a projection are chosen in the bar, and put back in one step', async ({
  openApp,
  problems,
}) => {
  const page = await openApp('backend=wasm&projection=umap')
  await call(page, 'setTexts', lines)
  await ready(page)
  const before = await points(page)
  await openMenu(page).click()
  await expect(page.getByText('Back to the defaults')).toHaveCount(0)

  // Under the names of the Python library, inside their ranges; what was chosen changes the picture.
  const neighbors = page.getByRole('spinbutton', { name: 'Neighbours n_neighbors' })
  await expect(neighbors).toHaveValue('15')
  await neighbors.fill('5')
  await neighbors.press('Enter')
  expect((await ready(page)) as unknown).toMatchObject({ neighbors: 5 })
  expect(await points(page)).not.toEqual(before)
  await neighbors.fill('999')
  await neighbors.press('Enter')
  await expect(neighbors).toHaveValue('200')
  const rounds = page.getByRole('spinbutton', { name: 'Rounds n_epochs' })
  await rounds.fill('20')
  await rounds.press('Enter')
  await page.getByRole('spinbutton', { name: 'Least distance min_dist' }).fill('0.5')
  // A click beside the menu closes it and takes what was typed.
  await page.getByRole('spinbutton', { name: 'Seed random_state' }).fill('7')
  await page.mouse.click(20, 400)
  await expect(neighbors).toHaveCount(0)
  expect((await settings(page)).seed).toBe(7)
  await openMenu(page).click()
  await page.getByRole('radio', { name: 'Euclidean' }).check({ force: true })
  await page.getByRole('radio', { name: 'Joined and scaled' }).check()
  const follow = page.getByRole('slider', { name: 'Follow attention' })
  await follow.focus()
  for (let step = 0; step < 4; step++) await page.keyboard.press('ArrowRight')
  await expect(page.getByText('0.20')).toBeVisible()
  expect((await ready(page)) as unknown).toMatchObject({
    joint: 'scale',
    metric: 'euclidean',
    neighbors: 200,
    epochs: 20,
    mindist: 0.5,
    seed: 7,
    follow: 0.2,
  })

  // An empty field is the default.
  await rounds.fill('')
  await rounds.press('Enter')
  expect((await settings(page)).epochs).toBeNull()
  await expect(rounds).toHaveAttribute('placeholder', 'auto')

  await page.getByRole('button', { name: 'Back to the defaults' }).click()
  await ready(page)
  expect(await points(page)).toEqual(before)
  expect(problems).toEqual([])
})

test('the menu offers what the projection heeds, and says where there is nothing to choose', async ({ openApp }) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', lines)
  await ready(page)
  await openMenu(page).click()
  await expect(page.getByRole('radio', { name: 'Cosine' })).toBeChecked()
  await expect(page.getByRole('spinbutton')).toHaveCount(0)
  await page.getByRole('radio', { name: 'Exact for attention' }).check()
  await ready(page)
  await expect(openMenu(page)).toContainText('changed from the defaults')
  await page.keyboard.press('Escape')

  await call(page, 'set', { projection: 'tsne' })
  await openMenu(page).click()
  await expect(page.getByRole('spinbutton', { name: 'Neighbours perplexity' })).toHaveValue('30')
  await expect(page.getByRole('spinbutton', { name: 'Rounds max_iter' })).toBeVisible()
  await page.keyboard.press('Escape')

  await call(page, 'set', { projection: 'singular' })
  await openMenu(page).click()
  await expect(page.getByText('there is nothing to choose here')).toBeVisible()
  await expect(page.getByRole('radio', { name: 'Cosine' })).toHaveCount(0)
})
