import type { Locator, Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'

const lines = ['The light bag stood unbelievably far from the light.', 'Maria put the suitcase down.']
const head = { layer: 3, head: 3 }

interface Attention {
  weights: Float32Array
  size: number
}

const shownNumber = (text: string): number => Number(text.replace('−', '-'))

/** Weights beside the keys while a query is hovered, in the order of the keys. */
async function weightsOf(page: Page, query: number): Promise<number[]> {
  await page.getByRole('button', { name: new RegExp(`^query ${query}:`) }).hover()
  const column = page.getByRole('button', { name: /^key \d+:/ })
  await expect(column.nth(1).locator('.weight')).toBeVisible()
  return (await column.locator('.weight').allInnerTexts()).map(shownNumber)
}

/** The readout of one cell of the heat map. */
async function readCell(page: Page, map: Locator, size: number, query: number, key: number): Promise<string> {
  const { width } = (await map.boundingBox())!
  const cell = width / size
  await map.hover({ position: { x: (key + 0.5) * cell, y: (query + 0.5) * cell } })
  const readout = page.getByTestId('readout')
  await expect(readout).not.toHaveText('')
  return readout.innerText()
}

test('the sentence view shows the model’s weights, and what hiding and merging make of them', async ({
  openApp,
  problems,
}) => {
  const page = await openApp('backend=wasm&projection=pca')
  await call(page, 'setTexts', lines)
  await ready(page)
  await page.evaluate(() => (location.hash = 'backend=wasm&projection=pca&view=sequence&head=L3H3&sequence=0'))
  const drawer = page.getByRole('region', { name: 'Sequence' })
  await expect(drawer).toBeVisible()
  const info = await call<AtlasInfo>(page, 'info')
  const { tokens } = info.sequences[0]!
  const { weights, size } = await call<Attention>(page, 'attention', { ...head, sequence: 0 })
  expect(size).toBe(tokens.length)
  const row = (query: number) => [...weights.subarray(query * size, (query + 1) * size)]

  // Lines: the weights beside the keys of a hovered query.
  const shown = await weightsOf(page, 3)
  expect(shown).toEqual(row(3).map((weight) => expect.closeTo(weight, 2)))

  // Heat map: cells, with the names of both tokens and how much the key's value holds.
  const { v } = await call<{ v: Float32Array }>(page, 'vectors', head)
  const norms = Array.from({ length: size }, (_, key) =>
    Math.hypot(...v.subarray(key * info.headDim, (key + 1) * info.headDim)),
  )
  const map = drawer.locator('figure canvas')
  for (const [query, key] of [
    [2, 0],
    [3, 2],
  ] as const) {
    const text = await readCell(page, map, size, query, key)
    expect(text).toContain(`${tokens[query]!.text} → ${tokens[key]!.text}`)
    expect(shownNumber(/→ \S+\s+(\S+)/.exec(text)![1]!)).toBeCloseTo(weights[query * size + key]!, 2)
    await expect(page.getByTestId('readout')).toContainText(/‖v‖ \S+ \(median \S+\)/)
    const [, norm] = /‖v‖ (\S+)/.exec(await page.getByTestId('readout').innerText())!
    expect(shownNumber(norm!)).toBeCloseTo(norms[key]!, 2)
  }

  // Hidden special tokens: rows sum to 1 again, and the removed mass is what those keys held.
  await drawer.getByRole('button', { name: 'Special' }).click()
  const special = tokens.map((token) => token.special)
  const kept = row(3).reduce((sum, weight, key) => sum + (special[key] ? 0 : weight), 0)
  const renormalised = await weightsOf(page, 3)
  expect(renormalised).toEqual(
    row(3)
      .filter((_, key) => !special[key])
      .map((weight) => expect.closeTo(weight / kept, 2)),
  )
  expect(renormalised.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 1)
  const removed = await drawer.getByText(/Hidden keys held .* of the attention of/).innerText()
  expect(Number(/held ([\d.]+) %/.exec(removed)![1]) / 100 + kept).toBeCloseTo(1, 2)

  // One more key, by the keyboard, and everything back.
  await page.getByRole('button', { name: /^key 2:/ }).focus()
  await page.keyboard.press('h')
  await expect(page.getByRole('button', { name: /^key 2: .*hidden/ })).toBeVisible()
  await drawer.getByRole('button', { name: 'Reset' }).click()
  await expect(page.getByRole('button', { name: /hidden/ })).toHaveCount(0)

  // Words: to a word the sum over its pieces, from a word the mean.
  await drawer.getByRole('button', { name: 'Words' }).click()
  const words: number[][] = []
  tokens.forEach((token, index) => {
    if (token.text.startsWith('##')) words.at(-1)!.push(index)
    else words.push([index])
  })
  const long = words.findIndex((pieces) => pieces.length > 1)
  expect(long).toBeGreaterThan(0)
  const merged = words.map((keys) => {
    const from = words[long]!
    return from.reduce((sum, query) => sum + keys.reduce((inner, key) => inner + row(query)[key]!, 0), 0) / from.length
  })
  expect(await weightsOf(page, long)).toEqual(merged.map((weight) => expect.closeTo(weight, 2)))

  // Every weight · ‖v‖.
  await drawer.getByRole('button', { name: 'Reset' }).click()
  await drawer.getByRole('button', { name: '× ‖v‖' }).click()
  await expect(drawer.locator('.picture')).toBeVisible()
  expect(await weightsOf(page, 3)).toEqual(row(3).map((weight, key) => expect.closeTo(weight * norms[key]!, 1)))
  expect(problems).toEqual([])
})

test('the pattern by position, the strip of all heads and a second head', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&projection=pca')
  await call(page, 'setTexts', lines)
  await ready(page)
  await page.evaluate(() => (location.hash = 'backend=wasm&projection=pca&view=sequence&head=L3H3&sequence=0'))
  const drawer = page.getByRole('region', { name: 'Sequence' })
  const both: Attention[] = []
  for (const sequence of [0, 1]) both.push(await call<Attention>(page, 'attention', { ...head, sequence }))

  await drawer.getByRole('radio', { name: 'Pattern' }).check()
  await expect(drawer.getByText('Mean over 2 sequences')).toBeVisible()
  const map = drawer.locator('figure canvas')
  const longest = Math.max(...both.map(({ size }) => size))
  const mean = both.reduce((sum, { weights, size }) => sum + weights[2 * size + 1]!, 0) / 2
  const text = await readCell(page, map, longest, 2, 1)
  expect(text).toContain('2 → 1')
  expect(text).toContain('mean of 2')
  expect(shownNumber(/1\s+(\S+)\s+mean/.exec(text)![1]!)).toBeCloseTo(mean, 2)

  await drawer.getByRole('radio', { name: 'Sentence' }).check()
  await drawer.getByRole('button', { name: 'All heads' }).click()
  const strip = page.getByRole('region', { name: 'All heads' })
  await expect(strip).toHaveAttribute('data-done', '144', { timeout: 30_000 })
  const grid = strip.locator('canvas')
  await grid.scrollIntoViewIfNeeded()
  await grid.click({ position: { x: 30 + 32 * 5 + 8, y: 18 + 32 + 8 } })
  await expect.poll(async () => (await call<{ head: string }>(page, 'state')).head).toMatch(/^L1H\d+$/)

  await drawer.getByRole('button', { name: 'Compare' }).click()
  await page.getByRole('textbox', { name: 'Head to compare with' }).fill('L5 H2')
  await page.keyboard.press('Enter')
  await expect(drawer.getByRole('heading', { name: 'L5 H2' })).toBeVisible()
  await drawer.getByRole('button', { name: 'Take L5 H2 away' }).click()
  await expect(drawer.getByRole('heading', { name: 'L5 H2' })).toHaveCount(0)
  expect(problems).toEqual([])
})

test('in a long sentence a token that is pinned elsewhere comes into sight', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&projection=pca')
  await call(page, 'setTexts', [Array.from({ length: 90 }, () => 'water').join(' ')])
  await ready(page)
  await page.evaluate(() => (location.hash = 'view=sequence&head=L3H3&sequence=0'))
  const far = page.getByRole('button', { name: /^query 80:/ })
  await expect(page.getByRole('button', { name: /^query 0:/ })).toBeInViewport()
  await expect(far).not.toBeInViewport()
  await page.evaluate(() => (location.hash = 'token=80'))
  await expect(far).toBeInViewport()
  await page.evaluate(() => (location.hash = 'token=2'))
  await expect(page.getByRole('button', { name: /^query 2:/ })).toBeInViewport()
  expect(problems).toEqual([])
})
