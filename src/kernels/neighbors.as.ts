// The exact k nearest neighbours of every row by brute force.
//
// A scan in float32 keeps a short list of candidates a row; each list is then measured in float64 and checked against a
// rigorous bound of the scan's rounding error. Rows whose list the bound can't vouch for (ties, far outliers) are searched
// again among all rows inside the bound. So the result is exact, ties go to the lower index, and it can't depend on the
// order of the scan. Distances are symmetric: each pair is computed once and offered to both rows.

/** Candidates that the scan keeps beyond k, so that the bound rarely fails. */
const SPARE: i32 = 2
const PANEL: i32 = 8
const COSINE: i32 = 0

const tile = memory.data(128, 16)

let rows: usize = 0
let count: i32 = 0
let dim: i32 = 0
let neighbors: i32 = 0
let capacity: i32 = 0
let metric: i32 = 0
/** A power of two that brings the largest value near 1. */
let scale: f64 = 1
let maxHalf: f64 = 0

/** [panels][dim][8] rows as the scan compares them: of length 1 (cosine), or centred and scaled (Euclidean). */
let panels: usize = 0
/** [8 · panels] half of each row's squared norm; +∞ after the last row. */
let halves: usize = 0
/** [8 · panels] only a smaller half squared distance enters the row's list. */
let thresholds: usize = 0
/** [count] inverse norms (float64), 0 for rows of zeros. */
let inverses: usize = 0
/** [dim] float64 */
let means: usize = 0
/** [count] candidates so far */
let counts: usize = 0
/** [count][capacity] half squared distance (float32 bits) above the index, ascending */
let lists: usize = 0
/** [neighbors] the best so far of one row: half squared distances (float64) and indices */
let bestDistances: usize = 0
let bestIndices: usize = 0

export function base(): usize {
  return __heap_base
}

function panelCount(size: i32): i32 {
  return (size + PANEL - 1) / PANEL
}

function align(bytes: usize): usize {
  return (bytes + 15) & ~(<usize>15)
}

/** Bytes of working memory for `size` rows of `width` columns (a multiple of 4) and `k` < size neighbours. */
export function workspaceBytes(size: i32, width: i32, k: i32): usize {
  const padded = <usize>(panelCount(size) * PANEL)
  const list = <usize>min(k + SPARE, size - 1)
  return (
    align((padded * <usize>width) << 2) +
    2 * align(padded << 2) +
    align((<usize>size) << 3) +
    align((<usize>width) << 3) +
    align((<usize>size) << 2) +
    align((<usize>size * list) << 3) +
    align((<usize>k) << 3) +
    align((<usize>k) << 2)
  )
}

/**
 * Starts a search: `values` [size,width] float32, `width` a multiple of 4, 1 ≤ k < size; `metricId` 0 cosine,
 * 1 Euclidean; `workspace` of `workspaceBytes` bytes.
 */
export function begin(values: usize, size: i32, width: i32, k: i32, metricId: i32, workspace: usize): void {
  rows = values
  count = size
  dim = width
  neighbors = k
  capacity = min(k + SPARE, size - 1)
  metric = metricId
  scale = 1
  maxHalf = 0
  const padded = <usize>(panelCount(size) * PANEL)
  panels = workspace
  halves = panels + align((padded * <usize>width) << 2)
  thresholds = halves + align(padded << 2)
  inverses = thresholds + align(padded << 2)
  means = inverses + align((<usize>size) << 3)
  counts = means + align((<usize>width) << 3)
  lists = counts + align((<usize>size) << 2)
  bestDistances = lists + align((<usize>size * <usize>capacity) << 3)
  bestIndices = bestDistances + align((<usize>k) << 3)
  memory.fill(panels, 0, (padded * <usize>width) << 2)
  memory.fill(means, 0, (<usize>width) << 3)
  memory.fill(counts, 0, (<usize>size) << 2)
  for (let row = 0; row < <i32>padded; row++) {
    store<f32>(halves + ((<usize>row) << 2), <f32>Infinity)
    store<f32>(thresholds + ((<usize>row) << 2), row < size ? <f32>Infinity : -f32.MAX_VALUE)
  }
}

