import { chromium, type Browser, type Page } from '@playwright/test'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { serveApp, type AppServer } from '../helpers/app-server'
import { expect, test } from '../helpers/app-test'
import { call, prepare, ready } from '../helpers/atlas-page'

/** A browser of its own with a profile on disk, so that it can be killed like any process. */
interface Session {
  page: Page
  browser: Browser
  process: ChildProcess
}

async function startBrowser(profile: string, args: readonly string[], url: string): Promise<Session> {
  const child = spawn(process.env.CHROMIUM_PATH ?? chromium.executablePath(), [
    ...args,
    '--headless=new',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
    '--no-first-run',
    'about:blank',
  ])
  const endpoint = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += String(chunk)
      const [, address] = /DevTools listening on (ws:\S+)/.exec(said) ?? []
      if (address) resolve(address)
    })
    child.once('exit', () => reject(new Error(said)))
  })
  const browser = await chromium.connectOverCDP(endpoint)
  const page = browser.contexts()[0]!.pages()[0]!
  await prepare(page)
  await page.goto(url, { waitUntil: 'load' })
  return { page, browser, process: child }
}

async function kill({ process: child }: Session): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

const rounds = process.env.ATLAS_TEST_LONG ? 50 : 3

test('what was typed 300 ms before the browser is killed is there again', async ({ launchOptions }) => {
  test.setTimeout(60_000 + rounds * 30_000)
  const profile = mkdtempSync(path.join(tmpdir(), 'atlas-profile-'))
  const app: AppServer = await serveApp()
  const start = () => startBrowser(profile, launchOptions.args ?? [], app.url)
  try {
    let session = await start()
    let expected = ''
    for (let round = 0; round < rounds; round++) {
      const { page } = session
      await page.getByRole('button', { name: 'Text', exact: true }).click()
      const editor = page.getByRole('textbox', { name: 'Text' })
      await expect(editor).toHaveValue(expected)
      const added = `Line ${round} was never shown.`
      await editor.press('ControlOrMeta+End')
      await page.keyboard.type(expected === '' ? added : `\n${added}`)
      expected = expected === '' ? added : `${expected}\n${added}`
      // The promise itself: what is older than 300 ms in the page's own time is safe.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)))
      await kill(session)
      session = await start()
    }
    // A tab that does not save keeps its own text; after a kill both are there, one in the editor and one on offer.
    const second = await session.browser.contexts()[0]!.newPage()
    await second.goto(app.url, { waitUntil: 'load' })
    await expect(second.getByText('Also open in another tab')).toBeVisible()
    await second.getByRole('button', { name: 'Text', exact: true }).click()
    await second.getByRole('textbox', { name: 'Text' }).fill('Of the second tab.')
    await second.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)))
    await kill(session)
    session = await start()
    await session.page.getByRole('button', { name: 'Text', exact: true }).click()
    const editor = session.page.getByRole('textbox', { name: 'Text' })
    await expect(editor).toHaveValue('Of the second tab.')
    await session.page.getByRole('button', { name: 'Put it here' }).click()
    await expect(editor).toHaveValue(expected)
    await session.page.getByRole('button', { name: 'Put it here' }).click()
    await expect(editor).toHaveValue('Of the second tab.')
    await session.page.getByRole('button', { name: 'Forget it' }).click()
    await expect(session.page.getByText('closed with text')).toBeHidden()
    // Shown text and settings as well, killed in the middle of the run.
    // The store of a browser that was killed takes its time to open; nobody types before.
    await expect(session.page.locator('html')).toHaveAttribute('data-status', 'empty')
    await call(session.page, 'setTexts', ['This line was shown.'])
    await call(session.page, 'set', { projection: 'umap', color: 'position' })
    await session.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)))
    await kill(session)
    session = await start()
    await ready(session.page)
    expect(await call(session.page, 'state')).toMatchObject({ projection: 'umap', color: 'position' })
    const { sequences } = await call<{ sequences: { name: string }[] }>(session.page, 'info')
    expect(sequences.map(({ name }) => name)).toEqual(['This line was shown.'])
    await kill(session)
  } finally {
    await app.close()
    rmSync(profile, { recursive: true, force: true })
  }
})
