import { test as base, expect, type Page } from '@playwright/test'
import { prepare } from './atlas-page'
import { serveApp, type AppServer } from './app-server'

export interface AppFixtures {
  /** Sends COOP and COEP (threads) or not. */
  isolated: boolean
  app: AppServer
  /** Opens the app at a hash; the page is ready for scripted calls. */
  openApp: (hash?: string) => Promise<Page>
  /** Errors of the console and of the page, so far. */
  problems: string[]
}

export const test = base.extend<AppFixtures>({
  isolated: [true, { option: true }],
  app: async ({ isolated }, use) => {
    const app = await serveApp({ isolated })
    await use(app)
    await app.close()
  },
  problems: async ({ page }, use) => {
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    await use(problems)
  },
  openApp: async ({ page, app, problems }, use) => {
    expect(problems).toEqual([])
    await prepare(page)
    await use(async (hash = '') => {
      await page.goto(app.url + (hash ? `#${hash}` : ''), { waitUntil: 'load' })
      return page
    })
  },
})

export { expect }