/** Finds means and the scale. Returns the first row with a value that is not finite, −1 if there is none. */
export function measure(): i32 {
  let largest: f32 = 0
  for (let row = 0; row < count; row++) {
    const start = rows + ((<usize>row * <usize>dim) << 2)
    for (let column = 0; column < dim; column++) {
      const value = load<f32>(start + ((<usize>column) << 2))
      if (value - value != 0) return row
      const target = means + ((<usize>column) << 3)
      store<f64>(target, load<f64>(target) + <f64>value)
      largest = max(largest, abs(value))
    }
  }
  for (let column = 0; column < dim; column++) {
    const target = means + ((<usize>column) << 3)
    store<f64>(target, load<f64>(target) / <f64>count)
  }
  if (metric != COSINE && largest > 0) {
    const exponent = ((reinterpret<u64>(<f64>largest) >> 52) & 0x7ff) as i64
    scale = reinterpret<f64>((<u64>(2046 - exponent)) << 52)
  }
  return -1
}

/** Lays rows [from,to) out for the scan. */
export function prepare(from: i32, to: i32): void {
  for (let row = from; row < to; row++) {
    const start = rows + ((<usize>row * <usize>dim) << 2)
    const target = panels + (<usize>(row / PANEL) * <usize>dim * 32 + ((<usize>(row % PANEL)) << 2))
    let half: f64 = 0.5
    if (metric == COSINE) {
      let square: f64 = 0
      for (let column = 0; column < dim; column++) {
        const value = <f64>load<f32>(start + ((<usize>column) << 2))
        square += value * value
      }
      const inverse = square > 0 ? 1.0 / sqrt<f64>(square) : 0.0
      store<f64>(inverses + ((<usize>row) << 3), inverse)
      for (let column = 0; column < dim; column++) {
        const value = <f64>load<f32>(start + ((<usize>column) << 2)) * inverse
        store<f32>(target + ((<usize>column) << 5), <f32>value)
      }
    } else {
      let square: f64 = 0
      for (let column = 0; column < dim; column++) {
        const mean = load<f64>(means + ((<usize>column) << 3))
        const value = (<f64>load<f32>(start + ((<usize>column) << 2)) - mean) * scale
        square += value * value
        store<f32>(target + ((<usize>column) << 5), <f32>value)
      }
      half = 0.5 * square
    }
    store<f32>(halves + ((<usize>row) << 2), <f32>half)
    maxHalf = max(maxHalf, half)
  }
}

/** Number of panels of eight rows: the unit of `scan`. */
export function panelTotal(): i32 {
  return panelCount(count)
}

function offer(row: i32, other: i32, half: f32): void {
  const list = lists + ((<usize>row * <usize>capacity) << 3)
  const key = ((<u64>reinterpret<u32>(max<f32>(half, 0))) << 32) | (<u64>other)
  let place = load<i32>(counts + ((<usize>row) << 2))
  if (place < capacity) {
    store<i32>(counts + ((<usize>row) << 2), place + 1)
  } else {
    place = capacity - 1
    if (key >= load<u64>(list + ((<usize>place) << 3))) return
  }
  const length = place + 1
  let at = list + ((<usize>place) << 3)
  while (at > list && load<u64>(at - 8) > key) {
    store<u64>(at, load<u64>(at - 8))
    at -= 8
  }
  store<u64>(at, key)
  if (length == capacity) {
    const last = load<u64>(list + ((<usize>(capacity - 1)) << 3))
    store<f32>(thresholds + ((<usize>row) << 2), reinterpret<f32>(<u32>(last >> 32)))
  }
}

