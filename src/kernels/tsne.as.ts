// t-SNE (van der Maaten and Hinton 2008). In the plane the repulsion comes from a field on a grid, by Fourier transform (after
// Linderman et al. 2019), in space and for few points from the pairs (./pairs). The field is the potential φ(y) = Σ 1/(1 + |y − yj|²): its gradient is the repulsion, its sum
// the normaliser, so one convolution does for both. Points are spread to and read from the grid with cubic B-splines.
import { cosineOf, LENGTH, prepareTables, signal, transform } from './fourier'
import { align, count, distances, edgePoints, edgeWeights, joinMembers, members, perRow, starts, word } from './graph'
import { beginPairs, findPairField, pairBytes } from './pairs'
import { exp2, exp2Fine, log2 } from './powers'

export { beginGraph, graphBytes, graphPoints, graphStarts, graphWeights } from './graph'

/** Nodes of the grid along each axis that points may reach; the other half keeps the periodic images away. */
const GRID: i32 = 128
/** Frequencies 0…128, padded to whole vectors. */
const BANDS: i32 = 132
/** The finest spacing: below it the field is smooth and float32 would only lose digits. */
const FINEST: f64 = 0.03
const LOG2E: f64 = 1.4426950408889634
const LEAST_DISTANCE: f32 = 1e-30

/** [count,2] */
let velocities: usize = 0
let gains: usize = 0
/** [count,2] gradient of the potential */
let slopes: usize = 0
/** [GRID,GRID] density, then potential */
let grid: usize = 0
/** [BANDS,GRID] half spectrum along the first axis */
let bandsReal: usize = 0
let bandsImaginary: usize = 0
/** [LENGTH,BANDS] spectrum of the kernel */
let kernel: usize = 0
/** [BANDS,BANDS] */
let table: usize = 0
let spacing: f64 = 0
let normalizer: f64 = 1

export function base(): usize {
  return __heap_base
}

/** Bytes of working memory beside the graph for `size` points. */
export function layoutBytes(size: i32): usize {
  return (
    3 * align((<usize>size) << 3) +
    <usize>(GRID * GRID * 4 + 2 * BANDS * GRID * 4 + LENGTH * BANDS * 4 + BANDS * BANDS * 4)
  )
}

export function beginLayout(size: i32, workspace: usize): void {
  velocities = workspace
  gains = velocities + align((<usize>size) << 3)
  slopes = gains + align((<usize>size) << 3)
  grid = slopes + align((<usize>size) << 3)
  bandsReal = grid + GRID * GRID * 4
  bandsImaginary = bandsReal + BANDS * GRID * 4
  kernel = bandsImaginary + BANDS * GRID * 4
  table = kernel + LENGTH * BANDS * 4
  memory.fill(velocities, 0, (<usize>size) << 3)
  memory.fill(bandsReal, 0, 2 * BANDS * GRID * 4)
  memory.fill(table, 0, BANDS * BANDS * 4)
  for (let at = 0; at < 2 * size; at++) store<f32>(gains + word(at), 1)
  spacing = 0
  prepareTables()
}

/**
 * Directed affinities of rows [from,to): exp(−β·d²), scaled to a sum of 1, with the entropy log2(`perplexity`) (bisection of β).
 */
export function weighAffinities(from: i32, to: i32, perplexity: f64): void {
  const target = log2(perplexity)
  for (let row = from; row < to; row++) {
    const start = distances + word(row * perRow)
    const target0 = members + word(row * perRow)
    // In units of the farthest neighbour, above the nearest one: the shift cancels in the sum.
    const unit = max(load<f32>(start + word(perRow - 1)), LEAST_DISTANCE)
    const nearest = load<f32>(start) / unit
    let low: f64 = 0
    let high: f64 = Infinity
    let beta: f64 = 1
    let total: f64 = 1
    for (let round = 0; round < 100; round++) {
      total = 0
      let moment: f64 = 0
      const factor = f32x4.splat(<f32>(-beta * LOG2E))
      for (let place = 0; place < perRow; place++) {
        const distance = load<f32>(start + word(place)) / unit
        const square = distance * distance - nearest * nearest
        const weight = f32x4.extract_lane(exp2Fine(f32x4.mul(f32x4.splat(square), factor)), 0)
        store<f32>(target0 + word(place), weight)
        total += <f64>weight
        moment += <f64>weight * <f64>square
      }
      const entropy = log2(total) + (beta * LOG2E * moment) / total
      if (abs(entropy - target) < 1e-5) break
      if (entropy > target) {
        low = beta
        beta = high == Infinity ? beta * 2 : (low + high) / 2
        if (beta > 1e30) break
      } else {
        high = beta
        beta = (low + high) / 2
      }
    }
    for (let place = 0; place < perRow; place++) {
      const at = target0 + word(place)
      store<f32>(at, <f32>(<f64>load<f32>(at) / (total * <f64>count)))
    }
  }
}

