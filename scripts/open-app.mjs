// The built app in a browser, for scripts that make something from what it draws or computes.
import { chromium } from '@playwright/test'
import path from 'node:path'
import { findChromium } from './chromium.mjs'
import { createStaticServer, listen } from './serve.mjs'
import { buildApp, installPackages, root } from './setup.mjs'

/** Sets everything up, opens the app at a hash, calls `use(page)` once its run is ready, and closes all of it. */
export async function withApp(hash, use) {
  installPackages()
  buildApp()
  const server = createStaticServer({ folder: path.join(root, 'dist') })
  const port = await listen(server, 0, 'localhost')
  const executablePath = findChromium()
  const browser = await chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--enable-unsafe-swiftshader', '--use-angle=swiftshader'],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto(`http://localhost:${port}/#${hash}`)
    await page.evaluate(() => window.atlas.ready())
    return await use(page)
  } finally {
    await browser.close()
    server.close()
  }
}
