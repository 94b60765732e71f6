// Cells around centres, for the search of near neighbours among many points (an inverted file, after Sivic and Zisserman 2003).

export function base(): usize {
  return __heap_base
}

function rowOf(rows: usize, row: i32, dim: i32): usize {
  return rows + ((<usize>row * <usize>dim) << 2)
}

function dot(a: usize, b: usize, dim: i32): f32 {
  let low = f32x4.splat(0)
  let high = f32x4.splat(0)
  const end = (<usize>dim) << 2
  let at: usize = 0
  for (; at + 32 <= end; at += 32) {
    low = f32x4.add(low, f32x4.mul(v128.load(a + at), v128.load(b + at)))
    high = f32x4.add(high, f32x4.mul(v128.load(a + at, 16), v128.load(b + at, 16)))
  }
  if (at < end) low = f32x4.add(low, f32x4.mul(v128.load(a + at), v128.load(b + at)))
  const sum = f32x4.add(low, high)
  return (
    f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
  )
}

/** Half of the squared norm of each of `count` rows of `dim` columns (a multiple of 4), to `halves` [count]. */
export function halveNorms(rows: usize, count: i32, dim: i32, halves: usize): void {
  for (let row = 0; row < count; row++) {
    const at = rowOf(rows, row, dim)
    store<f32>(halves + ((<usize>row) << 2), 0.5 * dot(at, at, dim))
  }
}

/** The nearest of `count` centres of each of rows [from,to), ties to the lower index, to `cells` [·]. */
export function assign(
  rows: usize,
  from: i32,
  to: i32,
  dim: i32,
  centres: usize,
  halves: usize,
  count: i32,
  cells: usize,
): void {
  for (let row = from; row < to; row++) {
    const at = rowOf(rows, row, dim)
    let least: f32 = Infinity
    let nearest = 0
    for (let centre = 0; centre < count; centre++) {
      const distance = load<f32>(halves + ((<usize>centre) << 2)) - dot(at, rowOf(centres, centre, dim), dim)
      if (distance < least) {
        least = distance
        nearest = centre
      }
    }
    store<i32>(cells + ((<usize>row) << 2), nearest)
  }
}

/** Adds each of rows [from,to) to the sum of its cell: `sums` [count,dim] and `sizes` [count]. */
export function addMembers(rows: usize, from: i32, to: i32, dim: i32, cells: usize, sums: usize, sizes: usize): void {
  for (let row = from; row < to; row++) {
    const cell = load<i32>(cells + ((<usize>row) << 2))
    const source = rowOf(rows, row, dim)
    const target = rowOf(sums, cell, dim)
    for (let at: usize = 0; at < (<usize>dim) << 2; at += 16)
      v128.store(target + at, f32x4.add(v128.load(target + at), v128.load(source + at)))
    const size = sizes + ((<usize>cell) << 2)
    store<i32>(size, load<i32>(size) + 1)
  }
}

/** The mean of each cell that has members, to `centres` [count,dim]. */
export function moveCentres(centres: usize, count: i32, dim: i32, sums: usize, sizes: usize): void {
  for (let cell = 0; cell < count; cell++) {
    const size = load<i32>(sizes + ((<usize>cell) << 2))
    if (size == 0) continue
    const share = f32x4.splat(<f32>1 / <f32>size)
    for (let at: usize = 0; at < (<usize>dim) << 2; at += 16)
      v128.store(rowOf(centres, cell, dim) + at, f32x4.mul(v128.load(rowOf(sums, cell, dim) + at), share))
  }
}