/** Joins the directed affinities to the symmetric ones, which sum to 1. */
export function joinAffinities(): i32 {
  return joinMembers(false, 0)
}

/** The kernel 1/(1 + d²) at the grid's spacing, as the spectrum that the splines of spreading and reading leave over. */
function makeKernel(): void {
  const square = <f32>(spacing * spacing)
  const one = f32x4.splat(1)
  for (let column = 0; column < BANDS; column += 4) {
    const lanes = f32x4.add(f32x4.splat(<f32>column), f32x4(0, 1, 2, 3))
    const across = f32x4.mul(lanes, lanes)
    for (let row = 0; row < LENGTH; row++) {
      const along = <f32>min(row, LENGTH - row)
      const distance = f32x4.mul(f32x4.add(across, f32x4.splat(along * along)), f32x4.splat(square))
      v128.store(signal + ((<usize>row) << 5), f32x4.div(one, f32x4.add(one, distance)))
      v128.store(signal + ((<usize>row) << 5), f32x4.splat(0), 16)
    }
    transform()
    for (let band = 0; band <= LENGTH / 2; band++) {
      v128.store(table + word(band * BANDS + column), v128.load(signal + ((<usize>band) << 5)))
    }
  }
  for (let band = 0; band < BANDS; band += 4) {
    for (let column = 0; column <= LENGTH / 2; column++) {
      let lanes = f32x4.splat(load<f32>(table + word(band * BANDS + column)))
      lanes = f32x4.replace_lane(lanes, 1, load<f32>(table + word((band + 1) * BANDS + column)))
      lanes = f32x4.replace_lane(lanes, 2, load<f32>(table + word((band + 2) * BANDS + column)))
      lanes = f32x4.replace_lane(lanes, 3, load<f32>(table + word((band + 3) * BANDS + column)))
      const mirrored = (LENGTH - column) & (LENGTH - 1)
      v128.store(signal + ((<usize>column) << 5), lanes)
      v128.store(signal + ((<usize>column) << 5), f32x4.splat(0), 16)
      v128.store(signal + ((<usize>mirrored) << 5), lanes)
      v128.store(signal + ((<usize>mirrored) << 5), f32x4.splat(0), 16)
    }
    transform()
    for (let column = 0; column < LENGTH; column++) {
      const at = signal + ((<usize>column) << 5)
      for (let lane = 0; lane < 4; lane++) {
        const value = load<f32>(at + word(lane))
        const spline = splineOf(column) * splineOf(band + lane)
        store<f32>(kernel + word(column * BANDS + band + lane), value / (spline * spline * 65536))
      }
    }
  }
}

/** Spectrum of the cubic B-spline at the nodes. */
function splineOf(index: i32): f32 {
  return (4 + 2 * cosineOf(index & (LENGTH - 1))) / 6
}

