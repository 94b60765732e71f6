// npm run picture: the README's picture, drawn by the built app itself.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { withApp } from './open-app.mjs'
import { root } from './setup.mjs'

await withApp('samples=first-look&backend=wasm', async (page) => {
  await page.waitForFunction(() => document.querySelector('canvas')) // and a frame more, for the last heads to be drawn
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1500)))
  mkdirSync(path.join(root, 'docs/images'), { recursive: true })
  await page.screenshot({ path: path.join(root, 'docs/images/matrix.png') })
})
