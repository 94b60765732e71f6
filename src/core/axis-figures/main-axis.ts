/** Squarings of the matrix at most: as many as 2^24 steps of power iteration. */
const squarings = 24
/** With a trace of 1 the trace of the square is 1 only where one axis is left. */
const oneLeft = 1 - 1e-14

/** Mean and covariance of rows that come one by one. */
export class Cloud {
  readonly #sum: Float64Array
  readonly #products: Float64Array
  readonly #row: Float64Array
  #count = 0

  constructor(readonly dim: number) {
    this.#sum = new Float64Array(dim)
    this.#products = new Float64Array(dim * dim)
    this.#row = new Float64Array(dim)
  }

  /** Adds row `index` of rows [·,dim]. */
  add(rows: Float32Array, index: number): void {
    const { dim } = this
    const sum = this.#sum
    const products = this.#products
    const row = this.#row
    const from = index * dim
    for (let a = 0; a < dim; a++) row[a] = rows[from + a]!
    this.#count++
    for (let a = 0; a < dim; a++) {
      const value = row[a]!
      const at = a * dim
      sum[a]! += value
      for (let b = 0; b <= a; b++) products[at + b]! += value * row[b]!
    }
  }

  /** Adds Σ (x − mean)(x − mean)ᵀ to a matrix [dim,dim]. */
  addScatter(matrix: Float64Array): void {
    const { dim } = this
    if (this.#count === 0) return
    for (let a = 0; a < dim; a++)
      for (let b = 0; b < dim; b++)
        matrix[a * dim + b]! +=
          this.#products[Math.max(a, b) * dim + Math.min(a, b)]! - (this.#sum[a]! * this.#sum[b]!) / this.#count
  }
}

/** Direction [dim] of the largest spread of a symmetric matrix without negative eigenvalues; null: there is no spread. */
export function mainAxis(scatter: Float64Array, dim: number): Float64Array | null {
  let matrix = scatter
  for (let round = 0; round <= squarings; round++) {
    const trace = traceOf(matrix, dim)
    if (!(trace > 0 && Number.isFinite(trace))) return null
    if (round > 0 && trace >= oneLeft) break
    matrix = squared(
      matrix.map((value) => value / trace),
      dim,
    )
  }
  // What is left is the projection onto the axis: each column is the axis, the longest one most exactly.
  let best = 0
  for (let at = 1; at < dim; at++) if (matrix[at * dim + at]! > matrix[best * dim + best]!) best = at
  const axis = matrix.slice(best * dim, (best + 1) * dim)
  const length = Math.hypot(...axis)
  return length > 0 ? axis.map((value) => value / length) : null
}

function traceOf(matrix: Float64Array, dim: number): number {
  let trace = 0
  for (let at = 0; at < dim; at++) trace += matrix[at * dim + at]!
  return trace
}

function squared(matrix: Float64Array, dim: number): Float64Array {
  const product = new Float64Array(dim * dim)
  for (let a = 0; a < dim; a++)
    for (let c = 0; c < dim; c++) {
      const value = matrix[a * dim + c]!
      const [to, from] = [a * dim, c * dim]
      for (let b = 0; b < dim; b++) product[to + b]! += value * matrix[from + b]!
    }
  return product
}