/** Convolves the grid with the kernel in place. Real columns c and c + 64 travel as one complex column. */
function convolve(): void {
  const half = f32x4.splat(0.5)
  for (let column = 0; column < GRID / 2; column += 4) {
    for (let row = 0; row < GRID; row++) {
      const at = grid + word(row * GRID + column)
      v128.store(signal + ((<usize>row) << 5), v128.load(at))
      v128.store(signal + ((<usize>row) << 5), v128.load(at, 256), 16)
    }
    memory.fill(signal + ((<usize>GRID) << 5), 0, GRID << 5)
    transform()
    for (let band = 0; band <= LENGTH / 2; band++) {
      const at = signal + ((<usize>band) << 5)
      const mirror = signal + ((<usize>((LENGTH - band) & (LENGTH - 1))) << 5)
      const zr = v128.load(at)
      const zi = v128.load(at, 16)
      const nr = v128.load(mirror)
      const ni = v128.load(mirror, 16)
      const place = word(band * GRID + column)
      v128.store(bandsReal + place, f32x4.mul(half, f32x4.add(zr, nr)))
      v128.store(bandsImaginary + place, f32x4.mul(half, f32x4.sub(zi, ni)))
      v128.store(bandsReal + place, f32x4.mul(half, f32x4.add(zi, ni)), 256)
      v128.store(bandsImaginary + place, f32x4.mul(half, f32x4.sub(nr, zr)), 256)
    }
  }
  for (let band = 0; band < BANDS; band += 4) {
    for (let column = 0; column < GRID; column += 4) {
      turnBlock(bandsReal + word(band * GRID + column), GRID << 2, signal + ((<usize>column) << 5), 32)
      turnBlock(bandsImaginary + word(band * GRID + column), GRID << 2, signal + ((<usize>column) << 5) + 16, 32)
    }
    memory.fill(signal + ((<usize>GRID) << 5), 0, GRID << 5)
    transform()
    for (let column = 0; column < LENGTH; column++) {
      const at = signal + ((<usize>column) << 5)
      const factor = v128.load(kernel + word(column * BANDS + band))
      const real = f32x4.mul(v128.load(at), factor)
      v128.store(at, f32x4.mul(v128.load(at, 16), factor)) // swapped: the way back
      v128.store(at, real, 16)
    }
    transform()
    for (let column = 0; column < GRID; column += 4) {
      turnBlock(signal + ((<usize>column) << 5) + 16, 32, bandsReal + word(band * GRID + column), GRID << 2)
      turnBlock(signal + ((<usize>column) << 5), 32, bandsImaginary + word(band * GRID + column), GRID << 2)
    }
  }
  for (let column = 0; column < GRID / 2; column += 4) {
    for (let band = 0; band <= LENGTH / 2; band++) {
      const place = word(band * GRID + column)
      const ar = v128.load(bandsReal + place)
      const ai = v128.load(bandsImaginary + place)
      const br = v128.load(bandsReal + place, 256)
      const bi = v128.load(bandsImaginary + place, 256)
      const at = signal + ((<usize>band) << 5)
      const mirror = signal + ((<usize>((LENGTH - band) & (LENGTH - 1))) << 5)
      v128.store(mirror, f32x4.sub(br, ai)) // imaginary parts first: the way back
      v128.store(mirror, f32x4.add(ar, bi), 16)
      v128.store(at, f32x4.add(ai, br))
      v128.store(at, f32x4.sub(ar, bi), 16)
    }
    transform()
    for (let row = 0; row < GRID; row++) {
      const at = signal + ((<usize>row) << 5)
      const place = grid + word(row * GRID + column)
      v128.store(place, v128.load(at, 16))
      v128.store(place, v128.load(at), 256)
    }
  }
}

/** A 4 × 4 block turned over: rows become columns. */
function turnBlock(source: usize, sourceStride: usize, target: usize, targetStride: usize): void {
  const a = v128.load(source)
  const b = v128.load(source + sourceStride)
  const c = v128.load(source + 2 * sourceStride)
  const d = v128.load(source + 3 * sourceStride)
  const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
  const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
  v128.store(target, v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5))
  v128.store(target + targetStride, v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7))
  v128.store(target + 2 * targetStride, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5))
  v128.store(target + 3 * targetStride, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7))
}

/** The four weights of a cubic B-spline at `f` between its second and third node. */
function splineWeights(f: f32): v128 {
  const g: f32 = <f32>1 - f
  const square = f * f
  const cube = square * f
  const sixth: f32 = 0.16666667
  let weights = f32x4.splat(g * g * g * sixth)
  weights = f32x4.replace_lane(weights, 1, (3 * cube - 6 * square + 4) * sixth)
  weights = f32x4.replace_lane(weights, 2, (3 * (f + square - cube) + 1) * sixth)
  return f32x4.replace_lane(weights, 3, cube * sixth)
}

function splineSlopes(f: f32): v128 {
  const g: f32 = <f32>1 - f
  let slopes = f32x4.splat(<f32>-0.5 * g * g)
  slopes = f32x4.replace_lane(slopes, 1, 1.5 * f * f - 2 * f)
  slopes = f32x4.replace_lane(slopes, 2, -1.5 * f * f + f + 0.5)
  return f32x4.replace_lane(slopes, 3, 0.5 * f * f)
}

function sumLanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
}

/** Finds the potential of `positions` [count,2] and its gradient at each point. */
export function findField(positions: usize): void {
  let lowX: f32 = Infinity
  let lowY: f32 = Infinity
  let highX: f32 = -Infinity
  let highY: f32 = -Infinity
  for (let point = 0; point < count; point++) {
    const x = load<f32>(positions + word(2 * point))
    const y = load<f32>(positions + word(2 * point), 4)
    lowX = min(lowX, x)
    lowY = min(lowY, y)
    highX = max(highX, x)
    highY = max(highY, y)
  }
  const wanted = max(FINEST, <f64>max(highX - lowX, highY - lowY) / <f64>(GRID - 6))
  // Steps of 9 %: the kernel is made anew only when the picture has outgrown its grid.
  const step = exp2(ceil(log2(wanted) * 8) / 8)
  if (step != spacing) {
    spacing = step
    makeKernel()
  }
  const scale = <f32>(1 / spacing)
  const left = (lowX + highX) * 0.5 - <f32>(spacing * 63.5)
  const top = (lowY + highY) * 0.5 - <f32>(spacing * 63.5)

  memory.fill(grid, 0, GRID * GRID * 4)
  for (let point = 0; point < count; point++) {
    const u = (load<f32>(positions + word(2 * point)) - left) * scale
    const v = (load<f32>(positions + word(2 * point), 4) - top) * scale
    const column = <i32>u
    const row = <i32>v
    const across = splineWeights(u - <f32>column)
    const down = splineWeights(v - <f32>row)
    const at = grid + word((row - 1) * GRID + column - 1)
    addLine(at, f32x4.mul(across, v128.shuffle<f32>(down, down, 0, 0, 0, 0)))
    addLine(at + GRID * 4, f32x4.mul(across, v128.shuffle<f32>(down, down, 1, 1, 1, 1)))
    addLine(at + GRID * 8, f32x4.mul(across, v128.shuffle<f32>(down, down, 2, 2, 2, 2)))
    addLine(at + GRID * 12, f32x4.mul(across, v128.shuffle<f32>(down, down, 3, 3, 3, 3)))
  }
  convolve()
  let total: f64 = 0
  for (let point = 0; point < count; point++) {
    const u = (load<f32>(positions + word(2 * point)) - left) * scale
    const v = (load<f32>(positions + word(2 * point), 4) - top) * scale
    const column = <i32>u
    const row = <i32>v
    const across = splineWeights(u - <f32>column)
    const down = splineWeights(v - <f32>row)
    const steep = splineSlopes(v - <f32>row)
    const at = grid + word((row - 1) * GRID + column - 1)
    const p0 = v128.load(at)
    const p1 = v128.load(at, GRID * 4)
    const p2 = v128.load(at, GRID * 8)
    const p3 = v128.load(at, GRID * 12)
    const value = mixLines(p0, p1, p2, p3, down)
    const climb = mixLines(p0, p1, p2, p3, steep)
    total += <f64>sumLanes(f32x4.mul(value, across)) - 1
    const place = slopes + word(2 * point)
    store<f32>(place, sumLanes(f32x4.mul(value, splineSlopes(u - <f32>column))) * scale)
    store<f32>(place, sumLanes(f32x4.mul(climb, across)) * scale, 4)
  }
  normalizer = max(total, 1e-12 * <f64>count)
}

function addLine(at: usize, values: v128): void {
  v128.store(at, f32x4.add(v128.load(at), values))
}

function mixLines(p0: v128, p1: v128, p2: v128, p3: v128, weights: v128): v128 {
  let sum = f32x4.mul(p0, v128.shuffle<f32>(weights, weights, 0, 0, 0, 0))
  sum = f32x4.add(sum, f32x4.mul(p1, v128.shuffle<f32>(weights, weights, 1, 1, 1, 1)))
  sum = f32x4.add(sum, f32x4.mul(p2, v128.shuffle<f32>(weights, weights, 2, 2, 2, 2)))
  return f32x4.add(sum, f32x4.mul(p3, v128.shuffle<f32>(weights, weights, 3, 3, 3, 3)))
}

/** Σ over i ≠ j of 1/(1 + |yi − yj|²), as of the last `findField`. */
export function fieldSum(): f64 {
  return normalizer
}

