import { svelte } from '@sveltejs/vite-plugin-svelte'
import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { serviceWorker } from './scripts/service-worker-plugin.mjs'
import { pagePolicy } from './src/network/policy.ts'

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string }

/** Cross-origin isolation, which WASM threads need. `npm start` sends the same headers. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

export default defineConfig({
  base: '', // relative addresses: the build runs under any path
  plugins: [svelte(), serviceWorker({ pagePolicy })],
  define: { __APP_VERSION__: JSON.stringify(version) },
  worker: { format: 'es' },
  build: { target: 'esnext', assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  server: { headers: isolation },
  test: {
    include: ['tests/{unit,contracts,reference}/**/*.test.ts', 'tests/architecture.test.ts'],
    testTimeout: 60_000,
  },
})
