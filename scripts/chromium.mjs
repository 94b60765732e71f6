// Finds a Chromium for the browser tests, or brings one.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { root } from './setup.mjs'

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
]

/** A Chromium in one of the usual places; undefined where there is none. */
export const installedChromium = () => usualPlaces.find((place) => existsSync(place))

const works = (command, args) => spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0
const isDebianAsRoot = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')

/** Path of a Chromium: CHROMIUM_PATH, the usual places, Debian's package when root, else Playwright's own download (null: Playwright knows). */
export function findChromium() {
  const chosen = process.env.CHROMIUM_PATH
  if (chosen) {
    if (existsSync(chosen)) return chosen
    throw new Error(`CHROMIUM_PATH is ${chosen}, but nothing is there.`)
  }
  const found = installedChromium()
  if (found) return found
  if (isDebianAsRoot()) {
    console.log('No Chromium here: installing the one of the distribution.')
    if (
      works('apt-get', ['update', '-qq']) &&
      works('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])
    )
      return '/usr/bin/chromium'
  }
  console.log("No Chromium here: downloading Playwright's.")
  if (works(process.execPath, ['node_modules/@playwright/test/cli.js', 'install', 'chromium'])) return null
  throw new Error('No Chromium could be found or installed. Install one and set CHROMIUM_PATH to its program.')
}
