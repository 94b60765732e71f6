import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasState } from '../helpers/atlas-page'

interface Picture {
  points: Float32Array
  n: number
  m: number
}

/** Some 180 tokens: UMAP of all heads takes seconds, the model a moment. */
const lines = Array.from(
  { length: 6 },
  (_, at) =>
    `In ${1900 + at} the river rose by ${at} metres, and house number ${at * 7} near the old bridge was lost to it.`,
)

const coordinates = (page: Page, layer: number, head: number) => call<Picture>(page, 'coordinates', { layer, head })
const status = (page: Page) => call<AtlasState>(page, 'state')

test('projections: the latest wins, cancel keeps what is done, the same bits whichever head came first', async ({
  openApp,
  problems,
}) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', lines)
  await ready(page)
  const pca = await coordinates(page, 3, 9)

  // Back and forth before anything can be done: the latest is what is there, with the numbers of before.
  await page.evaluate(() => {
    const { atlas } = window as unknown as { atlas: { set(patch: object): Promise<void> } }
    for (const projection of ['umap', 'pca', 'umap', 'pca']) void atlas.set({ projection })
  })
  expect((await ready(page)).projection).toBe('pca')
  expect((await coordinates(page, 3, 9)).points).toEqual(pca.points)

  // The first head that is done is given before the run ends; then the button ends the run.
  await call(page, 'set', { projection: 'umap' })
  const first = await coordinates(page, 0, 0)
  expect((await status(page)).status).toBe('running')
  await page.getByRole('button', { name: 'Cancel' }).first().click()
  expect(await status(page)).toMatchObject({ status: 'failed', error: { code: 'CANCELLED' } })
  expect((await coordinates(page, 0, 0)).points).toEqual(first.points)
  await expect(coordinates(page, 11, 11)).rejects.toMatchObject({ code: 'CANCELLED' })

  // Trying again goes on from there.
  await call(page, 'set', { projection: 'pca' })
  await call(page, 'set', { projection: 'umap' })
  await ready(page)
  expect((await coordinates(page, 0, 0)).points).toEqual(first.points)
  const opened = await coordinates(page, 3, 9)

  // After a reload from the cache; and computed anew where another head is opened first.
  await page.reload({ waitUntil: 'load' })
  await ready(page)
  expect((await coordinates(page, 3, 9)).points).toEqual(opened.points)

  await page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) if (name?.includes('results')) indexedDB.deleteDatabase(name)
  })
  await page.goto('about:blank')
  const again = await openApp('backend=wasm&projection=umap&view=head&head=L3H9')
  await call(again, 'setTexts', lines)
  expect((await coordinates(again, 3, 9)).points).toEqual(opened.points)
  await ready(again)
  expect((await coordinates(again, 0, 0)).points).toEqual(first.points)
  expect(problems).toEqual([])
})
