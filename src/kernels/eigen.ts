// The few largest eigenvalues of a symmetric matrix and their vectors, in float64: Householder reflections make it
// tridiagonal, bisection by Sturm counts finds the eigenvalues, inverse iteration the vectors (Parlett, "The Symmetric
// Eigenvalue Problem"). Only what is asked for is computed, which a full decomposition can't do.

const epsilon: f64 = 2.220446049250313e-16
const bisections: i32 = 64
const iterations: i32 = 4

/** Bytes of workspace for `findTopVectors`: the matrix' copy and ten rows. */
export function workspaceBytes(dim: i32): usize {
  return (<usize>dim * <usize>dim + 10 * <usize>dim) << 3
}

function at(start: usize, index: i32): usize {
  return start + ((<usize>index) << 3)
}

/**
 * `values` [count] and `vectors` [count,dim] of the largest eigenvalues, the largest first, of the symmetric `matrix`
 * [dim,dim] of which the upper triangle is read. `dim` is even. Vectors have length 1 and stand upright on each other.
 */
export function findTopVectors(
  matrix: usize,
  dim: i32,
  count: i32,
  values: usize,
  vectors: usize,
  workspace: usize,
): void {
  const stride = (<usize>dim) << 3
  const copy = workspace
  const diagonal = copy + <usize>dim * stride
  const beside = diagonal + stride
  const factors = beside + stride
  const mirror = factors + stride
  const update = mirror + stride
  const pivots = update + stride
  const second = pivots + stride
  const third = second + stride
  const multipliers = third + stride
  const swaps = multipliers + stride

  for (let row = 0; row < dim; row++) {
    for (let column = row; column < dim; column++) {
      const value = load<f64>(at(matrix + <usize>row * stride, column))
      store<f64>(at(copy + <usize>row * stride, column), value)
      store<f64>(at(copy + <usize>column * stride, row), value)
    }
  }
  tridiagonalize(copy, dim, diagonal, beside, factors, mirror, update)

  let size: f64 = 0
  for (let index = 0; index < dim; index++) {
    let reach: f64 = abs<f64>(load<f64>(at(diagonal, index)))
    if (index > 0) reach += abs<f64>(load<f64>(at(beside, index - 1)))
    if (index < dim - 1) reach += abs<f64>(load<f64>(at(beside, index)))
    if (reach > size) size = reach
  }
  for (let axis = 0; axis < count; axis++) {
    const value = bisect(dim, diagonal, beside, dim - 1 - axis, size)
    store<f64>(at(values, axis), value)
    const vector = vectors + <usize>axis * stride
    for (let index = 0; index < dim; index++) {
      const bits = (<u32>(index + 1) * 2654435761) ^ (<u32>(axis + 1) * 2246822519)
      store<f64>(at(vector, index), <f64>((bits >> 8) & 0xffff) / 65536 - 0.4)
    }
    factorize(dim, diagonal, beside, value, size * epsilon, pivots, second, third, multipliers, swaps)
    for (let step = 0; step < iterations; step++) {
      solve(dim, vector, pivots, second, third, multipliers, swaps)
      normalize(dim, vector)
      for (let other = 0; other < axis; other++) removePart(dim, vector, vectors + <usize>other * stride)
      normalize(dim, vector)
    }
  }
  // Not before all are there: inverse iteration compares them in the tridiagonal frame.
  for (let axis = 0; axis < count; axis++) reflectBack(copy, dim, factors, vectors + <usize>axis * stride)
}

