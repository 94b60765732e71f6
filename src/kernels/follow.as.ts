// The slope of what a following layout is fitted to (src/projections/follow-fit.ts). All in float64 in one fixed order.

export function base(): usize {
  return __heap_base
}

let dim: i32 = 0
let dims: i32 = 0
let split: i32 = 0
let fewest: i32 = 0
let specificShare: f64 = 0
let softening: f64 = 0
let features: usize = 0
let pairStart: usize = 0
let first: usize = 0
let ranks: usize = 0
let specific: usize = 0
let queryOrdinary: usize = 0
let keyOrdinary: usize = 0
let rowShare: usize = 0
let columnShare: usize = 0
let positions: usize = 0
let forces: usize = 0
let distances: usize = 0
let rest: usize = 0
let columns: usize = 0
let rowMeans: usize = 0
let rowSlopes: usize = 0
let rowWeights: usize = 0

/** Sizes and constants: `queries` of the rows are queries, the rest keys; rows with less than `fewestKeys` keys have no order. */
export function setSizes(
  queries: i32,
  width: i32,
  axes: i32,
  fewestKeys: i32,
  shareOfSpecific: f64,
  addedToSquares: f64,
): void {
  split = queries
  dim = width
  dims = axes
  fewest = fewestKeys
  specificShare = shareOfSpecific
  softening = addedToSquares
}

/** The sample: `rows` [queries + keys,dim] (float32) and the fields of the same names of `FollowSample`. */
export function setSample(
  rows: usize,
  starts: usize,
  firstKeys: usize,
  rankTable: usize,
  specificTable: usize,
  ordinaryQueries: usize,
  ordinaryKeys: usize,
  rowShares: usize,
  columnShares: usize,
): void {
  features = rows
  pairStart = starts
  first = firstKeys
  ranks = rankTable
  specific = specificTable
  queryOrdinary = ordinaryQueries
  keyOrdinary = ordinaryKeys
  rowShare = rowShares
  columnShare = columnShares
}

/** Bytes of working memory for so many rows (`keys` of them keys), and pairs of the largest block. */
export function workspaceBytes(rows: i32, keys: i32, pairs: i32): usize {
  return (<usize>(2 * rows * dims + 2 * pairs + keys + 3 * split)) << 3
}

export function setWorkspace(workspace: usize, rows: i32, keys: i32, pairs: i32): void {
  positions = workspace
  forces = positions + ((<usize>(rows * dims)) << 3)
  distances = forces + ((<usize>(rows * dims)) << 3)
  rest = distances + ((<usize>pairs) << 3)
  columns = rest + ((<usize>pairs) << 3)
  rowMeans = columns + ((<usize>keys) << 3)
  rowSlopes = rowMeans + ((<usize>split) << 3)
  rowWeights = rowSlopes + ((<usize>split) << 3)
}

/**
 * Adds the slope of one block, queries [queryStart,queryEnd) and keys [keyStart,keyEnd), to `slopes`: for `maps`, [dims,dim] of
 * queries, [dims,dim] of keys and [dims] where the keys' mean goes (float64 both).
 */
export function addBlock(maps: usize, slopes: usize, queryStart: i32, queryEnd: i32, keyStart: i32, keyEnd: i32): void {
  place(maps, queryStart, queryEnd, false)
  place(maps, split + keyStart, split + keyEnd, true)
  measureDistances(queryStart, queryEnd, keyStart, keyEnd)
  for (let key = keyStart; key < keyEnd; key++) set(columns, key, get(columns, key) * get(columnShare, key))
  square = 0
  product = 0
  measureRows(queryStart, queryEnd)
  const length = sqrt<f64>(square)
  // A table weighs as much as its rows together.
  const weight = length > 0 ? (specificShare * <f64>(queryEnd - queryStart)) / length : 0
  memory.fill(slot(forces, (split + keyStart) * dims), 0, (<usize>((keyEnd - keyStart) * dims)) << 3)
  pull(queryStart, queryEnd, weight, length > 0 ? product / square : 0)
  gather(slopes, queryStart, queryEnd, false)
  gather(slopes, split + keyStart, split + keyEnd, true)
}