/** Offers what is below a threshold in the stored 4 × 8 tile of half squared distances. */
function offerTile(row: i32, column: i32, both: bool): void {
  const columnThresholds = thresholds + ((<usize>column) << 2)
  for (let i = row; i < min(row + 4, count); i++) {
    const line = tile + ((<usize>(i - row)) << 5)
    const low = v128.load(line)
    const high = v128.load(line, 16)
    const limit = v128.load32_splat(thresholds + ((<usize>i) << 2))
    let mask = i32x4.bitmask(f32x4.lt(low, limit)) | (i32x4.bitmask(f32x4.lt(high, limit)) << 4)
    while (mask) {
      const place = ctz(mask)
      mask &= mask - 1
      if (i != column + place) offer(i, column + place, load<f32>(line + ((<usize>place) << 2)))
    }
    if (!both) continue
    mask =
      i32x4.bitmask(f32x4.lt(low, v128.load(columnThresholds))) |
      (i32x4.bitmask(f32x4.lt(high, v128.load(columnThresholds, 16))) << 4)
    while (mask) {
      const place = ctz(mask)
      mask &= mask - 1
      offer(column + place, i, load<f32>(line + ((<usize>place) << 2)))
    }
  }
}

/** Compares the rows of panels [from,to) with each other and with all rows after them. */
export function scan(from: i32, to: i32): void {
  scanBlock(from, to, from, panelCount(count))
}

/** Takes a row that is only there to fill a panel out of the search. To be called after `prepare`. */
export function hideRow(row: i32): void {
  store<f32>(halves + ((<usize>row) << 2), <f32>Infinity)
  store<f32>(thresholds + ((<usize>row) << 2), -f32.MAX_VALUE)
}

