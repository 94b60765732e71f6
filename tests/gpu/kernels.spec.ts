import { expect, test as base, type Page } from '@playwright/test'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { build } from 'vite'
import { createStaticServer } from '../../scripts/serve.mjs'
import type { GpuTests } from '../harness/gpu'

const root = path.resolve(import.meta.dirname, '../..')

/** The page of tests/harness/gpu.ts, built once and kept open for all tests. */
const test = base.extend<object, { lab: Page }>({
  lab: [
    async ({ browser }, use) => {
      const outDir = path.join(root, '.cache/gpu-tests')
      await build({
        configFile: false,
        root: path.join(root, 'tests/harness'),
        base: '',
        publicDir: false,
        logLevel: 'error',
        worker: { format: 'es' },
        build: {
          target: 'esnext',
          assetsInlineLimit: 0,
          minify: false,
          outDir,
          emptyOutDir: true,
          rolldownOptions: { input: path.join(root, 'tests/harness/gpu.html') },
        },
      })
      const server = createStaticServer({ folder: outDir })
      await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
      const { port } = server.address() as AddressInfo
      const page = await browser.newPage()
      await page.goto(`http://localhost:${port}/gpu.html`)
      await page.waitForFunction(() => 'gpuTests' in window)
      await use(page)
      await page.close()
      server.closeAllConnections()
      server.close()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
})

/** Calls one of the page's tests. */
function ask<Name extends keyof GpuTests>(
  page: Page,
  name: Name,
  ...args: Parameters<GpuTests[Name]>
): Promise<Awaited<ReturnType<GpuTests[Name]>>> {
  return page.evaluate(([which, values]) => (window.gpuTests[which] as (...values: unknown[]) => unknown)(...values), [
    name,
    args,
  ] as const) as Promise<Awaited<ReturnType<GpuTests[Name]>>>
}

test.describe('neighbours', () => {
  for (const metric of ['cosine', 'euclidean'] as const)
    for (const [head, count, dim, k] of [
      ['clusters', 1000, 64, 14],
      ['clusters', 777, 5, 91],
      ['clusters', 300, 257, 15],
      ['outlier', 500, 64, 14],
      ['tiny', 200, 16, 14],
      ['huge', 200, 16, 14],
    ] as const)
      test(`are the exact ones: ${metric}, ${head}, ${count} × ${dim}, k ${k}`, async ({ lab }) => {
        const result = await ask(lab, 'compareNeighbors', head, count, dim, k, metric)
        expect(result).toMatchObject({ k, unsorted: 0, own: 0, repeated: 0, uncertain: 0, bytes: 0 })
        expect(result.worst).toBeLessThan(1e-5)
        expect(result.others).toBeLessThan(1e-3)
      })
})
