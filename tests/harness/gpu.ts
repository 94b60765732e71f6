// The page of tests/gpu/kernels.spec.ts: runs kernels on the GPU and in WASM on the same numbers, and answers with what differs.
import { hashUniform } from '../../src/core/random'
import type { MetricId } from '../../src/core/types'
import { GpuDevice } from '../../src/gpu/device'
import { GpuNeighborSearch } from '../../src/gpu/neighbors'
import { NeighborSearch } from '../../src/projections/neighbors'

const now = () => performance.now()
const pause = () => Promise.resolve()

let opened: Promise<GpuDevice> | null = null
const openDevice = () => (opened ??= GpuDevice.open())

/** Rows [count,dim] around `clusters` centres of spread 3, each row of spread 1. */
export function makeRows(count: number, dim: number, clusters: number, seed = 1): Float32Array {
  const normal = (a: number, b: number) =>
    [0, 1, 2, 3].reduce((sum, part) => sum + hashUniform(seed, a, b, part), -2) * Math.sqrt(3)
  return Float32Array.from({ length: count * dim }, (_, at) => {
    const [row, column] = [Math.floor(at / dim), at % dim]
    return 3 * normal(-1 - (row % clusters), column) + normal(row, column)
  })
}

const heads: Record<string, (count: number, dim: number) => Float32Array> = {
  clusters: (count, dim) => makeRows(count, dim, 8),
  zeros: (count, dim) => new Float32Array(count * dim),
  constant: (count, dim) => new Float32Array(count * dim).fill(-2.5),
  /** Each row five times, some rows of zeros. */
  twins: (count, dim) => {
    const rows = makeRows(count, dim, 4)
    return rows.map((_, at) => {
      const row = Math.floor(at / dim) % Math.ceil(count / 5)
      return row === 1 ? 0 : rows[row * dim + (at % dim)]!
    })
  },
  tiny: (count, dim) => makeRows(count, dim, 3).map((value) => value * 1e-30),
  huge: (count, dim) => makeRows(count, dim, 3).map((value) => value * 1e18),
  outlier: (count, dim) => makeRows(count, dim, 3).map((value, at) => (at < dim ? value * 100 : value)),
  /** Cosines can't tell these apart in float32. */
  parallel: (count, dim) => makeRows(count, dim, 1).map((value, at) => 1e6 * ((at % dim) + 1) + value),
}

/** How far the GPU's neighbours are from the exact ones. */
async function compareNeighbors(head: string, count: number, dim: number, k: number, metric: MetricId) {
  const rows = heads[head]!(count, dim)
  const gpu = await GpuNeighborSearch.create(await openDevice(), now)
  const found = await gpu.find(rows, count, dim, k, metric, pause)
  const exact = await (await NeighborSearch.load()).find(rows, count, dim, k, metric)
  let worst = 0
  let others = 0
  let unsorted = 0
  let own = 0
  for (let at = 0; at < exact.indices.length; at++) {
    const row = Math.floor(at / exact.k)
    const scale = Math.max(exact.distances[row * exact.k + exact.k - 1]!, 1e-30)
    // Where two are as far as each other, either may stand here: distances decide, indices are counted.
    worst = Math.max(worst, Math.abs(found.distances[at]! - exact.distances[at]!) / scale)
    if (found.indices[at] !== exact.indices[at]) others++
    if (at % exact.k > 0 && found.distances[at]! < found.distances[at - 1]!) unsorted++
    if (found.indices[at] === row) own++
  }
  const distinct = Array.from({ length: count }, (_, row) => {
    return new Set(found.indices.subarray(row * found.k, (row + 1) * found.k)).size === found.k
  })
  return {
    k: found.k,
    expectedK: exact.k,
    worst,
    others: exact.indices.length > 0 ? others / exact.indices.length : 0,
    unsorted,
    own,
    repeated: distinct.filter((each) => !each).length,
    uncertain: found.uncertain,
    bytes: (await openDevice()).bytes,
  }
}

const gpuTests = { compareNeighbors }
export type GpuTests = typeof gpuTests

declare global {
  interface Window {
    gpuTests: GpuTests
  }
}
window.gpuTests = gpuTests
