import { AppError } from '../core/errors'
import type { MetricId } from '../core/types'
import { type Kernel, loadKernel } from './kernel'

interface NeighborExports {
  workspaceBytes(count: number, dim: number, k: number): number
  begin(rows: number, count: number, dim: number, k: number, metric: number, workspace: number): void
  measure(): number
  prepare(from: number, to: number): void
  panelTotal(): number
  scan(from: number, to: number): void
  finish(from: number, to: number, indices: number, distances: number): number
}

/** The k nearest other rows of each of `count` rows, nearest first, ties by the lower index. */
export interface Neighbors {
  count: number
  /** min(asked, count − 1) */
  k: number
  /** [count,k] */
  indices: Int32Array
  /** [count,k] Euclidean distances, or 1 − cosine (0 between two rows of zeros, 1 between one and any other row) */
  distances: Float32Array
}

/** Called between slices with how far the work is; what it throws ends the work. */
export type Pause = (done: number, total: number) => Promise<void>

const goOn: Pause = () => Promise.resolve()

/** Rows of 8 a slice: 128 rows. */
const panelsPerSlice = 16

/** Exact nearest neighbours by brute force in WASM. One search at a time; the memory is kept for the next one. */
export class NeighborSearch {
  readonly #kernel: Kernel<NeighborExports>

  constructor(kernel: Kernel<NeighborExports>) {
    this.#kernel = kernel
  }

  static async load(): Promise<NeighborSearch> {
    return new NeighborSearch(
      await loadKernel<NeighborExports>(new URL('../kernels/build/neighbors.wasm', import.meta.url)),
    )
  }

  /**
   * The `k` nearest neighbours of each row of `rows` [count,dim]; the rows themselves are not among them.
   * Throws VERIFY_FAILED for a value that is not finite, BAD_ARGUMENT for a shape that does not fit.
   */
  async find(
    rows: Float32Array,
    count: number,
    dim: number,
    k: number,
    metric: MetricId,
    pause: Pause = goOn,
    slice = panelsPerSlice,
  ): Promise<Neighbors> {
    if (rows.length !== count * dim || !(k >= 0)) {
      throw new AppError(
        'BAD_ARGUMENT',
        `Neighbours need ${count} × ${dim} values and k ≥ 0: got ${rows.length}, ${k}.`,
      )
    }
    const size = Math.max(0, Math.min(Math.floor(k), count - 1))
    const kernel = this.#kernel
    const { exports } = kernel
    kernel.reset()
    const width = Math.max(4, Math.ceil(dim / 4) * 4)
    const data = kernel.allocate(count * width * 4)
    const indices = kernel.allocate(count * size * 4)
    const distances = kernel.allocate(count * size * 4)
    const workspace = kernel.allocate(exports.workspaceBytes(count, width, Math.max(1, size)) >>> 0)
    copyRows(rows, count, dim, width, kernel.float32(data, count * width))
    exports.begin(data, count, width, size, metric === 'cosine' ? 0 : 1, workspace)
    const bad = exports.measure()
    if (bad >= 0) {
      throw new AppError(
        'VERIFY_FAILED',
        `Point ${bad} of this head holds a number that is not finite, so it has no place in a picture: try the fp32 file of the model.`,
      )
    }
    if (size === 0) return { count, k: 0, indices: new Int32Array(0), distances: new Float32Array(0) }

    exports.prepare(0, count)
    const total = exports.panelTotal()
    for (let from = 0; from < total; from += slice) {
      const to = Math.min(total, from + slice)
      exports.scan(from, to)
      // Each slice meets only the panels after it.
      await pause(0.95 * (1 - ((total - to) / total) ** 2), 1)
    }
    for (let from = 0; from < count; from += slice * 8) {
      const to = Math.min(count, from + slice * 8)
      exports.finish(from, to, indices, distances)
      await pause(0.95 + (0.05 * to) / count, 1)
    }
    return {
      count,
      k: size,
      indices: kernel.int32(indices, count * size).slice(),
      distances: kernel.float32(distances, count * size).slice(),
    }
  }
}

function copyRows(rows: Float32Array, count: number, dim: number, width: number, target: Float32Array): void {
  if (dim === width) {
    target.set(rows)
    return
  }
  target.fill(0)
  for (let row = 0; row < count; row++) target.set(rows.subarray(row * dim, (row + 1) * dim), row * width)
}
