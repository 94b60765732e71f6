import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { build } from 'vite'
import { createStaticServer } from '../../scripts/serve.mjs'

const root = path.resolve(import.meta.dirname, '../..')

/** Builds pages of tests/harness and serves them; each set of pages has a folder of its own. */
export async function serveHarness(
  pages: readonly string[] = ['views', 'scene'],
): Promise<{ url: string; close(): void }> {
  const outDir = path.join(root, '.cache/harness', pages.join('-'))
  await build({
    configFile: false,
    root: path.join(root, 'tests/harness'),
    base: '',
    publicDir: false,
    logLevel: 'error',
    plugins: [svelte({ configFile: path.join(root, 'svelte.config.js') })],
    worker: { format: 'es' },
    build: {
      target: 'esnext',
      assetsInlineLimit: 0,
      minify: false,
      outDir,
      emptyOutDir: true,
      chunkSizeWarningLimit: 5000,
      rolldownOptions: { input: pages.map((name) => path.join(root, `tests/harness/${name}.html`)) },
    },
  })
  const server = createStaticServer({ folder: outDir })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://localhost:${port}/`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
