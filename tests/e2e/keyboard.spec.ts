import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'

const lines = ['The light bag stood under the light by the door.', 'Maria put the suitcase down by the river.']

/** What has the focus, as a screen reader would call it. */
const focusedName = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement
    if (!(element instanceof HTMLElement)) return ''
    const label = element.getAttribute('aria-label') ?? element.closest('label')?.textContent
    return (label ?? element.textContent ?? '').trim()
  })

/** Presses Tab until the focus is on something of this name. */
async function tabTo(page: Page, name: RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const passed: string[] = []
  for (let presses = 0; presses < 120; presses++) {
    await page.keyboard.press(key)
    const now = await focusedName(page)
    if (name.test(now)) return
    passed.push(now)
  }
  throw new Error(`Tab never came to ${name}; it passed ${passed.join(' | ')}`)
}

interface Place {
  view: string
  head: string
  sequence: number | null
  token: number | null
  projection: string
  model: string
}

test('a whole analysis by keyboard alone', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  const place = () => call<Place>(page, 'state')

  // Text.
  await page.keyboard.press('t')
  if (!/^Text, one/.test(await focusedName(page))) await tabTo(page, /^Text, one/)
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(lines.join('\n'))
  await page.keyboard.press('Control+Enter')
  await ready(page)
  await page.keyboard.press('Escape')

  // The model, from its menu, and a projection.
  await tabTo(page, /^Model:/, 'Shift+Tab')
  await page.keyboard.press('Enter')
  await tabTo(page, /^(Open now )?bge-small-en/)
  await page.keyboard.press('Enter')
  await ready(page)
  expect((await place()).model).toBe('builtin:bge-small-en-v1.5')
  await tabTo(page, /^PCA$/)
  await page.keyboard.press('ArrowRight')
  await expect.poll(async () => (await place()).projection).toBe('umap')
  await page.keyboard.press('ArrowLeft')
  await ready(page)

  // The matrix: two heads to the right, three down, and open it.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await tabTo(page, /^All heads$/)
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key)
  expect(await place()).toMatchObject({ view: 'matrix', head: 'L3H2' })
  await page.keyboard.press('Enter')
  expect(await place()).toMatchObject({ view: 'head', head: 'L3H2' })
  await page.keyboard.press('ArrowRight')
  expect((await place()).head).toBe('L3H3')

  // Points: walk, select on the way, pin one.
  await page.keyboard.press('p')
  await expect(page.getByText('Arrows: next point.', { exact: false })).toBeVisible()
  await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('Shift+ArrowDown')
  const card = page.getByRole('region', { name: 'Selection' })
  await expect(card).toContainText(/^Selection\s*[23] of \d+ points/)
  const selected = await card.innerText()
  await page.keyboard.press(' ')
  await expect(card).not.toHaveText(selected)
  await page.keyboard.press('Enter')
  const pinned = await place()
  expect(pinned.view).toBe('sequence')
  expect(pinned.token).not.toBeNull()
  const drawer = page.getByRole('region', { name: 'Sequence' })
  await expect(drawer).toBeVisible()
  // Esc ends the walk, then clears the selection; the pin stays.
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await expect(card).toHaveCount(0)
  expect(await place()).toMatchObject({ view: 'sequence', token: pinned.token })

  // The sentence: a token's weights, one key hidden, special tokens hidden, shown again.
  await tabTo(page, /^query 3:/)
  await expect(page.getByRole('button', { name: /^key 2:/ }).locator('.weight')).toBeVisible()
  await tabTo(page, /^key 2:/)
  await page.keyboard.press('h')
  await expect(page.getByRole('button', { name: /^key 2: .*hidden/ })).toBeVisible()
  await tabTo(page, /^Special$/, 'Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(drawer.getByText(/Hidden keys held/)).toBeVisible()
  await tabTo(page, /^Reset$/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: /hidden/ })).toHaveCount(0)

  // The heat map, where there is room for one of both.
  await page.setViewportSize({ width: 700, height: 900 })
  await tabTo(page, /^Lines$/, 'Shift+Tab')
  await page.keyboard.press('ArrowRight')
  await expect(drawer.locator('figure canvas')).toBeVisible()
  await expect(page.getByRole('button', { name: /^key 2:/ })).toHaveCount(0)

  // And back, one step at a time.
  await page.keyboard.press('Escape')
  expect(await place()).toMatchObject({ view: 'head', sequence: null })
  await page.keyboard.press('Escape')
  expect((await place()).view).toBe('matrix')
  expect(problems).toEqual([])
})

test('the browser’s Back leads to what was looked at, with the settings of now', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  const place = () => call<Place>(page, 'state')
  await call(page, 'setTexts', lines)
  await ready(page)
  await page.getByRole('application').focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await expect.poll(async () => (await place()).view).toBe('head')
  await page
    .getByRole('button', { name: 'Head below' })
    .or(page.getByRole('button', { name: 'Layer below' }))
    .click()
  await expect.poll(async () => (await place()).head).toBe('L1H1')
  await call(page, 'set', { color: 'position' })
  await page.goBack()
  await expect.poll(place).toMatchObject({ view: 'head', head: 'L0H1', color: 'position' })
  await page.goBack()
  await expect.poll(place).toMatchObject({ view: 'matrix', head: 'L0H1', color: 'position' })
  expect(page.url()).toContain('color=position')
  await page.goForward()
  await expect.poll(place).toMatchObject({ view: 'head', head: 'L0H1' })

  // How the matrix is arranged is in the address too.
  await page.goBack()
  await page.getByRole('combobox', { name: 'Figure of the heads' }).selectOption({ label: 'Entropy' })
  await page.getByRole('radio', { name: 'High first' }).check()
  expect(page.url()).toContain('by=entropy&order=high')
  await page.reload({ waitUntil: 'load' })
  await ready(page)
  await expect(page.getByRole('radio', { name: 'High first' })).toBeChecked()
  expect(problems).toEqual([])
})
