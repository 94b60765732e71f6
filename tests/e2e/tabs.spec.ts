import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, prepare, ready, type AtlasInfo } from '../helpers/atlas-page'

const namesIn = async (page: Page) => (await call<AtlasInfo>(page, 'info')).sequences.map(({ name }) => name)
const warning = (page: Page) => page.getByText('Also open in another tab')

test('of two tabs one saves; the other says so, takes over or follows', async ({ app, openApp, problems }) => {
  const first = await openApp('backend=wasm')
  await call(first, 'setTexts', ['Of the first tab.'])
  await ready(first)

  const open = async () => {
    const page = await first.context().newPage()
    page.on('pageerror', ({ message }) => problems.push(message))
    await prepare(page)
    await page.goto(`${app.url}#backend=wasm`, { waitUntil: 'load' })
    return page
  }
  const second = await open()
  await ready(second)
  await expect(warning(second)).toBeVisible()
  await expect(warning(first)).toBeHidden()
  expect(await namesIn(second)).toEqual(['Of the first tab.'])

  // What is not saved is not there after a reload, as the line says.
  await call(second, 'setTexts', ['Only here.'])
  await ready(second)
  await second.reload({ waitUntil: 'load' })
  await ready(second)
  expect(await namesIn(second)).toEqual(['Of the first tab.'])

  await call(second, 'setTexts', ['Of the second tab.'])
  await ready(second)
  await second.getByRole('button', { name: 'Save from this tab' }).click()
  await expect(warning(second)).toBeHidden()
  await expect(warning(first)).toBeVisible()
  await second.reload({ waitUntil: 'load' })
  await ready(second)
  expect(await namesIn(second)).toEqual(['Of the second tab.'])

  await expect(warning(second)).toBeHidden()
  await expect(warning(first)).toBeVisible()

  // The one that is left saves again, and shows what the other one left.
  await first.reload({ waitUntil: 'load' })
  await ready(first)
  await second.close()
  await expect(warning(first)).toBeHidden()
  await call(first, 'addTexts', ['One more.'])
  await ready(first)
  await first.reload({ waitUntil: 'load' })
  await ready(first)
  expect(await namesIn(first)).toEqual(['Of the second tab.', 'One more.'])
  expect(problems).toEqual([])
})
