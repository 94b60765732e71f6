import { hashIntegers } from '../core/random'
import type { MetricId } from '../core/types'
import { type Kernel, loadKernel } from './kernel'
import type { Pause } from './neighbors'

interface CellExports {
  halveNorms(rows: number, count: number, dim: number, halves: number): void
  assign(
    rows: number,
    from: number,
    to: number,
    dim: number,
    centres: number,
    halves: number,
    count: number,
    cells: number,
  ): void
  addMembers(rows: number, from: number, to: number, dim: number, cells: number, sums: number, sizes: number): void
  moveCentres(centres: number, count: number, dim: number, sums: number, sizes: number): void
}

/** Points grouped by where they lie. */
export interface Cells {
  /** [cells + 1] where each cell begins in `members`. */
  starts: Int32Array
  /** [count] points, cell by cell, ascending inside one. */
  members: Int32Array
  /** For each cell the ones to look at, itself among them, ascending. */
  near: Int32Array[]
}

/** How often centres move to the mean of their cell. */
const rounds = 3
const rowsPerSlice = 2048

/** Groups points around some √count centres, chosen by a hash and moved to the means of their cells (Lloyd 1982). */
export class CellFinder {
  readonly #kernel: Kernel<CellExports>

  constructor(kernel: Kernel<CellExports>) {
    this.#kernel = kernel
  }

  static async load(): Promise<CellFinder> {
    return new CellFinder(await loadKernel<CellExports>(new URL('../kernels/build/cells.wasm', import.meta.url)))
  }

  /**
   * Cells of `rows` [count,width], `width` a multiple of 4; each is to be compared with the `probes` cells of the nearest centres.
   * With `cosine` directions are grouped.
   */
  async find(
    rows: Float32Array,
    count: number,
    width: number,
    metric: MetricId,
    probes: number,
    pause: Pause,
  ): Promise<Cells> {
    const kernel = this.#kernel
    const { exports } = kernel
    const cellCount = Math.max(1, Math.round(Math.sqrt(count)))
    kernel.reset()
    const data = kernel.allocate(count * width * 4)
    const centres = kernel.allocate(cellCount * width * 4)
    const sums = kernel.allocate(cellCount * width * 4)
    const sizes = kernel.allocate(cellCount * 4)
    const halves = kernel.allocate(cellCount * 4)
    const cells = kernel.allocate(count * 4)
    const values = kernel.float32(data, count * width)
    values.set(rows)
    if (metric === 'cosine') normalizeRows(values, width)
    const middle = kernel.float32(centres, cellCount * width)
    for (let cell = 0; cell < cellCount; cell++) {
      // One of each equal share of the points.
      const [first, last] = [cell, cell + 1].map((index) => Math.floor((index * count) / cellCount)) as [number, number]
      const chosen = first + (hashIntegers(cell, 0x1f) % (last - first))
      middle.set(values.subarray(chosen * width, (chosen + 1) * width), cell * width)
    }
    for (let round = 0; round <= rounds; round++) {
      exports.halveNorms(centres, cellCount, width, halves)
      kernel.float32(sums, cellCount * width).fill(0)
      kernel.int32(sizes, cellCount).fill(0)
      for (let from = 0; from < count; from += rowsPerSlice) {
        const to = Math.min(count, from + rowsPerSlice)
        exports.assign(data, from, to, width, centres, halves, cellCount, cells)
        exports.addMembers(data, from, to, width, cells, sums, sizes)
        await pause(round + to / count, rounds + 1)
      }
      if (round < rounds) exports.moveCentres(centres, cellCount, width, sums, sizes)
    }
    const [starts, members] = groupMembers(kernel.int32(cells, count), cellCount)
    return { starts, members, near: nearCells(kernel.float32(centres, cellCount * width), width, probes) }
  }
}

function normalizeRows(values: Float32Array, width: number): void {
  for (let start = 0; start < values.length; start += width) {
    let square = 0
    for (let at = start; at < start + width; at++) square += values[at]! * values[at]!
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0
    for (let at = start; at < start + width; at++) values[at]! *= scale
  }
}

function groupMembers(cells: Int32Array, cellCount: number): [starts: Int32Array, members: Int32Array] {
  const starts = new Int32Array(cellCount + 1)
  for (const cell of cells) starts[cell + 1]!++
  for (let cell = 0; cell < cellCount; cell++) starts[cell + 1]! += starts[cell]!
  const next = starts.slice()
  const members = new Int32Array(cells.length)
  for (const [point, cell] of cells.entries()) members[next[cell]!++] = point
  return [starts, members]
}

function nearCells(centres: Float32Array, width: number, probes: number): Int32Array[] {
  const count = centres.length / width
  const distances = new Float64Array(count)
  return Array.from({ length: count }, (_, cell) => {
    for (let other = 0; other < count; other++) {
      let sum = 0
      for (let column = 0; column < width; column++) {
        const difference = centres[cell * width + column]! - centres[other * width + column]!
        sum += difference * difference
      }
      distances[other] = sum
    }
    const order = Int32Array.from(distances.keys())
    order.sort((one, other) => distances[one]! - distances[other]! || one - other)
    const chosen = order.slice(0, probes)
    return (chosen.includes(cell) ? chosen : Int32Array.of(...chosen, cell)).sort()
  })
}
