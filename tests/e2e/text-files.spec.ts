import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'

const model = 'model=builtin:bge-small-en-v1.5&backend=wasm&theme=light'

interface Info extends AtlasInfo {
  columns?: { name: string; kind: string; values: (string | null)[] }[]
}

const namesOf = async (page: Page) => (await call<Info>(page, 'info')).sequences.map(({ name }) => name)
const textPanel = (page: Page) => page.getByRole('region', { name: 'Text', exact: true })
const openText = (page: Page) => page.getByRole('button', { name: 'Text', exact: true }).click()
const editorOf = (page: Page) => page.getByRole('textbox', { name: 'Text, one sentence a line' })

async function pick(page: Page, name: string, content: string): Promise<void> {
  const file = { name, mimeType: '', buffer: Buffer.from(content) }
  await textPanel(page).locator('input[type=file]').setInputFiles(file)
}

async function drop(page: Page, name: string, content: string): Promise<void> {
  await page.evaluate(
    ([name, content]) => {
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([content], name))
      const options = { bubbles: true, cancelable: true, dataTransfer }
      const target = document.elementFromPoint(400, 400)!
      for (const type of ['dragenter', 'dragover', 'drop']) target.dispatchEvent(new DragEvent(type, options))
    },
    [name, content] as const,
  )
}

const nli = [
  '\uFEFFid,premise,hypothesis,label,score',
  '1,"A man ""sleeps"", deeply.",Nobody is awake.,yes,0.5',
  '2,"A dog',
  'runs.",<img src=x onerror="document.title=1">,no,2',
  '3,,,maybe,7',
].join('\r\n')

test('a CSV of pairs: columns are chosen, shown, kept for colour, filter and hover, and come back', async ({
  openApp,
  problems,
}) => {
  const page = await openApp(model)
  await openText(page)
  await pick(page, 'pairs.csv', nli)
  const panel = textPanel(page)
  await expect(panel.getByRole('heading', { name: 'Columns of pairs.csv' })).toBeFocused()
  await expect(panel.getByRole('combobox', { name: 'Text', exact: true })).toHaveValue('1')
  await expect(panel.getByRole('combobox', { name: 'Second sentence' })).toHaveValue('2')
  await expect(panel.getByRole('checkbox', { name: 'First row holds the names' })).toBeChecked()
  await expect(panel.getByRole('cell', { name: 'A man "sleeps", deeply.' })).toBeVisible()
  await expect(panel.getByText('1 row has no text and will be skipped')).toBeVisible()
  await expect(panel.getByText(/line break/)).toBeVisible()
  await panel.getByRole('button', { name: 'Show 2 lines' }).click()
  await ready(page)
  const lines = [
    'A man "sleeps", deeply. ||| Nobody is awake.',
    'A dog runs. ||| <img src=x onerror="document.title=1">',
  ]
  const info = await call<Info>(page, 'info')
  expect(info.sequences.map(({ name }) => name)).toEqual(lines)
  const tokens = info.sequences[0]!.tokens.map(({ text }) => text)
  expect(tokens.filter((text) => text === '[SEP]')).toHaveLength(2)
  expect(tokens).not.toContain('|')
  expect(info.columns).toEqual([
    { name: 'id', kind: 'number', values: ['1', '2'] },
    { name: 'label', kind: 'category', values: ['yes', 'no'] },
    { name: 'score', kind: 'number', values: ['0.5', '2'] },
  ])
  expect(await page.title()).not.toBe('1')
  await expect(panel.getByText('2 pairs')).toBeVisible()

  // The column is a colour with a legend that filters.
  await panel.getByRole('button', { name: 'label', exact: true }).click()
  expect(await call(page, 'state')).toMatchObject({ color: 'user', column: 'label' })
  const legend = page.getByRole('region', { name: 'Colour' })
  await expect(legend.getByRole('heading', { name: 'label' })).toBeVisible()
  await legend.getByRole('button', { name: 'yes' }).click()
  await expect(legend.getByRole('button', { name: 'yes' })).toHaveAttribute('aria-pressed', 'true')
  await page.getByRole('button', { name: /^Colour:/ }).click()
  await page.getByRole('button', { name: /^score A column/ }).click()
  await expect(legend.getByText('0.5')).toBeVisible()

  // The hover card has the other columns of the token's line; the colour's own is there as its value.
  await page.evaluate(() => (location.hash = 'view=sequence&head=L3H3&sequence=1'))
  await page.getByRole('button', { name: /^key 2:/ }).hover()
  const card = page.getByRole('tooltip')
  const rowOf = (name: string) => card.locator('dl > div').filter({ has: page.locator(`dt:text-is("${name}")`) })
  await expect(rowOf('id')).toHaveText(/id\s*2/)
  await expect(rowOf('label')).toHaveText(/label\s*no/)
  await expect(rowOf('score')).toHaveCount(1)
  await expect(rowOf('score')).toHaveText(/score\s*2/)
  await page.mouse.move(2, 2)
  await page.evaluate(() => (location.hash = 'view=matrix'))

  // Columns stay with their lines while those are edited, and after a reload.
  await editorOf(page).fill(`${lines[1]}\nA new line.`)
  await editorOf(page).press('Control+Enter')
  await ready(page)
  await page.reload({ waitUntil: 'load' })
  await ready(page)
  const after = await call<Info>(page, 'info')
  expect(after.sequences.map(({ name }) => name)).toEqual([lines[1], 'A new line.'])
  expect(after.columns?.map(({ values }) => values)).toEqual([
    ['2', null],
    ['no', null],
    ['2', null],
  ])
  await expect(legend.getByRole('heading', { name: 'score' })).toBeVisible()
  await expect(legend.getByText('Grey: no value.')).toBeVisible()
  expect(problems).toEqual([])
})

