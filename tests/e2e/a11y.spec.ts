import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'

const lines = [
  'The light bag stood under the light by the door, and nobody saw who had left it.',
  'Maria put the suitcase down by the river.',
]

/** Serious and critical violations of what is on the screen, in words. */
async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`))
}

for (const theme of ['light', 'dark'] as const)
  test(`no serious violation in any view of text, ${theme}`, async ({ openApp, problems }) => {
    const page = await openApp(`backend=wasm&theme=${theme}`)
    expect.soft(await violations(page), 'nothing loaded').toEqual([])
    await call(page, 'setTexts', lines)
    await ready(page)
    const go = (hash: string) => page.evaluate((next) => (location.hash = next), hash)
    const check = async (name: string) => expect.soft(await violations(page), `${name}, ${theme}`).toEqual([])

    await check('matrix')
    await page.getByRole('combobox', { name: 'Figure of the heads' }).selectOption({ label: 'Entropy' })
    await expect(page.getByRole('list', { name: 'First heads' })).toBeVisible()
    await check('matrix arranged by a figure')
    await page.keyboard.press('t')
    await expect(page.getByRole('textbox', { name: /Text/ })).toBeVisible()
    await check('text panel')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /^Model:/ }).click()
    await check('model menu')
    await page.keyboard.press('Escape')
    await call(page, 'set', { projection: 'umap' })
    await page.getByRole('button', { name: /^Space and projection/ }).click()
    await check('space and projection')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Keys and help' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await check('help')
    await page.keyboard.press('Escape')

    await go('view=head&head=L3H3')
    await expect(page.getByRole('textbox', { name: 'Go to head' })).toBeVisible()
    await page.getByText('All figures').click()
    await check('one head')
    await go('dims=3')
    await ready(page)
    await check('one head in three dimensions')
    await page.getByRole('application').focus()
    await page.keyboard.press('p')
    await page.keyboard.press('Shift+ArrowRight')
    await expect(page.getByRole('region', { name: 'Selection' })).toBeVisible()
    await check('selected points')
    await page.keyboard.press('Escape')

    await go('view=sequence&head=L3H3&sequence=0&token=3')
    await expect(page.getByRole('region', { name: 'Sequence' })).toBeVisible()
    await expect(page.getByRole('button', { name: /^key 2:/ })).toBeVisible()
    await check('sentence: lines and heat map')
    await page.getByRole('button', { name: 'All heads', exact: true }).last().click()
    await check('sentence: all heads')
    await page.setViewportSize({ width: 360, height: 740 })
    await check('sentence on a phone')
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
    await page.getByRole('button', { name: 'Hide, merge, scale, compare' }).click()
    await check('settings of the sentence on a phone')
    expect(problems).toEqual([])
  })

test('no serious violation in the view of images, light and dark', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm&model=builtin:dinov2-small')
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(224, 224)
    const context = canvas.getContext('2d')!
    for (let stripe = 0; stripe < 16; stripe++) {
      context.fillStyle = `hsl(${stripe * 22} 60% 50%)`
      context.fillRect(14 * stripe, 0, 14, 224)
    }
    await window.atlas.setImages([await canvas.convertToBlob({ type: 'image/png' })])
  })
  await ready(page)
  for (const theme of ['light', 'dark']) {
    await page.evaluate((next) => (location.hash = `theme=${next}&view=matrix`), theme)
    expect.soft(await violations(page), `matrix, ${theme}`).toEqual([])
    await page.evaluate(() => (location.hash = 'view=sequence&head=L3H3&sequence=0&token=40'))
    await expect(page.locator('canvas[data-part="heat"]')).toBeVisible()
    expect.soft(await violations(page), `image, ${theme}`).toEqual([])
  }
  expect(problems).toEqual([])
})

test('behind each view is a table with its figures', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', lines)
  await ready(page)
  const heads = page.getByRole('table', { name: 'Heads and their figures' })
  await expect(heads.getByRole('row')).toHaveCount(145)

  await page.evaluate(() => (location.hash = 'view=sequence&head=L3H3&sequence=0&token=3'))
  const { weights, size } = await call<{ weights: Float32Array; size: number }>(page, 'attention', {
    layer: 3,
    head: 3,
    sequence: 0,
  })
  const table = page.getByRole('table', { name: /Attention of L3 H3/ })
  await expect(table.getByRole('row')).toHaveCount(size + 1)
  const cells = await table.getByRole('cell').allInnerTexts()
  expect(cells.map(Number)).toEqual([...weights].map((weight) => expect.closeTo(weight, 3)))

  const tokens = page.getByRole('table', { name: /^L3 H3: Tokens/ })
  await expect(tokens.getByRole('row')).toHaveCount(size + 1)
  const row = [...weights.subarray(3 * size, 4 * size)]
  const strongest = row.indexOf(Math.max(...row))
  const shown = await tokens.getByRole('row').nth(4).getByRole('cell').last().innerText()
  expect(shown).toContain(` ${strongest} (`)
  expect(Number(/\((\S+)\)/.exec(shown)![1])).toBeCloseTo(row[strongest]!, 2)
  expect(problems).toEqual([])
})

test('with reduced motion nothing travels', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await call(page, 'setTexts', lines)
  await ready(page)
  const lengths = await page.evaluate(() =>
    [...document.querySelectorAll('button')].map((button) => getComputedStyle(button).transitionDuration),
  )
  expect(new Set(lengths.join().split(/, ?/))).toEqual(new Set(['0s']))
  // The head fills the stage with the first frame: its points are where they stay.
  await page.evaluate(() => (location.hash = 'view=head&head=L3H3'))
  await expect(page.getByRole('textbox', { name: 'Go to head' })).toBeVisible()
  const frames = await page.evaluate(async () => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas.scene')!
    const small = new OffscreenCanvas(64, 64)
    const context = small.getContext('2d')!
    const seen = new Set<string>()
    for (let frame = 0; frame < 20; frame++) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      context.drawImage(canvas, 0, 0, 64, 64)
      seen.add(context.getImageData(0, 0, 64, 64).data.join())
    }
    return seen.size
  })
  // Before and after the change of the room that the panel leaves, but nothing in between.
  expect(frames).toBeLessThanOrEqual(3)
  expect(problems).toEqual([])
})
