/** Points a cell, on average. */
const pointsPerCell = 4
/** The grid's edges leave out this share of a sample at either end: a far point must not empty all other cells. */
const trimmed = 0.02
const sampleSize = 256
/** Share of a cell's width by which a border may be off from rounding. */
const slack = 1e-6

interface Axis {
  least: number
  /** Width of a cell. */
  size: number
  cells: number
}

/** Points that were looked at in one search of neighbours; reused, so that none is made for each. */
export interface Found {
  /** Squared distances and rows, in the order of cells. */
  distances: Float64Array
  rows: Int32Array
  count: number
}

export const createFound = (n: number): Found => ({
  distances: new Float64Array(n),
  rows: new Int32Array(n),
  count: 0,
})

/** Points of the plane or of space in cells, for their nearest neighbours. */
export class PointGrid {
  readonly #points: Float32Array
  readonly #dims: 2 | 3
  readonly #axes: [Axis, Axis, Axis]
  /** Rows, cell after cell. */
  readonly #order: Int32Array
  /** [cells+1] where each cell begins in the order. */
  readonly #starts: Int32Array

  /** @param points [n,dims]; kept, not copied */
  constructor(points: Float32Array, dims: 2 | 3) {
    this.#points = points
    this.#dims = dims
    const n = points.length / dims
    const perAxis = Math.max(1, Math.min(64, Math.round((n / pointsPerCell) ** (1 / dims))))
    const flat: Axis = { least: 0, size: 0, cells: 1 }
    const axisOf = (axis: number): Axis => spanOf(points, dims, axis, n, perAxis)
    this.#axes = [axisOf(0), axisOf(1), dims === 3 ? axisOf(2) : flat]
    const [x, y, z] = this.#axes
    const cells = new Int32Array(n)
    this.#starts = new Int32Array(x.cells * y.cells * z.cells + 1)
    for (let row = 0, at = 0; row < n; row += 1, at += dims) {
      let cell = cellOf(x, points[at]!) + x.cells * cellOf(y, points[at + 1]!)
      if (dims === 3) cell += x.cells * y.cells * cellOf(z, points[at + 2]!)
      cells[row] = cell
      this.#starts[cell + 1]! += 1
    }
    for (let cell = 1; cell < this.#starts.length; cell += 1) this.#starts[cell]! += this.#starts[cell - 1]!
    this.#order = new Int32Array(n)
    const next = this.#starts.slice()
    for (let row = 0; row < n; row += 1) this.#order[next[cells[row]!]!++] = row
  }

  /**
   * Squared distances of at least all points that are no further from one of them than its k-th nearest, itself left out.
   * @param nearest [k] is filled with the k smallest, ascending; Infinity where there are fewer
   * @returns the k-th smallest
   */
  near(row: number, nearest: Float64Array, found: Found): number {
    const [x, y, z] = this.#axes
    const at = row * this.#dims
    const place = [this.#points[at]!, this.#points[at + 1]!, this.#dims === 3 ? this.#points[at + 2]! : 0] as const
    const [column, line, level] = [cellOf(x, place[0]), cellOf(y, place[1]), cellOf(z, place[2])]
    nearest.fill(Infinity)
    found.count = 0
    for (let ring = 0; ; ring += 1) {
      for (let dz = Math.max(-ring, -level); dz <= Math.min(ring, z.cells - 1 - level); dz += 1) {
        for (let dy = Math.max(-ring, -line); dy <= Math.min(ring, y.cells - 1 - line); dy += 1) {
          const start = x.cells * (line + dy + y.cells * (level + dz))
          if (Math.abs(dz) === ring || Math.abs(dy) === ring)
            this.#look(
              start + Math.max(0, column - ring),
              start + Math.min(x.cells - 1, column + ring),
              row,
              nearest,
              found,
            )
          else {
            // Only the two ends of this line are new.
            if (column - ring >= 0) this.#look(start + column - ring, start + column - ring, row, nearest, found)
            if (column + ring < x.cells) this.#look(start + column + ring, start + column + ring, row, nearest, found)
          }
        }
      }
      const reach = Math.min(
        reachOf(x, column, ring, place[0]),
        reachOf(y, line, ring, place[1]),
        reachOf(z, level, ring, place[2]),
      )
      const limit = nearest[nearest.length - 1]!
      // What was not looked at lies further away than the k-th nearest, or there is nothing left.
      if (reach === Infinity || (reach > 0 && reach * reach > limit) || Number.isNaN(reach)) return limit
    }
  }

  #look(from: number, to: number, row: number, nearest: Float64Array, found: Found): void {
    const points = this.#points
    const dims = this.#dims
    const own = row * dims
    const x = points[own]!
    const y = points[own + 1]!
    const z = dims === 3 ? points[own + 2]! : 0
    const last = nearest.length - 1
    const end = this.#starts[to + 1]!
    for (let index = this.#starts[from]!; index < end; index += 1) {
      const other = this.#order[index]!
      if (other === row) continue
      const at = other * dims
      const dx = points[at]! - x
      const dy = points[at + 1]! - y
      let distance = dx * dx + dy * dy
      if (dims === 3) {
        const dz = points[at + 2]! - z
        distance += dz * dz
      }
      if (!(distance <= nearest[last]!)) continue
      found.distances[found.count] = distance
      found.rows[found.count] = other
      found.count += 1
      if (distance === nearest[last]!) continue
      let place = last
      while (place > 0 && nearest[place - 1]! > distance) {
        nearest[place] = nearest[place - 1]!
        place -= 1
      }
      nearest[place] = distance
    }
  }
}

/** Where the cells of an axis lie: over the middle of an even sample. */
function spanOf(points: Float32Array, dims: number, axis: number, n: number, cells: number): Axis {
  const taken = Math.min(n, sampleSize)
  const sample = Float32Array.from(
    { length: taken },
    (_, index) => points[Math.floor((index * n) / taken) * dims + axis]!,
  )
    .filter(Number.isFinite)
    .sort()
  const cut = Math.floor(sample.length * trimmed)
  const least = sample[cut] ?? 0
  const size = ((sample[sample.length - 1 - cut] ?? 0) - least) / cells
  return size > 0 ? { least, size, cells } : { least, size: 0, cells: 1 }
}

/** The cell of a coordinate; what lies outside is in the first or last. */
function cellOf({ least, size, cells }: Axis, value: number): number {
  if (cells === 1) return 0
  const cell = Math.floor((value - least) / size)
  return cell >= cells ? cells - 1 : cell > 0 ? cell : 0
}

/** How far from `value` everything within `ring` cells of its own has been looked at; Infinity where that is all there is. */
function reachOf({ least, size, cells }: Axis, cell: number, ring: number, value: number): number {
  const below = cell - ring > 0 ? value - (least + (cell - ring) * size) : Infinity
  const above = cell + ring < cells - 1 ? least + (cell + ring + 1) * size - value : Infinity
  return Math.min(below, above) - slack * size
}