/** Row k of `matrix` becomes the k-th reflection's vector, `factors` its 2 / ‖v‖². */
function tridiagonalize(
  matrix: usize,
  dim: i32,
  diagonal: usize,
  beside: usize,
  factors: usize,
  mirror: usize,
  update: usize,
): void {
  const stride = (<usize>dim) << 3
  for (let k = 0; k < dim - 2; k++) {
    const row = matrix + <usize>k * stride
    store<f64>(at(diagonal, k), load<f64>(at(row, k)))
    let rest: f64 = 0
    for (let j = k + 2; j < dim; j++) rest += load<f64>(at(row, j)) * load<f64>(at(row, j))
    const head = load<f64>(at(row, k + 1))
    if (rest == 0) {
      store<f64>(at(beside, k), head)
      store<f64>(at(factors, k), 0)
      continue
    }
    const norm = sqrt<f64>(head * head + rest)
    const target = head > 0 ? -norm : norm
    const first = head - target
    const factor = 2 / (rest + first * first)
    store<f64>(at(beside, k), target)
    store<f64>(at(factors, k), factor)
    // Pairs of columns start at an even one; what lies before the vector is 0.
    const start = (k + 1) & ~1
    if (start == k) store<f64>(at(row, k), 0)
    store<f64>(at(row, k + 1), first)
    let along: f64 = 0
    if (start == k) store<f64>(at(update, k), 0)
    for (let i = k + 1; i < dim; i++) {
      const other = matrix + <usize>i * stride
      let sum = f64x2.splat(0)
      for (let j = start; j < dim; j += 2) {
        sum = f64x2.add(sum, f64x2.mul(v128.load(at(other, j)), v128.load(at(row, j))))
      }
      const part = factor * (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1))
      store<f64>(at(update, i), part)
      along += part * load<f64>(at(row, i))
    }
    const share = 0.5 * factor * along
    for (let i = k + 1; i < dim; i++) {
      store<f64>(at(update, i), load<f64>(at(update, i)) - share * load<f64>(at(row, i)))
    }
    for (let i = k + 1; i < dim; i++) {
      const other = matrix + <usize>i * stride
      const v = f64x2.splat(load<f64>(at(row, i)))
      const w = f64x2.splat(load<f64>(at(update, i)))
      for (let j = start; j < dim; j += 2) {
        const change = f64x2.add(f64x2.mul(v, v128.load(at(update, j))), f64x2.mul(w, v128.load(at(row, j))))
        v128.store(at(other, j), f64x2.sub(v128.load(at(other, j)), change))
      }
    }
  }
  const last = dim - 1
  store<f64>(at(diagonal, last - 1), load<f64>(at(matrix + <usize>(last - 1) * stride, last - 1)))
  store<f64>(at(beside, last - 1), load<f64>(at(matrix + <usize>(last - 1) * stride, last)))
  store<f64>(at(diagonal, last), load<f64>(at(matrix + <usize>last * stride, last)))
}

/** The eigenvalue with `rank` smaller ones, between −size and size. */
function bisect(dim: i32, diagonal: usize, beside: usize, rank: i32, size: f64): f64 {
  let low = -size
  let high = size
  const tiny = size * epsilon * epsilon
  for (let step = 0; step < bisections; step++) {
    const middle = 0.5 * (low + high)
    if (!(middle > low && middle < high)) break
    let below = 0
    let pivot: f64 = 1
    for (let index = 0; index < dim; index++) {
      const side: f64 = index > 0 ? load<f64>(at(beside, index - 1)) : 0
      pivot = load<f64>(at(diagonal, index)) - middle - (side * side) / pivot
      if (pivot == 0) pivot = -tiny
      if (pivot < 0) below++
    }
    if (below > rank) high = middle
    else low = middle
  }
  return 0.5 * (low + high)
}

