import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'

const lines = [
  'The bank raised its rates while the boat drifted toward the bank.',
  'A spring in the old clock broke during the first week of spring.',
  'In 1998, 2004 and 2016 the river rose by 3, 5 and 8 metres.',
]

for (const [name, isolated] of [
  ['WASM with one thread', false],
  ['WASM with threads', true],
] as const)
  test.describe(name, () => {
    test.use({ isolated })

    test('paste, all heads, one head, one sentence, reload', async ({ app, openApp, problems }) => {
      const page = await openApp('backend=wasm')
      await expect(page.locator('html')).toHaveAttribute('data-status', 'empty')
      await expect(page.getByRole('heading', { name: 'See every attention head at once' })).toBeVisible()

      await page.getByRole('button', { name: 'Paste text' }).click()
      await page.getByRole('textbox', { name: 'Text, one sentence a line' }).fill(lines.join('\n'))
      await page.keyboard.press('Control+Enter')
      await ready(page)

      const info = await call<AtlasInfo>(page, 'info')
      const tokens = info.sequences.reduce((sum, sequence) => sum + sequence.tokens.length, 0)
      expect(info.sequences.map((sequence) => sequence.name)).toEqual(lines)
      expect(info).toMatchObject({ layers: 12, heads: 12, verified: 'exact' })
      const status = page.getByRole('contentinfo')
      await expect(status).toContainText('144 heads')
      await expect(status).toContainText(`${tokens} tokens`)

      // The picture of all heads is drawn: every tile has points of both colours.
      await page.keyboard.press('Escape')
      const before = await call<{ points: Float32Array; n: number; m: number }>(page, 'coordinates', {
        layer: 3,
        head: 9,
      })
      expect([before.n, before.m, before.points.length]).toEqual([tokens, tokens, 4 * tokens])

      // Open L3 H9 from the table of heads, as a keyboard or screen reader user does.
      await page.evaluate(() => (location.hash = 'view=head&head=L3H9'))
      await expect(page.getByRole('heading', { name: 'L3 H9' })).toBeVisible()

      // Hovering a point shows its token: walk over the canvas until one is met.
      const stage = await page.locator('canvas').first().boundingBox()
      const card = page.getByRole('tooltip')
      await expect(async () => {
        for (let y = 0.2; y < 0.85; y += 0.05)
          for (let x = 0.15; x < 0.75; x += 0.04) {
            await page.mouse.move(stage!.x + stage!.width * x, stage!.y + stage!.height * y)
            if (await card.isVisible()) return
          }
        throw new Error('no point was met')
      }).toPass({ timeout: 60_000 })
      const words = info.sequences.flatMap((sequence) => sequence.tokens.map((token) => token.text))
      const shown = (await card.innerText()).split('\n')[0]!.trim()
      expect(words).toContain(shown)
      await expect(card).toContainText(/query|key/i)

      // A click pins it and opens its sentence, with the model's own weights.
      await page.mouse.down()
      await page.mouse.up()
      const drawer = page.getByRole('region', { name: 'Sequence' })
      await expect(drawer).toBeVisible()
      await expect(drawer).toContainText(/(bank|spring|river)/)

      // Reload: the same picture from the cache; no weights and no runtime are fetched.
      const fetched = app.requests.length
      await page.reload({ waitUntil: 'load' })
      await ready(page)
      const after = await call<{ points: Float32Array }>(page, 'coordinates', { layer: 3, head: 9 })
      expect(after.points).toEqual(before.points)
      expect(app.requests.slice(fetched).filter((url) => /\.onnx|ort-wasm/.test(url))).toEqual([])
      await expect(page.getByRole('heading', { name: 'L3 H9' })).toBeVisible()
      expect(problems).toEqual([])
    })
  })

test('a changed sentence computes only itself', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', lines)
  await ready(page)
  const before = (await call<AtlasInfo>(page, 'info')).sequences.map((sequence) => sequence.id)
  await call(page, 'setTexts', [lines[0], 'This one is new.', lines[2]])
  await ready(page)
  const after = (await call<AtlasInfo>(page, 'info')).sequences
  expect([after[0]!.id, after[2]!.id]).toEqual([before[0], before[2]])
  expect(after[1]!.id).not.toBe(before[1])
  expect(problems).toEqual([])
})
