import { AppError } from '../core/errors'
import type { MetricId } from '../core/types'
import { CellFinder, type Cells } from './cells'
import { type Kernel, loadKernel } from './kernel'

interface NeighborExports {
  workspaceBytes(count: number, dim: number, k: number): number
  begin(rows: number, count: number, dim: number, k: number, metric: number, workspace: number): void
  measure(): number
  prepare(from: number, to: number): void
  panelTotal(): number
  scan(from: number, to: number): void
  hideRow(row: number): void
  scanBlock(from: number, to: number, first: number, last: number): void
  finish(from: number, to: number, indices: number, distances: number, exact: boolean): number
  refine(
    from: number,
    to: number,
    reach: number,
    indices: number,
    betterIndices: number,
    betterDistances: number,
    stamps: number,
  ): void
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

/** Above so many points the search by cells is sooner done than that of all pairs, and finds 95 % or more (docs/decisions). */
export const mostExactPoints = 25_000
/** Cells that each cell is compared with. */
const probes = 24
/** How often neighbours are bettered by their neighbours. */
const rounds = 2
/** Neighbours whose neighbours are looked at, and how many of these. */
const reach = 16

/** Rows of 8 a slice: 128 rows. */
const panelsPerSlice = 16
const panelRows = 8
const rowsPerSlice = 1024

/** Exact nearest neighbours by brute force in WASM. One search at a time; the memory is kept for the next one. */
export class NeighborSearch {
  readonly #kernel: Kernel<NeighborExports>
  #cells: Promise<CellFinder> | null = null

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
    const { size, width } = measure(rows, count, dim, k)
    const kernel = this.#kernel
    const { exports } = kernel
    kernel.reset()
    const data = kernel.allocate(count * width * 4)
    const indices = kernel.allocate(count * size * 4)
    const distances = kernel.allocate(count * size * 4)
    const workspace = kernel.allocate(exports.workspaceBytes(count, width, Math.max(1, size)) >>> 0)
    copyRows(rows, count, dim, width, kernel.float32(data, count * width))
    exports.begin(data, count, width, size, metric === 'cosine' ? 0 : 1, workspace)
    const bad = exports.measure()
    if (bad >= 0) {
      throw notFinite(bad)
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
      exports.finish(from, to, indices, distances, true)
      await pause(0.95 + (0.05 * to) / count, 1)
    }
    return {
      count,
      k: size,
      indices: kernel.int32(indices, count * size).slice(),
      distances: kernel.float32(distances, count * size).slice(),
    }
  }

