// npm run picture: the README's picture, drawn by the built app itself.
import { chromium } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { findChromium } from './chromium.mjs'
import { createStaticServer, listen } from './serve.mjs'
import { buildApp, installPackages, root } from './setup.mjs'

installPackages()
buildApp()
const server = createStaticServer({ folder: path.join(root, 'dist') })
const port = await listen(server, 0, 'localhost')
const executablePath = findChromium()
const browser = await chromium.launch({
  ...(executablePath ? { executablePath } : {}),
  args: ['--no-sandbox', '--enable-unsafe-swiftshader', '--use-angle=swiftshader'],
})
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
await page.goto(`http://localhost:${port}/#samples=first-look&backend=wasm`)
await page.evaluate(() => window.atlas.ready())
await page.waitForFunction(() => document.querySelector('canvas')) // and a frame more, for the last heads to be drawn
await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1500)))
mkdirSync(path.join(root, 'docs/images'), { recursive: true })
await page.screenshot({ path: path.join(root, 'docs/images/matrix.png') })
await browser.close()
server.close()
