import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasState } from '../helpers/atlas-page'

const picture = path.resolve(import.meta.dirname, '../goldens/dinov2-small.rings.png')

test.describe('a browser without the newer interfaces', () => {
  test.use({ isolated: false })

  test('runs text with one thread, takes folders by a plain dialog, and says that pictures need more', async ({
    app,
    page,
    openApp,
    problems,
  }) => {
    await page.addInitScript(() => {
      const without = (owner: object, names: string) => {
        for (const name of names.split(' ')) Reflect.deleteProperty(owner, name)
      }
      without(Navigator.prototype, 'gpu locks storage serviceWorker scheduling')
      without(window, 'scheduler requestIdleCallback showDirectoryPicker OffscreenCanvas')
    })
    // Scripts of the page don't reach workers: there it is taken away by the file itself.
    const assets = path.resolve(import.meta.dirname, '../../dist/assets')
    app.setFault((request, response) => {
      const name = /\/assets\/(model\.worker[^/]*\.js)$/.exec(request.url ?? '')?.[1]
      if (!name) return false
      const source = readFileSync(path.join(assets, name), 'utf8')
      response.writeHead(200, { 'content-type': 'text/javascript' })
      response.end(`self.OffscreenCanvas = undefined;${source}`)
      return true
    })
    await openApp()
    const left = await page.evaluate(() =>
      ['gpu', 'locks', 'storage', 'serviceWorker'].filter((name) => name in navigator),
    )
    expect(left).toEqual([])
    expect(await page.evaluate(() => crossOriginIsolated || 'OffscreenCanvas' in window)).toBe(false)
    await call(page, 'setTexts', ['The cat sat on the mat.'])
    expect((await ready(page)).backend).toBe('wasm')
    expect(problems).toEqual([])

    await page.getByRole('button', { name: /^Model/ }).click()
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Choose a folder…' }).click(),
    ])
    expect(await chooser.element().getAttribute('webkitdirectory')).not.toBeNull()
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Images', exact: true }).click()
    await page.locator('input[type=file][accept*=image]').first().setInputFiles(picture)
    await expect(page.locator('html')).toHaveAttribute('data-status', 'failed')
    const state = await call<AtlasState>(page, 'state')
    expect(state.error).toMatchObject({ code: 'IMAGE_FAILED' })
    expect(state.error?.message).toContain('no OffscreenCanvas')
    await expect(page.getByText('no OffscreenCanvas').first()).toBeVisible()
  })
})

test('a browser without WebAssembly SIMD says so before anything is asked of it', async ({
  page,
  openApp,
  problems,
}) => {
  await page.addInitScript(() => {
    WebAssembly.validate = () => false
  })
  await openApp()
  await expect(page.getByText('no WebAssembly SIMD')).toBeVisible()
  expect(problems).toEqual([])
})