/** Compares the rows of panels [from,to) with those of panels [first,last); these offer themselves where they are not the same. */
export function scanBlock(from: i32, to: i32, first: i32, last: i32): void {
  const stride = (<usize>dim) << 5
  const none = f32x4.splat(-f32.MAX_VALUE)
  for (let panel = first; panel < last; panel++) {
    const both = panel < from || panel >= to
    const column = panel * PANEL
    const start = panels + <usize>panel * stride
    const columnHalves = halves + ((<usize>column) << 2)
    const columnThresholds = thresholds + ((<usize>column) << 2)
    const end = start + stride
    const h0 = v128.load(columnHalves)
    const h1 = v128.load(columnHalves, 16)
    for (let group = from * 2; group < to * 2; group++) {
      const row = group * 4
      let a = panels + <usize>(group >> 1) * stride + ((<usize>(group & 1)) << 4)
      let c00 = f32x4.splat(0)
      let c01 = f32x4.splat(0)
      let c10 = f32x4.splat(0)
      let c11 = f32x4.splat(0)
      let c20 = f32x4.splat(0)
      let c21 = f32x4.splat(0)
      let c30 = f32x4.splat(0)
      let c31 = f32x4.splat(0)
      for (let b = start; b < end; b += 64, a += 64) {
        let b0 = v128.load(b)
        let b1 = v128.load(b, 16)
        let value = v128.load32_splat(a)
        c00 = f32x4.add(c00, f32x4.mul(value, b0))
        c01 = f32x4.add(c01, f32x4.mul(value, b1))
        value = v128.load32_splat(a, 4)
        c10 = f32x4.add(c10, f32x4.mul(value, b0))
        c11 = f32x4.add(c11, f32x4.mul(value, b1))
        value = v128.load32_splat(a, 8)
        c20 = f32x4.add(c20, f32x4.mul(value, b0))
        c21 = f32x4.add(c21, f32x4.mul(value, b1))
        value = v128.load32_splat(a, 12)
        c30 = f32x4.add(c30, f32x4.mul(value, b0))
        c31 = f32x4.add(c31, f32x4.mul(value, b1))
        b0 = v128.load(b, 32)
        b1 = v128.load(b, 48)
        value = v128.load32_splat(a, 32)
        c00 = f32x4.add(c00, f32x4.mul(value, b0))
        c01 = f32x4.add(c01, f32x4.mul(value, b1))
        value = v128.load32_splat(a, 36)
        c10 = f32x4.add(c10, f32x4.mul(value, b0))
        c11 = f32x4.add(c11, f32x4.mul(value, b1))
        value = v128.load32_splat(a, 40)
        c20 = f32x4.add(c20, f32x4.mul(value, b0))
        c21 = f32x4.add(c21, f32x4.mul(value, b1))
        value = v128.load32_splat(a, 44)
        c30 = f32x4.add(c30, f32x4.mul(value, b0))
        c31 = f32x4.add(c31, f32x4.mul(value, b1))
      }
      const rowHalves = halves + ((<usize>row) << 2)
      const rowThresholds = thresholds + ((<usize>row) << 2)
      const t0 = both ? v128.load(columnThresholds) : none
      const t1 = both ? v128.load(columnThresholds, 16) : none
      let half = v128.load32_splat(rowHalves)
      let limit = v128.load32_splat(rowThresholds)
      c00 = f32x4.sub(f32x4.add(h0, half), c00)
      c01 = f32x4.sub(f32x4.add(h1, half), c01)
      let hit = v128.or(f32x4.lt(c00, limit), f32x4.lt(c01, limit))
      hit = v128.or(hit, v128.or(f32x4.lt(c00, t0), f32x4.lt(c01, t1)))
      half = v128.load32_splat(rowHalves, 4)
      limit = v128.load32_splat(rowThresholds, 4)
      c10 = f32x4.sub(f32x4.add(h0, half), c10)
      c11 = f32x4.sub(f32x4.add(h1, half), c11)
      hit = v128.or(hit, v128.or(f32x4.lt(c10, limit), f32x4.lt(c11, limit)))
      hit = v128.or(hit, v128.or(f32x4.lt(c10, t0), f32x4.lt(c11, t1)))
      half = v128.load32_splat(rowHalves, 8)
      limit = v128.load32_splat(rowThresholds, 8)
      c20 = f32x4.sub(f32x4.add(h0, half), c20)
      c21 = f32x4.sub(f32x4.add(h1, half), c21)
      hit = v128.or(hit, v128.or(f32x4.lt(c20, limit), f32x4.lt(c21, limit)))
      hit = v128.or(hit, v128.or(f32x4.lt(c20, t0), f32x4.lt(c21, t1)))
      half = v128.load32_splat(rowHalves, 12)
      limit = v128.load32_splat(rowThresholds, 12)
      c30 = f32x4.sub(f32x4.add(h0, half), c30)
      c31 = f32x4.sub(f32x4.add(h1, half), c31)
      hit = v128.or(hit, v128.or(f32x4.lt(c30, limit), f32x4.lt(c31, limit)))
      hit = v128.or(hit, v128.or(f32x4.lt(c30, t0), f32x4.lt(c31, t1)))
      if (v128.any_true(hit)) {
        v128.store(tile, c00)
        v128.store(tile, c01, 16)
        v128.store(tile, c10, 32)
        v128.store(tile, c11, 48)
        v128.store(tile, c20, 64)
        v128.store(tile, c21, 80)
        v128.store(tile, c30, 96)
        v128.store(tile, c31, 112)
        offerTile(row, column, both)
      }
    }
  }
}