/** LU with partial pivoting of the tridiagonal matrix less `value`; a pivot of 0 becomes `tiny`. */
function factorize(
  dim: i32,
  diagonal: usize,
  beside: usize,
  value: f64,
  tiny: f64,
  pivots: usize,
  second: usize,
  third: usize,
  multipliers: usize,
  swaps: usize,
): void {
  let pivot = load<f64>(at(diagonal, 0)) - value
  let next: f64 = load<f64>(at(beside, 0))
  for (let index = 0; index < dim - 1; index++) {
    const under = load<f64>(at(beside, index))
    const centre = load<f64>(at(diagonal, index + 1)) - value
    const right: f64 = index < dim - 2 ? load<f64>(at(beside, index + 1)) : 0
    const swap = abs<f64>(under) > abs<f64>(pivot)
    store<f64>(at(swaps, index), swap ? 1 : 0)
    if (swap) {
      const multiplier = pivot / under
      store<f64>(at(pivots, index), under)
      store<f64>(at(second, index), centre)
      store<f64>(at(third, index), right)
      store<f64>(at(multipliers, index), multiplier)
      pivot = next - multiplier * centre
      next = -multiplier * right
    } else {
      if (abs<f64>(pivot) < tiny) pivot = tiny
      const multiplier = under / pivot
      store<f64>(at(pivots, index), pivot)
      store<f64>(at(second, index), next)
      store<f64>(at(third, index), 0)
      store<f64>(at(multipliers, index), multiplier)
      pivot = centre - multiplier * next
      next = right
    }
  }
  if (abs<f64>(pivot) < tiny) pivot = tiny
  store<f64>(at(pivots, dim - 1), pivot)
}

function solve(
  dim: i32,
  vector: usize,
  pivots: usize,
  second: usize,
  third: usize,
  multipliers: usize,
  swaps: usize,
): void {
  for (let index = 0; index < dim - 1; index++) {
    let here = load<f64>(at(vector, index))
    let next = load<f64>(at(vector, index + 1))
    if (load<f64>(at(swaps, index)) != 0) {
      const kept = here
      here = next
      next = kept
      store<f64>(at(vector, index), here)
    }
    store<f64>(at(vector, index + 1), next - load<f64>(at(multipliers, index)) * here)
  }
  let after: f64 = 0
  let last: f64 = 0
  for (let index = dim - 1; index >= 0; index--) {
    let value = load<f64>(at(vector, index))
    if (index < dim - 1) value -= load<f64>(at(second, index)) * last
    if (index < dim - 2) value -= load<f64>(at(third, index)) * after
    after = last
    last = value / load<f64>(at(pivots, index))
    store<f64>(at(vector, index), last)
  }
}

function normalize(dim: i32, vector: usize): void {
  let largest: f64 = 0
  for (let index = 0; index < dim; index++) largest = max<f64>(largest, abs<f64>(load<f64>(at(vector, index))))
  if (largest == 0) return
  let sum: f64 = 0
  for (let index = 0; index < dim; index++) {
    const value = load<f64>(at(vector, index)) / largest
    store<f64>(at(vector, index), value)
    sum += value * value
  }
  const norm = sqrt<f64>(sum)
  for (let index = 0; index < dim; index++) store<f64>(at(vector, index), load<f64>(at(vector, index)) / norm)
}

function removePart(dim: i32, vector: usize, other: usize): void {
  let sum: f64 = 0
  for (let index = 0; index < dim; index++) sum += load<f64>(at(vector, index)) * load<f64>(at(other, index))
  for (let index = 0; index < dim; index++) {
    store<f64>(at(vector, index), load<f64>(at(vector, index)) - sum * load<f64>(at(other, index)))
  }
}

/** From the tridiagonal frame to the matrix' own. */
function reflectBack(matrix: usize, dim: i32, factors: usize, vector: usize): void {
  for (let k = dim - 3; k >= 0; k--) {
    const factor = load<f64>(at(factors, k))
    if (factor == 0) continue
    const row = matrix + ((<usize>k * <usize>dim) << 3)
    let sum: f64 = 0
    for (let index = k + 1; index < dim; index++) sum += load<f64>(at(row, index)) * load<f64>(at(vector, index))
    for (let index = k + 1; index < dim; index++) {
      const change = factor * sum * load<f64>(at(row, index))
      store<f64>(at(vector, index), load<f64>(at(vector, index)) - change)
    }
  }
}