/** Sums over a block's table: of squares, and of products with what is specific. */
let square: f64 = 0
let product: f64 = 0

function slot(at: usize, index: i32): usize {
  return at + ((<usize>index) << 3)
}

function get(at: usize, index: i32): f64 {
  return load<f64>(slot(at, index))
}

function set(at: usize, index: i32, value: f64): void {
  store<f64>(slot(at, index), value)
}

function integer(at: usize, index: i32): i32 {
  return load<i32>(at + ((<usize>index) << 2))
}

function place(maps: usize, from: i32, to: i32, isKey: bool): void {
  const size = dims * dim
  const map = isKey ? slot(maps, size) : maps
  const shift = slot(maps, 2 * size)
  for (let row = from; row < to; row++) {
    const start = features + ((<usize>row * <usize>dim) << 2)
    const second = slot(map, dim)
    let x: f64 = isKey ? get(shift, 0) : 0
    let y: f64 = isKey ? get(shift, 1) : 0
    for (let column = 0; column < dim; column++) {
      const feature = <f64>load<f32>(start + ((<usize>column) << 2))
      x += feature * get(map, column)
      y += feature * get(second, column)
    }
    set(positions, row * dims, x)
    set(positions, row * dims + 1, y)
    if (dims < 3) continue
    const third = slot(map, 2 * dim)
    let z: f64 = isKey ? get(shift, 2) : 0
    for (let column = 0; column < dim; column++)
      z += <f64>load<f32>(start + ((<usize>column) << 2)) * get(third, column)
    set(positions, row * dims + 2, z)
  }
}

/** Distances, and what is left of them without row means; sums of columns. */
function measureDistances(queryStart: i32, queryEnd: i32, keyStart: i32, keyEnd: i32): void {
  const from = integer(pairStart, queryStart)
  memory.fill(slot(columns, keyStart), 0, (<usize>(keyEnd - keyStart)) << 3)
  for (let query = queryStart; query < queryEnd; query++) {
    const x = get(positions, query * dims)
    const y = get(positions, query * dims + 1)
    const z: f64 = dims === 3 ? get(positions, query * dims + 2) : 0
    const start = integer(pairStart, query) - from
    const end = integer(pairStart, query + 1) - from
    const firstKey = integer(first, query)
    let at = (split + firstKey) * dims
    let key = firstKey
    let sum: f64 = 0
    let ordinarySum: f64 = 0
    for (let pair = start; pair < end; pair++) {
      const dx = x - get(positions, at)
      const dy = y - get(positions, at + 1)
      const dz: f64 = dims === 3 ? z - get(positions, at + 2) : 0
      const distance = sqrt<f64>(dx * dx + dy * dy + dz * dz + softening)
      set(distances, pair, distance)
      sum += distance
      ordinarySum += get(keyOrdinary, key) * distance
      at += dims
      key++
    }
    set(rowMeans, query, sum / <f64>max(1, end - start))
    const mean = ordinarySum * get(rowShare, query)
    const isOrdinary = get(queryOrdinary, query)
    key = firstKey
    for (let pair = start; pair < end; pair++) {
      const left = isOrdinary * get(keyOrdinary, key) * (get(distances, pair) - mean)
      set(rest, pair, left)
      set(columns, key, get(columns, key) + left)
      key++
    }
  }
}