/** Half of the squared distance of two rows in float64, in the units of the scan; 1 − cosine for cosine. */
function measurePair(i: i32, j: i32): f64 {
  const a = rows + ((<usize>i * <usize>dim) << 2)
  const b = rows + ((<usize>j * <usize>dim) << 2)
  let sum = f64x2.splat(0)
  if (metric == COSINE) {
    const inverseA = load<f64>(inverses + ((<usize>i) << 3))
    const inverseB = load<f64>(inverses + ((<usize>j) << 3))
    if (inverseA == 0 || inverseB == 0) return inverseA == inverseB ? 0 : 1
    const scaleA = f64x2.splat(inverseA)
    const scaleB = f64x2.splat(inverseB)
    for (let offset: usize = 0; offset < (<usize>dim) << 2; offset += 8) {
      const left = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(a + offset)), scaleA)
      const right = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(b + offset)), scaleB)
      const difference = f64x2.sub(left, right)
      sum = f64x2.add(sum, f64x2.mul(difference, difference))
    }
    const half = 0.5 * (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1))
    return half < 1e-30 ? 0 : half // what is left of parallel rows is rounding
  }
  const unit = f64x2.splat(scale)
  for (let offset: usize = 0; offset < (<usize>dim) << 2; offset += 8) {
    const left = f64x2.promote_low_f32x4(v128.load64_zero(a + offset))
    const right = f64x2.promote_low_f32x4(v128.load64_zero(b + offset))
    const difference = f64x2.mul(f64x2.sub(left, right), unit)
    sum = f64x2.add(sum, f64x2.mul(difference, difference))
  }
  return 0.5 * (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1))
}

/** Takes `other` among the best `neighbors` of a row, of which there are `size`; the new size. */
function takeBest(size: i32, other: i32, distance: f64): i32 {
  let place = size
  if (size == neighbors) {
    place = size - 1
    const worst = load<f64>(bestDistances + ((<usize>place) << 3))
    if (distance > worst || (distance == worst && other > load<i32>(bestIndices + ((<usize>place) << 2)))) return size
  }
  while (place > 0) {
    const before = load<f64>(bestDistances + ((<usize>(place - 1)) << 3))
    const index = load<i32>(bestIndices + ((<usize>(place - 1)) << 2))
    if (before < distance || (before == distance && index < other)) break
    store<f64>(bestDistances + ((<usize>place) << 3), before)
    store<i32>(bestIndices + ((<usize>place) << 2), index)
    place--
  }
  store<f64>(bestDistances + ((<usize>place) << 3), distance)
  store<i32>(bestIndices + ((<usize>place) << 2), other)
  return min(size + 1, neighbors)
}

/** Offers `row` every other row whose scanned distance is at most `limit`, by ascending index. */
function searchAgain(row: i32, limit: f32): void {
  const stride = (<usize>dim) << 5
  const own = panels + <usize>(row / PANEL) * stride + ((<usize>(row % PANEL)) << 2)
  const half = v128.load32_splat(halves + ((<usize>row) << 2))
  const bound = f32x4.splat(limit)
  let size = 0
  for (let panel = 0; panel < panelCount(count); panel++) {
    const first = panels + <usize>panel * stride
    let c0 = f32x4.splat(0)
    let c1 = f32x4.splat(0)
    for (let offset: usize = 0; offset < stride; offset += 32) {
      const value = v128.load32_splat(own + offset)
      c0 = f32x4.add(c0, f32x4.mul(value, v128.load(first + offset)))
      c1 = f32x4.add(c1, f32x4.mul(value, v128.load(first + offset, 16)))
    }
    const columnHalves = halves + ((<usize>(panel * PANEL)) << 2)
    c0 = f32x4.sub(f32x4.add(v128.load(columnHalves), half), c0)
    c1 = f32x4.sub(f32x4.add(v128.load(columnHalves, 16), half), c1)
    let mask = i32x4.bitmask(f32x4.le(c0, bound)) | (i32x4.bitmask(f32x4.le(c1, bound)) << 4)
    while (mask) {
      const other = panel * PANEL + ctz(mask)
      mask &= mask - 1
      if (other == row || other >= count) continue
      size = takeBest(size, other, measurePair(row, other))
      // Nothing is nearer than 0, and later rows lose ties.
      if (size == neighbors && load<f64>(bestDistances + ((<usize>(size - 1)) << 3)) == 0) return
    }
  }
}

/**
 * Writes the neighbours of rows [from,to), nearest first: `indices` [·,k] and `distances` [·,k] (float32: 1 − cosine, or
 * the Euclidean distance, at most the largest float32). Where not `exact`, of what was compared only. Returns how many rows had to
 * be searched again.
 */