/** Where the gradient of the potential of the last `findField` lies: [count,2]. */
export function fieldSlopes(): usize {
  return slopes
}

/**
 * Moves points [from,to) by gradient descent with momentum and gains: reads `source`, writes `target` ([count,2]). The
 * attraction is multiplied by `exaggeration`.
 */
export function movePoints(
  from: i32,
  to: i32,
  source: usize,
  target: usize,
  exaggeration: f32,
  momentum: f32,
  rate: f32,
): void {
  const one = f32x4.splat(1)
  const push = <f32>(0.5 / normalizer)
  for (let row = from; row < to; row++) {
    const own = v128.load64_splat(source + ((<usize>row) << 3))
    const x = v128.shuffle<f32>(own, own, 0, 0, 0, 0)
    const y = v128.shuffle<f32>(own, own, 1, 1, 1, 1)
    let sumX = f32x4.splat(0)
    let sumY = f32x4.splat(0)
    const end = load<i32>(starts + word(row + 1))
    for (let edge = load<i32>(starts + word(row)); edge < end; edge += 4) {
      const point = edgePoints + word(edge)
      let low = v128.load64_zero(source + ((<usize>load<u32>(point)) << 3))
      low = v128.load_lane<u64>(source + ((<usize>load<u32>(point, 4)) << 3), low, 1)
      let high = v128.load64_zero(source + ((<usize>load<u32>(point, 8)) << 3))
      high = v128.load_lane<u64>(source + ((<usize>load<u32>(point, 12)) << 3), high, 1)
      const dx = f32x4.sub(x, v128.shuffle<f32>(low, high, 0, 2, 4, 6))
      const dy = f32x4.sub(y, v128.shuffle<f32>(low, high, 1, 3, 5, 7))
      const near = f32x4.add(one, f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)))
      const pull = f32x4.div(v128.load(edgeWeights + word(edge)), near)
      sumX = f32x4.add(sumX, f32x4.mul(pull, dx))
      sumY = f32x4.add(sumY, f32x4.mul(pull, dy))
    }
    const at = word(2 * row)
    moveAxis(at, source, target, exaggeration * sumLanes(sumX) + push * load<f32>(slopes + at), momentum, rate)
    moveAxis(at + 4, source, target, exaggeration * sumLanes(sumY) + push * load<f32>(slopes + at, 4), momentum, rate)
  }
}

/** Bytes of working memory beside the graph for `size` points that repel each other by pairs. */
export function spaceBytes(size: i32): usize {
  return 3 * ((<usize>size) << 4) + pairBytes(size)
}

/** The layout of points [count,4] in space, or in a plane of it. */
export function beginSpace(size: i32, workspace: usize): void {
  velocities = workspace
  gains = velocities + ((<usize>size) << 4)
  slopes = gains + ((<usize>size) << 4)
  beginPairs(size, slopes + ((<usize>size) << 4))
  memory.fill(velocities, 0, (<usize>size) << 4)
  for (let at = 0; at < 4 * size; at++) store<f32>(gains + word(at), 1)
}

/** `findField` from the pairs: `positions` [count,4], of which the last column is not used; the slopes are [count,4]. */
export function findSpaceField(positions: usize): void {
  normalizer = max(findPairField(positions, slopes), 1e-12 * <f64>count)
}

