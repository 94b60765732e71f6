// Covariance of a head, and its projection onto a few axes. All sums run in float64 in one fixed order.

export { findTopVectors, workspaceBytes } from './eigen'

export function base(): usize {
  return __heap_base
}

/**
 * Adds rows [from,to) of `rows` [·,dim] to `sums` [dim] (float64). `dim` is a multiple of 4.
 */
export function addRows(rows: usize, from: i32, to: i32, dim: i32, sums: usize): void {
  for (let row = from; row < to; row++) {
    const start = rows + ((<usize>row * <usize>dim) << 2)
    for (let column = 0; column < dim; column += 2) {
      const values = f64x2.promote_low_f32x4(v128.load64_zero(start + ((<usize>column) << 2)))
      const target = sums + ((<usize>column) << 3)
      v128.store(target, f64x2.add(v128.load(target), values))
    }
  }
}

/**
 * Scatter of rows [from,to) about `means` [dim] (float64), added to the upper blocks of `scatter` [dim,dim] (float64):
 * 4 × 4 blocks on and above the diagonal. `centred` is room for 64 × dim float64. `dim` is a multiple of 4.
 */
export function addScatter(
  rows: usize,
  from: i32,
  to: i32,
  dim: i32,
  means: usize,
  centred: usize,
  scatter: usize,
): void {
  const stride = (<usize>dim) << 3
  for (let first = from; first < to; first += 64) {
    const count = min(64, to - first)
    for (let row = 0; row < count; row++) {
      const source = rows + ((<usize>(first + row) * <usize>dim) << 2)
      const target = centred + <usize>row * stride
      for (let column = 0; column < dim; column += 2) {
        const values = f64x2.promote_low_f32x4(v128.load64_zero(source + ((<usize>column) << 2)))
        const offset = (<usize>column) << 3
        v128.store(target + offset, f64x2.sub(values, v128.load(means + offset)))
      }
    }
    const end = centred + <usize>count * stride
    for (let i = 0; i < dim; i += 4) {
      const left = (<usize>i) << 3
      for (let j = i; j < dim; j += 4) {
        const right = (<usize>j) << 3
        let c00 = f64x2.splat(0)
        let c01 = f64x2.splat(0)
        let c10 = f64x2.splat(0)
        let c11 = f64x2.splat(0)
        let c20 = f64x2.splat(0)
        let c21 = f64x2.splat(0)
        let c30 = f64x2.splat(0)
        let c31 = f64x2.splat(0)
        for (let row = centred; row < end; row += stride) {
          const b0 = v128.load(row + right)
          const b1 = v128.load(row + right, 16)
          const a0 = v128.load64_splat(row + left)
          c00 = f64x2.add(c00, f64x2.mul(a0, b0))
          c01 = f64x2.add(c01, f64x2.mul(a0, b1))
          const a1 = v128.load64_splat(row + left, 8)
          c10 = f64x2.add(c10, f64x2.mul(a1, b0))
          c11 = f64x2.add(c11, f64x2.mul(a1, b1))
          const a2 = v128.load64_splat(row + left, 16)
          c20 = f64x2.add(c20, f64x2.mul(a2, b0))
          c21 = f64x2.add(c21, f64x2.mul(a2, b1))
          const a3 = v128.load64_splat(row + left, 24)
          c30 = f64x2.add(c30, f64x2.mul(a3, b0))
          c31 = f64x2.add(c31, f64x2.mul(a3, b1))
        }
        let target = scatter + <usize>i * stride + right
        v128.store(target, f64x2.add(v128.load(target), c00))
        v128.store(target, f64x2.add(v128.load(target, 16), c01), 16)
        target += stride
        v128.store(target, f64x2.add(v128.load(target), c10))
        v128.store(target, f64x2.add(v128.load(target, 16), c11), 16)
        target += stride
        v128.store(target, f64x2.add(v128.load(target), c20))
        v128.store(target, f64x2.add(v128.load(target, 16), c21), 16)
        target += stride
        v128.store(target, f64x2.add(v128.load(target), c30))
        v128.store(target, f64x2.add(v128.load(target, 16), c31), 16)
      }
    }
  }
}

/**
 * Coordinates of rows [from,to): `points` [·,axes] (float32) = (row − means) · axisᵀ, with `axes` ≤ 4 directions in
 * `directions` [axes,dim] (float64). `dim` is a multiple of 4.
 */
export function projectRows(
  rows: usize,
  from: i32,
  to: i32,
  dim: i32,
  means: usize,
  directions: usize,
  axes: i32,
  points: usize,
): void {
  const stride = (<usize>dim) << 3
  for (let row = from; row < to; row++) {
    const source = rows + ((<usize>row * <usize>dim) << 2)
    for (let axis = 0; axis < axes; axis++) {
      const direction = directions + <usize>axis * stride
      let sum = f64x2.splat(0)
      for (let column = 0; column < dim; column += 2) {
        const offset = (<usize>column) << 3
        const value = f64x2.promote_low_f32x4(v128.load64_zero(source + ((<usize>column) << 2)))
        sum = f64x2.add(sum, f64x2.mul(f64x2.sub(value, v128.load(means + offset)), v128.load(direction + offset)))
      }
      const total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)
      store<f32>(points + ((<usize>row * <usize>axes + <usize>axis) << 2), <f32>total)
    }
  }
}

/**
 * Divides rows [from,to) of `rows` [·,dim] by their 2-norms, in place; rows of zeros stay. `dim` is a multiple of 4.
 */
export function normalizeRows(rows: usize, from: i32, to: i32, dim: i32): void {
  for (let row = from; row < to; row++) {
    const start = rows + ((<usize>row * <usize>dim) << 2)
    let sum = f64x2.splat(0)
    for (let column = 0; column < dim; column += 2) {
      const values = f64x2.promote_low_f32x4(v128.load64_zero(start + ((<usize>column) << 2)))
      sum = f64x2.add(sum, f64x2.mul(values, values))
    }
    const square = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)
    if (square > 0) {
      const norm = f64x2.splat(sqrt<f64>(square))
      for (let column = 0; column < dim; column += 4) {
        const at = start + ((<usize>column) << 2)
        const values = v128.load(at)
        const low = f32x4.demote_f64x2_zero(f64x2.div(f64x2.promote_low_f32x4(values), norm))
        const upper = v128.shuffle<f32>(values, values, 2, 3, 2, 3)
        const high = f32x4.demote_f64x2_zero(f64x2.div(f64x2.promote_low_f32x4(upper), norm))
        v128.store(at, v128.shuffle<f32>(low, high, 0, 1, 4, 5))
      }
    }
  }
}