/** Takes out column means, and measures how each row, and the whole table, agrees with its target. */
function measureRows(queryStart: i32, queryEnd: i32): void {
  const from = integer(pairStart, queryStart)
  let squares: f64 = 0
  let products: f64 = 0
  for (let query = queryStart; query < queryEnd; query++) {
    const start = integer(pairStart, query)
    const end = integer(pairStart, query + 1)
    const mean = get(rowMeans, query)
    const isOrdinary = get(queryOrdinary, query)
    let key = integer(first, query)
    let rowSquare: f64 = 0
    let rowProduct: f64 = 0
    for (let pair = start; pair < end; pair++) {
      // A special key's column is 0, as all that is left in it is.
      const left = get(rest, pair - from) - isOrdinary * get(columns, key)
      set(rest, pair - from, left)
      squares += left * left
      products += left * get(specific, pair)
      const difference = get(distances, pair - from) - mean
      rowSquare += difference * difference
      rowProduct += difference * get(ranks, pair)
      key++
    }
    const hasOrder = end - start >= fewest && rowSquare > 0
    set(rowSlopes, query, hasOrder ? rowProduct / rowSquare : 0)
    set(rowWeights, query, hasOrder ? (1 - specificShare) / sqrt<f64>(rowSquare) : 0)
  }
  square = squares
  product = products
}

/** Slopes for the positions of a block's queries and keys. */
function pull(queryStart: i32, queryEnd: i32, weight: f64, perLength: f64): void {
  const from = integer(pairStart, queryStart)
  for (let query = queryStart; query < queryEnd; query++) {
    const mean = get(rowMeans, query)
    const share = get(rowSlopes, query)
    const rowWeight = get(rowWeights, query)
    const queryX = get(positions, query * dims)
    const queryY = get(positions, query * dims + 1)
    const queryZ: f64 = dims === 3 ? get(positions, query * dims + 2) : 0
    const last = integer(pairStart, query + 1)
    let at = (split + integer(first, query)) * dims
    let sumX: f64 = 0
    let sumY: f64 = 0
    let sumZ: f64 = 0
    for (let pair = integer(pairStart, query); pair < last; pair++) {
      const distance = get(distances, pair - from)
      const ofTable = weight * (get(specific, pair) - perLength * get(rest, pair - from))
      const slope = ofTable + rowWeight * (get(ranks, pair) - share * (distance - mean))
      const strength = slope / distance
      const x = strength * (queryX - get(positions, at))
      const y = strength * (queryY - get(positions, at + 1))
      sumX += x
      sumY += y
      set(forces, at, get(forces, at) - x)
      set(forces, at + 1, get(forces, at + 1) - y)
      if (dims === 3) {
        const z = strength * (queryZ - get(positions, at + 2))
        sumZ += z
        set(forces, at + 2, get(forces, at + 2) - z)
      }
      at += dims
    }
    set(forces, query * dims, sumX)
    set(forces, query * dims + 1, sumY)
    if (dims === 3) set(forces, query * dims + 2, sumZ)
  }
}

/** From positions to maps. Four columns at a time; each sum goes over rows in their order. */
function gather(slopes: usize, from: i32, to: i32, isKey: bool): void {
  const size = dims * dim
  const stride = (<usize>dim) << 2
  for (let axis = 0; axis < dims; axis++) {
    const target = slot(slopes, (isKey ? size : 0) + axis * dim)
    let column = 0
    for (; column + 4 <= dim; column += 4) {
      let low = v128.load(slot(target, column))
      let high = v128.load(slot(target, column + 2))
      let at = features + ((<usize>from * <usize>dim + <usize>column) << 2)
      for (let row = from; row < to; row++) {
        const force = v128.load64_splat(slot(forces, row * dims + axis))
        low = f64x2.add(low, f64x2.mul(force, f64x2.promote_low_f32x4(v128.load64_zero(at))))
        high = f64x2.add(high, f64x2.mul(force, f64x2.promote_low_f32x4(v128.load64_zero(at, 8))))
        at += stride
      }
      v128.store(slot(target, column), low)
      v128.store(slot(target, column + 2), high)
    }
    for (; column < dim; column++) {
      let sum = get(target, column)
      let at = features + ((<usize>from * <usize>dim + <usize>column) << 2)
      for (let row = from; row < to; row++) {
        sum += get(forces, row * dims + axis) * <f64>load<f32>(at)
        at += stride
      }
      set(target, column, sum)
    }
    if (!isKey) continue
    const shift = 2 * size + axis
    for (let row = from; row < to; row++) set(slopes, shift, get(slopes, shift) + get(forces, row * dims + axis))
  }
}
