// npm test: all set-up, then tiers 1–4; the last line is "N passed, N failed". `npm run test:long` runs the full counts.
import { rmSync, readFileSync, existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { buildApp, installPackages, root, runCounted } from './setup.mjs'

const long = process.argv.includes('--long')
const report = path.join(root, 'test-results')
let [passed, failed] = [0, 0]
const node = process.execPath

/** One step that is right or wrong as a whole. */
async function step(name, args) {
  const began = Date.now()
  const { code, output } = await runCounted(node, args, { quiet: true })
  if (code === 0) passed++
  else {
    failed++
    console.log(output)
  }
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - began) / 1000).toFixed(0)} s)`)
}

/** A test runner that writes its counts to a JSON file. */
async function suite(name, args, file, count, env = {}) {
  const began = Date.now()
  rmSync(file, { force: true })
  const { code } = await runCounted(node, args, { env: { ...process.env, ...env } })
  const counts = existsSync(file) ? count(JSON.parse(readFileSync(file, 'utf8'))) : { passed: 0, failed: 1 }
  if (code !== 0 && counts.failed === 0) counts.failed = 1
  if (counts.passed + counts.failed === 0) counts.failed = 1
  passed += counts.passed
  failed += counts.failed
  const seconds = ((Date.now() - began) / 1000).toFixed(0)
  console.log(
    `${counts.failed ? 'FAIL' : 'ok  '} ${name}: ${counts.passed} passed, ${counts.failed} failed (${seconds} s)`,
  )
}

const vitestCounts = (json) => ({
  passed: json.numPassedTests,
  failed:
    json.numFailedTests +
    json.numPendingTests +
    (json.testResults ?? []).filter((r) => r.status === 'failed' && !r.assertionResults.length).length,
})
const playwrightCounts = ({ stats }) => ({
  passed: stats.expected,
  failed: stats.unexpected + stats.flaky + stats.skipped,
})

installPackages()
mkdirSync(report, { recursive: true })
buildApp()
const { findChromium } = await import('./chromium.mjs')
const chromium = findChromium()
const environment = { ...(chromium ? { CHROMIUM_PATH: chromium } : {}), ...(long ? { ATLAS_TEST_LONG: '1' } : {}) }

await step('types of the app', [
  'node_modules/svelte-check/bin/svelte-check',
  '--tsconfig',
  'tsconfig.json',
  '--fail-on-warnings',
])
await step('types of the workers', ['node_modules/typescript/bin/tsc', '-p', 'workers/tsconfig.json'])
await step('types of the tests', ['node_modules/typescript/bin/tsc', '-p', 'tests/tsconfig.json'])
await step('lint', ['node_modules/eslint/bin/eslint.js', '.'])
await step('format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'])
await step('third-party notices', ['scripts/notices.mjs', '--check'])
await step('manifest of the built-in models', ['scripts/manifest.mjs', '--check'])
const unit = path.join(report, 'unit.json')
await suite(
  'unit, contracts, reference',
  ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${unit}`],
  unit,
  vitestCounts,
  environment,
)
const browser = path.join(report, 'browser.json')
await suite('browser', ['node_modules/@playwright/test/cli.js', 'test'], browser, playwrightCounts, {
  ...environment,
  PLAYWRIGHT_JSON_OUTPUT_NAME: browser,
})

console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
