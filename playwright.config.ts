import { defineConfig } from '@playwright/test'
import { installedChromium } from './scripts/chromium.mjs'

const executablePath = process.env.CHROMIUM_PATH ?? installedChromium()

/** Software rendering everywhere, so that runs agree whatever the machine has. */
const software = [
  '--no-sandbox',
  '--enable-unsafe-swiftshader',
  '--use-angle=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]
const webgpu = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--use-vulkan=swiftshader',
  '--enable-features=Vulkan,WebGPU',
  '--disable-vulkan-surface',
  '--ignore-gpu-blocklist',
]
const launch = (args: string[]) => ({ launchOptions: { args, ...(executablePath ? { executablePath } : {}) } })

export default defineConfig({
  testDir: 'tests',
  testMatch: '{e2e,visual,gpu}/**/*.spec.ts',
  outputDir: 'test-results/browser',
  workers: 1, // two cores: the app uses both
  timeout: 180_000,
  expect: { timeout: 30_000 },
  forbidOnly: !!process.env.CI,
  reporter: [
    ['list'],
    ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ?? 'test-results/browser.json' }],
  ],
  use: { viewport: { width: 1440, height: 900 }, trace: 'off' },
  projects: [
    { name: 'wasm', testMatch: '{e2e,visual}/**/*.spec.ts', use: launch(software) },
    {
      name: 'webgpu',
      testMatch: 'gpu/**/*.spec.ts',
      use: launch([...software.filter((arg) => !arg.startsWith('--use-angle')), ...webgpu]),
    },
  ],
})
