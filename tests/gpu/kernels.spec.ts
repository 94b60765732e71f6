import { expect, test as base, type Page } from '@playwright/test'
import type { GpuTests } from '../harness/gpu'
import { serveHarness } from '../helpers/harness-page'
import { readReferenceHead } from '../helpers/heads'
import { pinnedPictures } from '../helpers/pinned-pictures'

/** The page of tests/harness/gpu.ts, built once and kept open for all tests. */
const test = base.extend<object, { lab: Page }>({
  lab: [
    async ({ browser }, use) => {
      const harness = await serveHarness(['gpu'])
      const page = await browser.newPage()
      await page.goto(`${harness.url}gpu.html`)
      await page.waitForFunction(() => 'gpuTests' in window)
      await use(page)
      await page.close()
      harness.close()
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

test('there is an adapter', async ({ lab }) => {
  // Without one the tests below would say the same at more length. They are never skipped.
  expect(await ask(lab, 'hasAdapter')).toBe(true)
})

test.describe('WASM gives the bits of Node', () => {
  for (const picture of pinnedPictures) {
    const { projection, dims, metric, n, sha256 } = picture
    test(`${projection} in ${dims} dimensions, ${metric}, ${n} tokens`, async ({ lab }) => {
      expect(await ask(lab, 'drawPinned', picture)).toBe(sha256)
    })
  }
})

test.describe('neighbours', () => {
  for (const metric of ['cosine', 'euclidean'] as const) {
    for (const [head, count, dim, k] of [
      ['clusters', 1000, 64, 14],
      ['clusters', 777, 5, 91],
      ['clusters', 300, 257, 15],
      ['outlier', 500, 64, 14],
      ['tiny', 200, 16, 14],
      ['huge', 200, 16, 14],
    ] as const) {
      test(`are the exact ones: ${metric}, ${head}, ${count} × ${dim}, k ${k}`, async ({ lab }) => {
        const result = await ask(lab, 'compareNeighbors', head, count, dim, k, metric)
        expect(result).toMatchObject({ k, unsorted: 0, own: 0, repeated: 0, uncertain: 0, bytes: 0 })
        expect(result.worst).toBeLessThan(1e-5)
        expect(result.others).toBeLessThan(1e-3)
      })
    }

    test(`of equal rows are the lowest others: ${metric}`, async ({ lab }) => {
      for (const head of ['zeros', 'constant', 'twins']) {
        const result = await ask(lab, 'compareNeighbors', head, 300, 12, 14, metric)
        expect(result, head).toMatchObject({ unsorted: 0, own: 0, repeated: 0, uncertain: 0 })
        expect(result.worst, head).toBeLessThan(1e-5)
        if (head !== 'twins') expect(result.others, head).toBe(0)
      }
    })

    test(`of few rows are as many as there are: ${metric}`, async ({ lab }) => {
      for (const [count, k, expected] of [
        [1, 5, 0],
        [2, 5, 1],
        [3, 2, 2],
        [17, 40, 16],
        [65, 64, 64],
        [40, 0, 0],
      ] as const) {
        const result = await ask(lab, 'compareNeighbors', 'clusters', count, 3, k, metric)
        expect(result, `${count} rows`).toMatchObject({ k: expected, unsorted: 0, own: 0, repeated: 0 })
        expect(result.worst, `${count} rows`).toBeLessThan(1e-5)
      }
    })
  }

  test('that float32 cannot tell apart are counted', async ({ lab }) => {
    expect((await ask(lab, 'compareNeighbors', 'parallel', 300, 12, 14, 'cosine')).uncertain).toBeGreaterThan(0.9)
    // The far one of the two heaps has lost its digits before: what is left of it, the GPU sees.
    expect((await ask(lab, 'compareNeighbors', 'heaps', 300, 12, 14, 'euclidean')).uncertain).toBeGreaterThan(0.4)
  })

  test('of numbers that are not finite are refused', async ({ lab }) => {
    expect(await ask(lab, 'failedSearch')).toMatchObject({ code: 'VERIFY_FAILED' })
  })
})

test.describe('the scatter', () => {
  for (const [count, dim] of [
    [1000, 64],
    [777, 4],
    [600, 100],
    [2, 8],
  ] as const) {
    test(`of ${count} × ${dim} is the sum in float64`, async ({ lab }) => {
      expect(await ask(lab, 'compareScatter', count, dim)).toBeLessThan(2e-6)
    })
  }

  test('gives the principal axes of large heads', async ({ lab }) => {
    const { share, same } = await ask(lab, 'comparePca', 8000, 256, 3)
    expect(same).toBe(false) // the GPU did it
    expect(share).toBeLessThan(1e-5)
  })
})

test.describe('the layout of UMAP', () => {
  for (const dims of [2, 3] as const) {
    test(`moves points in ${dims} dimensions as WASM does`, async ({ lab }) => {
      for (const count of [500, 20]) {
        const { share, moved, bytes } = await ask(lab, 'compareUmapEpoch', count, dims)
        expect(moved).toBeGreaterThan(0.1)
        expect(share, `${count} points`).toBeLessThan(3e-4)
        expect(bytes).toBe(0)
      }
    })

    test(`is as trustworthy in ${dims} dimensions`, async ({ lab }) => {
      const metric = dims === 2 ? 'cosine' : 'euclidean'
      const result = await ask(lab, 'comparePictures', 'clusters', 600, 'umap', dims, metric)
      expect(result.webgpu).toMatchObject({ length: 600 * dims, finite: true, backend: 'webgpu' })
      expect(result.wasm.backend).toBe('wasm')
      expect(result).toMatchObject({ same: false, absentIsWasm: true })
      expect(Math.abs(result.trust.webgpu - result.trust.wasm)).toBeLessThan(0.01)
      expect(result.trust.wasm).toBeGreaterThan(0.8)
      for (const correlation of result.correlations.slice(0, 2)) expect(correlation).toBeGreaterThan(0.9)
    })
  }

  test('is finite for degenerate heads', async ({ lab }) => {
    for (const head of ['zeros', 'constant', 'twins', 'outlier', 'tiny']) {
      const { webgpu } = await ask(lab, 'comparePictures', head, 120, 'umap', 2, 'cosine', 30)
      expect(webgpu, head).toMatchObject({ finite: true, backend: 'webgpu' })
    }
  })
})

test.describe('a real head', () => {
  const { joint } = readReferenceHead()
  const rowsOf = (count: number) => [
    ...joint.q.slice(0, (count / 2) * joint.dim),
    ...joint.k.slice(0, (count / 2) * joint.dim),
  ]

  test('has the same neighbours', async ({ lab }) => {
    await ask(lab, 'addHead', 'real', rowsOf(1000))
    for (const metric of ['cosine', 'euclidean'] as const) {
      for (const k of [14, 90]) {
        const result = await ask(lab, 'compareNeighbors', 'real', 1000, joint.dim, k, metric)
        expect(result).toMatchObject({ k, unsorted: 0, own: 0, repeated: 0, uncertain: 0 })
        expect(result.worst).toBeLessThan(1e-4) // near copies, whose float32 rows differ in the last bits
        expect(result.others).toBeLessThan(1e-3)
      }
    }
  })

  for (const [projection, count] of [
    ['umap', 800],
    ['tsne', 500],
  ] as const) {
    test(`is drawn as well: ${projection}`, async ({ lab }) => {
      await ask(lab, 'addHead', 'real', rowsOf(count))
      const result = await ask(lab, 'comparePictures', 'real', count, projection, 2, 'cosine', 200)
      expect(result.webgpu).toMatchObject({ length: 2 * count, finite: true, backend: 'webgpu' })
      expect(result.wasm.backend).toBe('wasm')
      expect(result).toMatchObject({ same: false, absentIsWasm: true })
      expect(Math.abs(result.trust.webgpu - result.trust.wasm)).toBeLessThan(0.01)
    })
  }
})

test.describe('t-SNE', () => {
  test('repels as all pairs do', async ({ lab }) => {
    for (const count of [700, 64, 3]) {
      const { forces, sum } = await ask(lab, 'compareField', count)
      expect(forces, `${count} points`).toBeLessThan(1e-5)
      expect(sum, `${count} points`).toBeLessThan(1e-5)
    }
  })

  test('moves points as WASM does', async ({ lab }) => {
    for (const [epochs, most] of [
      [1, 5e-3], // the grid of WASM is the coarser one
      [4, 1e-2],
    ] as const) {
      const { share, bytes } = await ask(lab, 'compareTsneEpochs', 400, epochs)
      expect(share, `${epochs} epochs`).toBeLessThan(most)
      expect(bytes).toBe(0)
    }
  })
})

test.describe('the device', () => {
  test('gives the first mistake as one error, and goes on', async ({ lab }) => {
    const result = await ask(lab, 'makeMistakes')
    expect(result.code).toMatchObject({ code: 'NOT_AVAILABLE' })
    expect(result.entry).toMatchObject({ code: 'NOT_AVAILABLE' })
    expect(result.first).toMatchObject({ code: 'NOT_AVAILABLE' })
    expect(JSON.stringify(result.first)).toContain('first mistake')
    expect(result.binding).toMatchObject({ code: 'OUT_OF_MEMORY' })
    expect(result).toMatchObject({ after: 'no error', balanced: 'no error', bytes: 0 })
    expect(result.thrown).toMatchObject({ message: 'of the caller' })
    expect(result.disposed).toMatchObject({ code: 'DEVICE_LOST' })
  })

  test('that is lost leaves the head to WASM, and says so', async ({ lab }) => {
    const result = await ask(lab, 'loseDevice')
    expect(result.first).toMatchObject({ backend: 'wasm', finite: true, length: 2000 })
    expect(result.first.reason).toContain('went away')
    expect(result.next).toMatchObject({ backend: 'wasm', finite: true })
    expect(result.next.reason).toContain('went away')
    expect(result.forced).toMatchObject({ backend: 'webgpu', finite: true }) // on a new device
    expect(result).toMatchObject({ opened: 2, bytes: [0, 0], lost: ['DEVICE_LOST', 'DEVICE_LOST'] })
  })

  test('is left clean by work that is cancelled', async ({ lab }) => {
    expect(await ask(lab, 'cancelEach')).toEqual({ ends: ['stop', 'stop', 'stop'], bytes: 0 })
  })

  test('works in a dedicated worker', async ({ lab }) => {
    const result = await ask(lab, 'projectInWorker', 400, 'webgpu')
    expect(result).toMatchObject({ backend: 'webgpu', finite: true, length: 800 })
  })

  test('that computes on the processor is not chosen by itself', async ({ lab }) => {
    const result = await ask(lab, 'projectInWorker', 1200, 'auto')
    // q and k come back, for the next head
    expect(result).toMatchObject({ backend: 'wasm', finite: true, spent: [600 * 16 * 4, 600 * 16 * 4] })
    expect(result.reason).toContain('on the processor')
  })

  test('is measured beside WASM', async ({ lab }) => {
    const { gpuMs, wasmMs } = await ask(lab, 'calibrateHere')
    expect(wasmMs).toBeGreaterThan(0)
    expect(gpuMs).toBeGreaterThan(wasmMs) // a software adapter is slower
  })
})
