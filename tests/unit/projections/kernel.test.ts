import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { loadKernel } from '../../../src/projections/kernel'

const folder = mkdtempSync(join(tmpdir(), 'kernel-'))
afterAll(() => rmSync(folder, { recursive: true }))

const built = new URL('../../../src/kernels/build/covariance.wasm', import.meta.url)

interface Exports {
  addRows(rows: number, from: number, to: number, dim: number, sums: number): void
}

test('blocks are aligned, do not overlap, and outlive the growth of the memory', async () => {
  const kernel = await loadKernel<Exports>(built)
  const first = kernel.allocate(5)
  const second = kernel.allocate(3)
  kernel.uint8(first, 5).set([1, 2, 3, 4, 5])
  const third = kernel.allocate(10_000_000)
  expect([first % 16, second % 16, third % 16]).toEqual([0, 0, 0])
  expect(second).toBeGreaterThanOrEqual(first + 5)
  expect(third).toBeGreaterThanOrEqual(second + 3)
  expect(Array.from(kernel.uint8(first, 5))).toEqual([1, 2, 3, 4, 5])
  expect(kernel.uint8(third, 10_000_000)).toHaveLength(10_000_000)
  kernel.reset()
  expect(kernel.allocate(1)).toBe(first)
})

test('instances do not share their memory', async () => {
  const [one, other] = [await loadKernel<Exports>(built), await loadKernel<Exports>(built)]
  const at = one.allocate(8)
  one.float64(at, 1)[0] = 7
  expect(other.float64(other.allocate(8), 1)[0]).not.toBe(7)
})

test('memory that cannot grow is OUT_OF_MEMORY', async () => {
  const kernel = await loadKernel<Exports>(built)
  expect(() => kernel.allocate(2 ** 33)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }) as Error)
})

test('a missing file is NOT_AVAILABLE, and is looked for again', async () => {
  const path = join(folder, 'late.wasm')
  await expect(loadKernel(pathToFileURL(path))).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
  copyFileSync(built, path)
  const kernel = await loadKernel<Exports>(pathToFileURL(path))
  const rows = kernel.allocate(32)
  const sums = kernel.allocate(32)
  kernel.float32(rows, 8).set([1, 2, 3, 4, 10, 20, 30, 40])
  kernel.float64(sums, 4).fill(0)
  kernel.exports.addRows(rows, 0, 2, 4, sums)
  expect(Array.from(kernel.float64(sums, 4))).toEqual([11, 22, 33, 44])
})