/** `movePoints` of [count,4]. */
export function moveSpacePoints(
  from: i32,
  to: i32,
  source: usize,
  target: usize,
  exaggeration: f32,
  momentum: f32,
  rate: f32,
): void {
  const one = f32x4.splat(1)
  const push = <f32>(0.5 / normalizer)
  for (let row = from; row < to; row++) {
    const own = v128.load(source + ((<usize>row) << 4))
    let sum = f32x4.splat(0)
    const end = load<i32>(starts + word(row + 1))
    for (let edge = load<i32>(starts + word(row)); edge < end; edge += 4) {
      const point = edgePoints + word(edge)
      const d0 = f32x4.sub(own, v128.load(source + ((<usize>load<u32>(point)) << 4)))
      const d1 = f32x4.sub(own, v128.load(source + ((<usize>load<u32>(point, 4)) << 4)))
      const d2 = f32x4.sub(own, v128.load(source + ((<usize>load<u32>(point, 8)) << 4)))
      const d3 = f32x4.sub(own, v128.load(source + ((<usize>load<u32>(point, 12)) << 4)))
      const xy01 = v128.shuffle<f32>(d0, d1, 0, 1, 4, 5)
      const xy23 = v128.shuffle<f32>(d2, d3, 0, 1, 4, 5)
      const z01 = v128.shuffle<f32>(d0, d1, 2, 3, 6, 7)
      const z23 = v128.shuffle<f32>(d2, d3, 2, 3, 6, 7)
      const dx = v128.shuffle<f32>(xy01, xy23, 0, 2, 4, 6)
      const dy = v128.shuffle<f32>(xy01, xy23, 1, 3, 5, 7)
      const dz = v128.shuffle<f32>(z01, z23, 0, 2, 4, 6)
      const square = f32x4.add(f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)), f32x4.mul(dz, dz))
      const pull = f32x4.div(v128.load(edgeWeights + word(edge)), f32x4.add(one, square))
      sum = f32x4.add(sum, f32x4.mul(v128.shuffle<f32>(pull, pull, 0, 0, 0, 0), d0))
      sum = f32x4.add(sum, f32x4.mul(v128.shuffle<f32>(pull, pull, 1, 1, 1, 1), d1))
      sum = f32x4.add(sum, f32x4.mul(v128.shuffle<f32>(pull, pull, 2, 2, 2, 2), d2))
      sum = f32x4.add(sum, f32x4.mul(v128.shuffle<f32>(pull, pull, 3, 3, 3, 3), d3))
    }
    const at = (<usize>row) << 4
    const slope = v128.load(slopes + at)
    const gradient = f32x4.add(f32x4.mul(f32x4.splat(exaggeration), sum), f32x4.mul(f32x4.splat(push), slope))
    moveAxis(at, source, target, f32x4.extract_lane(gradient, 0), momentum, rate)
    moveAxis(at + 4, source, target, f32x4.extract_lane(gradient, 1), momentum, rate)
    moveAxis(at + 8, source, target, f32x4.extract_lane(gradient, 2), momentum, rate)
    store<f32>(target + at, 0, 12)
  }
}

/** Moves the mean of `positions` [count,4] to the origin. */
export function centreSpace(positions: usize): void {
  let xy = f64x2.splat(0)
  let zw = f64x2.splat(0)
  for (let point = 0; point < count; point++) {
    const place = v128.load(positions + ((<usize>point) << 4))
    xy = f64x2.add(xy, f64x2.promote_low_f32x4(place))
    zw = f64x2.add(zw, f64x2.promote_low_f32x4(v128.shuffle<f32>(place, place, 2, 3, 2, 3)))
  }
  const share = f64x2.splat(1 / <f64>count)
  const low = f32x4.demote_f64x2_zero(f64x2.mul(xy, share))
  const high = f32x4.demote_f64x2_zero(f64x2.mul(zw, share))
  const mean = v128.shuffle<f32>(low, high, 0, 1, 4, 5)
  for (let point = 0; point < count; point++) {
    const at = positions + ((<usize>point) << 4)
    v128.store(at, f32x4.sub(v128.load(at), mean))
  }
}

function moveAxis(at: usize, source: usize, target: usize, gradient: f32, momentum: f32, rate: f32): void {
  const velocity = load<f32>(velocities + at)
  let gain = load<f32>(gains + at)
  gain = velocity * gradient < 0 ? gain + 0.2 : max<f32>(gain * 0.8, 0.01)
  const next = momentum * velocity - rate * gain * gradient
  store<f32>(gains + at, gain)
  store<f32>(velocities + at, next)
  store<f32>(target + at, load<f32>(source + at) + next)
}

/** Moves the mean of `positions` [count,2] to the origin. */
export function centre(positions: usize): void {
  let x: f64 = 0
  let y: f64 = 0
  for (let point = 0; point < count; point++) {
    x += <f64>load<f32>(positions + word(2 * point))
    y += <f64>load<f32>(positions + word(2 * point), 4)
  }
  const meanX = <f32>(x / <f64>count)
  const meanY = <f32>(y / <f64>count)
  for (let point = 0; point < count; point++) {
    const at = positions + word(2 * point)
    store<f32>(at, load<f32>(at) - meanX)
    store<f32>(at, load<f32>(at, 4) - meanY, 4)
  }
}