  /**
   * Near neighbours of many rows: 95 % or more of the nearest ones (recall), and others nearly as near. Points are grouped into cells,
   * each cell is compared with the ones around it, and what is found is bettered by the neighbours of neighbours. The same bits
   * everywhere. Throws as `find` does.
   */
  async findNear(
    rows: Float32Array,
    count: number,
    dim: number,
    k: number,
    metric: MetricId,
    pause: Pause = goOn,
    around = probes,
  ): Promise<Neighbors> {
    const { size, width } = measure(rows, count, dim, k)
    if (size === 0) return this.find(rows, count, dim, k, metric, pause)
    const values = new Float32Array(count * width)
    copyRows(rows, count, dim, width, values)
    checkFinite(values, width)
    this.#cells ??= CellFinder.load()
    const finder = await this.#cells
    const cells = await finder.find(values, count, width, metric, around, (done, total) =>
      pause(0.3 * (done / total), 1),
    )
    const { places, panels, padded } = layOut(cells)
    const kernel = this.#kernel
    const { exports } = kernel
    kernel.reset()
    const data = kernel.allocate(padded * width * 4)
    const indices = kernel.allocate(padded * size * 4)
    const distances = kernel.allocate(padded * size * 4)
    const betterIndices = kernel.allocate(padded * size * 4)
    const stamps = kernel.allocate(padded * 4)
    const workspace = kernel.allocate(exports.workspaceBytes(padded, width, size) >>> 0)
    const target = kernel.float32(data, padded * width)
    target.fill(0)
    for (const [place, point] of places.entries())
      if (point >= 0) target.set(values.subarray(point * width, (point + 1) * width), place * width)
    exports.begin(data, padded, width, size, metric === 'cosine' ? 0 : 1, workspace)
    exports.measure()
    exports.prepare(0, padded)
    for (const [place, point] of places.entries()) if (point < 0) exports.hideRow(place)
    for (const [cell, near] of cells.near.entries()) {
      const [from, to] = [panels[cell]!, panels[cell + 1]!]
      for (const other of near) {
        // Both sides of a pair are offered at once.
        if (other < cell && cells.near[other]!.includes(cell)) continue
        exports.scanBlock(from, to, panels[other]!, panels[other + 1]!)
      }
      await pause(0.3 + (0.4 * (cell + 1)) / cells.near.length, 1)
    }
    for (let from = 0; from < padded; from += rowsPerSlice) {
      const to = Math.min(padded, from + rowsPerSlice)
      exports.finish(from, to, indices, distances, false)
      await pause(0.7 + (0.1 * to) / padded, 1)
    }
    let [now, better] = [indices, betterIndices]
    for (let round = 0; round < rounds; round++) {
      kernel.int32(stamps, padded).fill(0)
      for (let from = 0; from < padded; from += rowsPerSlice) {
        const to = Math.min(padded, from + rowsPerSlice)
        exports.refine(from, to, reach, now, better, distances, stamps)
        await pause(0.8 + (0.2 * (round + to / padded)) / rounds, 1)
      }
      ;[now, better] = [better, now]
    }
    const found: Neighbors = {
      count,
      k: size,
      indices: new Int32Array(count * size),
      distances: new Float32Array(count * size),
    }
    const [ownIndices, ownDistances] = [kernel.int32(now, padded * size), kernel.float32(distances, padded * size)]
    for (const [place, point] of places.entries()) {
      if (point < 0) continue
      for (let at = 0; at < size; at++) {
        found.indices[point * size + at] = places[ownIndices[place * size + at]!]!
        found.distances[point * size + at] = ownDistances[place * size + at]!
      }
    }
    return found
  }
}

/** How many neighbours there can be, and how wide the kernel wants a row. @throws AppError BAD_ARGUMENT */
function measure(rows: Float32Array, count: number, dim: number, k: number): { size: number; width: number } {
  if (rows.length !== count * dim || !(k >= 0)) {
    throw new AppError('BAD_ARGUMENT', `Neighbours need ${count} × ${dim} values and k ≥ 0: got ${rows.length}, ${k}.`)
  }
  return { size: Math.max(0, Math.min(Math.floor(k), count - 1)), width: Math.max(4, Math.ceil(dim / 4) * 4) }
}

/** Points cell by cell, each cell from a new panel of eight on: the point at each place (−1: none), the first panel of each cell. */
function layOut({ starts, members }: Cells): { places: Int32Array; panels: Int32Array; padded: number } {
  const cellCount = starts.length - 1
  const panels = new Int32Array(cellCount + 1)
  for (let cell = 0; cell < cellCount; cell++) {
    panels[cell + 1] = panels[cell]! + Math.ceil((starts[cell + 1]! - starts[cell]!) / panelRows)
  }
  const padded = panels[cellCount]! * panelRows
  const places = new Int32Array(padded).fill(-1)
  for (let cell = 0; cell < cellCount; cell++)
    places.set(members.subarray(starts[cell]!, starts[cell + 1]!), panels[cell]! * panelRows)
  return { places, panels, padded }
}

function checkFinite(values: Float32Array, width: number): void {
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw notFinite(Math.floor(bad / width))
}

const notFinite = (point: number) =>
  new AppError(
    'VERIFY_FAILED',
    `Point ${point} of this head holds a number that is not finite, so it has no place in a picture: try the fp32 file of the model.`,
  )

function copyRows(rows: Float32Array, count: number, dim: number, width: number, target: Float32Array): void {
  if (dim === width) {
    target.set(rows)
    return
  }
  target.fill(0)
  for (let row = 0; row < count; row++) target.set(rows.subarray(row * dim, (row + 1) * dim), row * width)
}
