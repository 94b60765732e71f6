import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'
import { countInks, settled } from '../helpers/inks'

const lines = [
  'The bank raised its rates while the boat drifted toward the bank.',
  'A Spring in the old clock broke during the first week of spring.',
  'In 1998, 2004 and 2016 the unbelievable river rose by 3, 5 and 8 metres.',
]

test('search, colours, legend, palettes, order of the heads', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&theme=light')
  await call(page, 'setTexts', lines)
  await ready(page)
  const info = await call<AtlasInfo>(page, 'info')
  const texts = info.sequences.flatMap(({ tokens }) => tokens.map(({ text }) => text))
  const usual = await settled(page)
  expect(usual.blue).toBeGreaterThan(1000)
  expect(usual.orange).toBeGreaterThan(1000)

  // Counts are those of a recount, the very first token included.
  const box = page.getByRole('searchbox', { name: 'Search tokens' })
  const count = page.getByRole('search').locator('output')
  await page.keyboard.press('/')
  await expect(box).toBeFocused()
  await page.keyboard.type('BANK')
  const banks = texts.filter((text) => text.toLowerCase() === 'bank').length
  expect(banks).toBe(2)
  await expect(count).toHaveText(String(banks))
  await expect(page.getByText('2 tokens in 1 sequence')).toBeVisible()
  await call(page, 'set', { search: '[CLS]' })
  await expect(count).toHaveText(String(texts.filter((text) => text === '[CLS]').length))
  await page.getByRole('radio', { name: 'Part' }).check()
  await call(page, 'set', { search: 'ri' })
  await expect(count).toHaveText(String(texts.filter((text) => text.includes('ri')).length))
  await call(page, 'set', { search: '^(\\d+)+$', match: 'regex' })
  const numbers = texts.filter((text) => /^\d+$/.test(text))
  expect(numbers.length).toBeGreaterThan(4)
  await expect(count).toHaveText(String(numbers.length))
  await call(page, 'set', { first: 1 })
  await expect(count).toHaveText('1')
  await call(page, 'set', { search: '(', first: 0 })
  await expect(page.getByRole('alert')).toContainText("The pattern can't be read: a ( is not closed")
  await expect(count).toHaveText('no pattern')
  await call(page, 'set', { search: 'bank', match: 'exact' })
  expect(await call(page, 'state')).toMatchObject({ search: 'bank', match: 'exact', case: 0, first: 0 })

  // Enter walks through the matches; every head has a score, and heads can be sorted by it.
  await box.press('Enter')
  await expect(page.getByText('1 of 2')).toBeVisible()
  await box.press('Enter')
  await expect(page.getByText('2 of 2')).toBeVisible()
  expect(await call(page, 'state')).toMatchObject({ sequence: 0, token: texts.lastIndexOf('bank') })
  await page.getByRole('button', { name: 'Sort heads by it' }).click()
  await expect(page.getByRole('combobox', { name: 'Figure of the heads' })).toHaveValue('search_clustering')
  const table = page.getByRole('table', { name: 'Heads and their figures' })
  const scores = (await table.locator('tbody tr td:last-child').allTextContents()).map(Number)
  expect(scores).toHaveLength(info.layers * info.heads)
  expect(scores).toEqual(scores.toSorted((a, b) => b - a))

  // Matches stand out: the rest keeps 8 % of its strength, which is no clear colour any more.
  await box.press('Escape')
  const searched = await settled(page)
  expect(searched.colored).toBeLessThan(0.3 * usual.colored)
  expect(searched.colored).toBeGreaterThan(0.01 * usual.colored)
  await call(page, 'set', { search: '' })
  await page.keyboard.press('Escape')
  await page.getByRole('combobox', { name: 'Figure of the heads' }).selectOption('')
  const back = await settled(page)
  expect(Math.abs(back.colored - usual.colored)).toBeLessThan(0.02 * usual.colored)

  // The legend is a filter.
  const legend = page.getByRole('region', { name: 'Colour' })
  await legend.getByRole('button', { name: 'query' }).click()
  const queries = await settled(page)
  expect(queries.blue).toBeGreaterThan(0.9 * usual.blue)
  expect(queries.orange).toBeLessThan(0.05 * usual.orange)
  await legend.getByRole('button', { name: 'Show all' }).click()

  // The paper's green and pink take the place of blue and orange.
  await call(page, 'set', { palette: 'paper' })
  const paper = await settled(page)
  expect(paper.blue + paper.orange).toBeLessThan(0.05 * (usual.blue + usual.orange))
  expect(paper.green).toBeGreaterThan(0.3 * usual.blue)
  expect(paper.pink).toBeGreaterThan(0.3 * usual.orange)
  await call(page, 'set', { palette: 'default' })

  // Colours that need attention are worked out for all heads; queries have none to receive and turn grey.
  await call(page, 'set', { color: 'received' })
  await expect(legend).toContainText('Received attention')
  await expect(async () => expect((await countInks(page)).blue).toBeLessThan(0.02 * usual.blue)).toPass()
  await call(page, 'set', { color: 'type' })

  // The order of the matrix is that of the figures.
  await page.getByRole('combobox', { name: 'Figure of the heads' }).selectOption('previous')
  for (const [name, sign] of [
    ['High first', -1],
    ['Low first', 1],
  ] as const) {
    await page.getByRole('radio', { name }).check()
    const rows = await call<Record<string, number | null>[]>(page, 'headFigures')
    const wanted = rows
      .toSorted(
        (a, b) => sign * (a['previous']! - b['previous']!) || a['layer']! - b['layer']! || a['head']! - b['head']!,
      )
      .map(({ layer, head }) => `L${layer} H${head}`)
    await expect(async () => expect(await table.locator('tbody th').allTextContents()).toEqual(wanted)).toPass()
  }
  expect(problems).toEqual([])
})