test('TSV, JSON and JSON lines by drop; what is no table is told and changes nothing', async ({
  openApp,
  problems,
}) => {
  const page = await openApp(model)
  await call(page, 'setTexts', ['Typed before.'])
  await ready(page)
  await drop(page, 'broken.json', '{"text": ')
  await expect(textPanel(page).getByRole('alert')).toContainText('broken.json is not JSON')
  expect(await namesOf(page)).toEqual(['Typed before.'])
  for (const [name, content, wanted] of [
    ['a.tsv', 'text\tyear\nOne from tabs.\t1998\n', 'One from tabs.'],
    ['b.json', '[{"__proto__": "x", "text": "One from JSON."}]', 'One from JSON.'],
    ['c.jsonl', '{"text": "One from lines."}\nnonsense\n', 'One from lines.'],
  ] as const) {
    await drop(page, name, content)
    await expect(textPanel(page).getByRole('heading', { name: `Columns of ${name}` })).toBeVisible()
    await textPanel(page).getByRole('button', { name: 'Show 1 line' }).click()
    await ready(page)
    expect(await namesOf(page)).toEqual([wanted])
  }
  // The texts before the last file can be had again.
  await textPanel(page).getByRole('button', { name: 'Bring back my text' }).click()
  await ready(page)
  expect(await namesOf(page)).toEqual(['One from JSON.'])
  expect((await call<Info>(page, 'info')).columns).toEqual([{ name: '__proto__', kind: 'category', values: ['x'] }])
  expect(problems).toEqual([])
})

test('pasted cells are lines until they are asked to be a table', async ({ openApp, problems }) => {
  const page = await openApp(model)
  await openText(page)
  await editorOf(page).fill('sentence\tkind\nBirds sing.\ta\nDogs bark.\tb')
  await expect(textPanel(page).getByText('3 lines')).toBeVisible()
  await textPanel(page).getByRole('button', { name: 'Read as a table' }).click()
  await textPanel(page).getByRole('button', { name: 'Cancel' }).click()
  await expect(editorOf(page)).toHaveValue(/sentence\tkind/)
  await textPanel(page).getByRole('button', { name: 'Read as a table' }).click()
  await textPanel(page).getByRole('button', { name: 'Show 2 lines' }).click()
  await ready(page)
  expect(await namesOf(page)).toEqual(['Birds sing.', 'Dogs bark.'])
  expect(problems).toEqual([])
})

