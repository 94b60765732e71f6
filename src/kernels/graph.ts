// The graph of neighbours that layouts are pulled by: directed memberships in, symmetric rows of edges out. Rows are padded to
// multiples of four edges, so that they can be read four at a time.

export let count: i32 = 0
/** Neighbours of each point. */
export let perRow: i32 = 0
/** [count,perRow] */
export let indices: usize = 0
export let distances: usize = 0
/** [count,perRow] directed memberships */
export let members: usize = 0
/** [count + 1] start of each row's edges */
export let starts: usize = 0
/** [count] sum of each row's weights */
export let degrees: usize = 0
/** Index of the other point, and the weight (0 in the padding) */
export let edgePoints: usize = 0
export let edgeWeights: usize = 0
/** [count + 1] and [count·perRow]: where among all neighbours each point occurs */
let incomingStarts: usize = 0
let incoming: usize = 0

export function align(bytes: usize): usize {
  return (bytes + 15) & ~(<usize>15)
}

export function word(index: i32): usize {
  return (<usize>index) << 2
}

/** Most edges of the padded graph of `size` points with `k` neighbours each. */
function edgeBound(size: i32, k: i32): usize {
  return <usize>size * (2 * <usize>k + 3)
}

/** Bytes of working memory for the graph of `size` points with `k` neighbours each. */
export function graphBytes(size: i32, k: i32): usize {
  const pairs = <usize>size * <usize>k
  return (
    2 * align((<usize>(size + 1)) << 2) +
    align((<usize>size) << 2) +
    2 * align(pairs << 2) +
    2 * align(edgeBound(size, k) << 2)
  )
}

/** Starts a graph from `neighborIndices` and `neighborDistances` [size,k], nearest first, without the points themselves. */
export function beginGraph(
  neighborIndices: usize,
  neighborDistances: usize,
  size: i32,
  k: i32,
  workspace: usize,
): void {
  indices = neighborIndices
  distances = neighborDistances
  count = size
  perRow = k
  const pairs = <usize>size * <usize>k
  starts = workspace
  incomingStarts = starts + align((<usize>(size + 1)) << 2)
  degrees = incomingStarts + align((<usize>(size + 1)) << 2)
  members = degrees + align((<usize>size) << 2)
  incoming = members + align(pairs << 2)
  edgePoints = incoming + align(pairs << 2)
  edgeWeights = edgePoints + align(edgeBound(size, k) << 2)
}

/** Place of `other` among the neighbours of `row`, −1 if it is none. */
function placeOf(row: i32, other: i32): i32 {
  const wanted = i32x4.splat(other)
  const end = (row + 1) * perRow
  let place = row * perRow
  for (; place + 4 <= end; place += 4) {
    const mask = i32x4.bitmask(i32x4.eq(v128.load(indices + word(place)), wanted))
    if (mask) return place + ctz(mask)
  }
  for (; place < end; place++) {
    if (load<i32>(indices + word(place)) == other) return place
  }
  return -1
}

/** Membership of `other` among the neighbours of `row`, 0 if it is none. */
function memberOf(row: i32, other: i32): f32 {
  const place = placeOf(row, other)
  return place < 0 ? 0 : load<f32>(members + word(place))
}

/** Fuzzy union, or the mean. */
function join(own: f32, back: f32, fuzzy: bool): f32 {
  return fuzzy ? own + back - own * back : 0.5 * (own + back)
}

/**
 * Joins the directed memberships w, w′ of each pair: w + w′ − w·w′ (`fuzzy`) or their mean; edges below `least` of the largest
 * weight are left out. Returns the number of edges, padding included.
 */
export function joinMembers(fuzzy: bool, least: f32): i32 {
  listIncoming()
  let limit: f32 = 0
  if (least > 0) {
    for (let row = 0; row < count; row++) {
      for (let place = row * perRow; place < (row + 1) * perRow; place++) {
        const back = memberOf(load<i32>(indices + word(place)), row)
        limit = max(limit, join(load<f32>(members + word(place)), back, fuzzy))
      }
    }
    limit *= least
  }
  let edge = 0
  for (let row = 0; row < count; row++) {
    store<i32>(starts + word(row), edge)
    let degree: f32 = 0
    for (let place = row * perRow; place < (row + 1) * perRow; place++) {
      const other = load<i32>(indices + word(place))
      const weight = join(load<f32>(members + word(place)), memberOf(other, row), fuzzy)
      if (weight < limit) continue
      store<i32>(edgePoints + word(edge), other)
      store<f32>(edgeWeights + word(edge), weight)
      degree += weight
      edge++
    }
    const end = load<i32>(incomingStarts + word(row + 1))
    for (let at = load<i32>(incomingStarts + word(row)); at < end; at++) {
      const pair = load<i32>(incoming + word(at))
      const other = pair / perRow
      const weight = join(0, load<f32>(members + word(pair)), fuzzy)
      if (weight < limit || placeOf(row, other) >= 0) continue
      store<i32>(edgePoints + word(edge), other)
      store<f32>(edgeWeights + word(edge), weight)
      degree += weight
      edge++
    }
    store<f32>(degrees + word(row), degree)
    while (edge & 3) {
      store<i32>(edgePoints + word(edge), row)
      store<f32>(edgeWeights + word(edge), 0)
      edge++
    }
  }
  store<i32>(starts + word(count), edge)
  return edge
}

/** Lists for each point where it occurs among the neighbours of others, by ascending row. */
function listIncoming(): void {
  memory.fill(incomingStarts, 0, (<usize>(count + 1)) << 2)
  for (let pair = 0; pair < count * perRow; pair++) {
    const at = incomingStarts + word(load<i32>(indices + word(pair)) + 1)
    store<i32>(at, load<i32>(at) + 1)
  }
  for (let row = 0; row < count; row++) {
    const at = incomingStarts + word(row)
    store<i32>(at, load<i32>(at) + load<i32>(at, 4), 4)
  }
  memory.copy(starts, incomingStarts, (<usize>count) << 2) // cursors, until the rows are written
  for (let row = 0; row < count; row++) {
    for (let place = row * perRow; place < (row + 1) * perRow; place++) {
      const cursor = starts + word(load<i32>(indices + word(place)))
      const at = load<i32>(cursor)
      store<i32>(cursor, at + 1)
      store<i32>(incoming + word(at), place)
    }
  }
}

/** Where the joined graph lies: [count + 1] starts, then per edge the other point and the weight. */
export function graphStarts(): usize {
  return starts
}

export function graphPoints(): usize {
  return edgePoints
}

export function graphWeights(): usize {
  return edgeWeights
}