export function finish(from: i32, to: i32, indices: usize, distances: usize, exact: bool): i32 {
  let again = 0
  const largest = sqrt<f64>(2 * maxHalf)
  const rounding: f64 = 5.9604644775390625e-8
  for (let row = from; row < to; row++) {
    const list = lists + ((<usize>row * <usize>capacity) << 3)
    const length = load<i32>(counts + ((<usize>row) << 2))
    let size = 0
    for (let place = 0; place < length; place++) {
      const other = <i32>(<u32>load<u64>(list + ((<usize>place) << 3)))
      size = takeBest(size, other, measurePair(row, other))
    }
    if (!exact) {
      // Too small a cell with too few others around it.
      if (length < neighbors) {
        searchAgain(row, f32.MAX_VALUE)
        again++
      }
    } else if (length < count - 1) {
      const half = <f64>load<f32>(halves + ((<usize>row) << 2))
      const error =
        rounding * (<f64>(dim + 8) * sqrt<f64>(2 * half) * largest + 4 * (half + maxHalf)) + <f64>dim * 1e-37
      const threshold = <f64>load<f32>(thresholds + ((<usize>row) << 2))
      const worst = load<f64>(bestDistances + ((<usize>(neighbors - 1)) << 3))
      const zero = metric == COSINE && load<f64>(inverses + ((<usize>row) << 3)) == 0
      if (zero || worst >= threshold - error) {
        searchAgain(row, zero ? <f32>Infinity : <f32>((worst + error) * 1.000001))
        again++
      }
    }
    writeBest(row, indices, distances)
  }
  return again
}

/**
 * Betters the found neighbours of rows [from,to) by the nearest `reach` neighbours of their nearest `reach` neighbours (Dong, Moses and Li
 * 2011): reads `indices` [·,k], writes `betterIndices` and `betterDistances` [·,k]. `stamps` [size] is 0 before the first call.
 */
export function refine(
  from: i32,
  to: i32,
  reach: i32,
  indices: usize,
  betterIndices: usize,
  betterDistances: usize,
  stamps: usize,
): void {
  const near = min(reach, neighbors)
  for (let row = from; row < to; row++) {
    if (load<f32>(halves + ((<usize>row) << 2)) == <f32>Infinity) continue
    let size = 0
    store<i32>(stamps + ((<usize>row) << 2), row + 1)
    const own = indices + ((<usize>row * <usize>neighbors) << 2)
    for (let place = 0; place < neighbors; place++) {
      const other = load<i32>(own + ((<usize>place) << 2))
      store<i32>(stamps + ((<usize>other) << 2), row + 1)
      size = takeBest(size, other, measurePair(row, other))
    }
    for (let place = 0; place < near; place++) {
      const middle = load<i32>(own + ((<usize>place) << 2))
      const next = indices + ((<usize>middle * <usize>neighbors) << 2)
      for (let step = 0; step < near; step++) {
        const other = load<i32>(next + ((<usize>step) << 2))
        const stamp = stamps + ((<usize>other) << 2)
        if (load<i32>(stamp) == row + 1) continue
        store<i32>(stamp, row + 1)
        size = takeBest(size, other, measurePair(row, other))
      }
    }
    writeBest(row, betterIndices, betterDistances)
  }
}

/** Writes the best of one row. */
function writeBest(row: i32, indices: usize, distances: usize): void {
  for (let place = 0; place < neighbors; place++) {
    const at = (<usize>row * <usize>neighbors + <usize>place) << 2
    const half = load<f64>(bestDistances + ((<usize>place) << 3))
    store<i32>(indices + at, load<i32>(bestIndices + ((<usize>place) << 2)))
    const distance = metric == COSINE ? half : sqrt<f64>(2 * half) / scale
    store<f32>(distances + at, <f32>min<f64>(distance, f32.MAX_VALUE))
  }
}