test('a sample or a link takes the place of the user’s text, which comes back with one click, also after a reload', async ({
  openApp,
  problems,
}) => {
  const page = await openApp(model)
  await openText(page)
  await editorOf(page).fill('My own words.')
  await editorOf(page).press('Control+Enter')
  await ready(page)
  await editorOf(page).fill('My own words.\nAnd more that was not shown.')
  await textPanel(page).getByRole('button', { name: 'Sentence pairs' }).click()
  await expect.poll(async () => (await namesOf(page))[0]).toContain(' ||| ')
  await ready(page)
  await page.reload({ waitUntil: 'load' })
  await ready(page)
  await page.getByRole('contentinfo').getByRole('button', { name: 'Bring back my text' }).click()
  await ready(page)
  expect(await namesOf(page)).toEqual(['My own words.', 'And more that was not shown.'])
  await openText(page)
  await expect(editorOf(page)).toHaveValue('My own words.\nAnd more that was not shown.')

  await page.evaluate(() => (location.hash += `&text=${encodeURIComponent('From ||| a link.')}`))
  await ready(page)
  expect(await namesOf(page)).toEqual(['From ||| a link.'])
  await textPanel(page).getByRole('button', { name: 'Bring back my text' }).click()
  await ready(page)
  expect(await namesOf(page)).toEqual(['My own words.', 'And more that was not shown.'])
  expect(problems).toEqual([])
})

test('parts of speech are a colour with a legend that filters', async ({ openApp, problems }) => {
  const page = await openApp(model)
  await call(page, 'setTexts', ['She quickly gave Maria the three red books.'])
  await ready(page)
  await page.getByRole('button', { name: /^Colour:/ }).click()
  await page.getByRole('button', { name: /^Part of speech/ }).click()
  const legend = page.getByRole('region', { name: 'Colour' })
  await expect(legend.getByRole('button', { name: 'verb', exact: true })).toBeVisible()
  await legend.getByRole('button', { name: 'verb', exact: true }).click()
  await expect(legend.getByRole('button', { name: 'verb', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expect(legend).toContainText('English')
  expect(problems).toEqual([])
})

test('a table of 10 MB: it is read, what fits is shown, the rest is told', async ({ openApp, problems }) => {
  test.setTimeout(400_000)
  const page = await openApp(model)
  await openText(page)
  const row = (index: number) => `${index},"Row ${index}: ${'a few more words, '.repeat(550)}end"`
  const content = `id,text\n${Array.from({ length: 1000 }, (_, index) => row(index)).join('\n')}`
  expect(content.length).toBeGreaterThan(9.9e6)
  await pick(page, 'large.csv', content)
  await expect(textPanel(page).getByText('1,000 rows, 2 columns')).toBeVisible()
  await textPanel(page).getByRole('button', { name: 'Show 1,000 lines' }).click()
  // Half of it is cut off by the model, so that few rows are enough to see that it runs.
  await expect(page.locator('html')).toHaveAttribute('data-status', /loading|running/)
  await call(page, 'setTexts', ['The next run works.'])
  await ready(page)
  expect(await namesOf(page)).toEqual(['The next run works.'])
  expect(problems).toEqual([])
})

test('text typed while a model for images is open: the panel says what happens, and Show brings a text model', async ({
  openApp,
  problems,
}) => {
  const page = await openApp('model=builtin:dinov2-small&backend=wasm')
  await expect.poll(async () => (await call<Info | null>(page, 'info'))?.kind).toBe('image')
  await openText(page)
  await editorOf(page).fill('A line of text.')
  await expect(textPanel(page).getByText('The open model takes images.')).toBeVisible()
  await expect(textPanel(page).getByText(/tokens/)).toBeHidden()
  await textPanel(page).getByRole('button', { name: 'Show', exact: true }).click()
  await ready(page)
  expect((await call<Info>(page, 'info')).kind).toBe('text')
  await expect(textPanel(page).getByText('The open model takes images.')).toBeHidden()
  expect(problems).toEqual([])
})
