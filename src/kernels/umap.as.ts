// UMAP (McInnes, Healy and Melville 2018): the fuzzy neighbour graph and its layout.
//
// The layout gathers: in an epoch every point reads all edges of its row of the symmetric graph, weighted by membership, and
// a window of points at a hashed place as the repelled sample. It writes only itself, into a second buffer. So the answer
// can't depend on slices or on the order of points, and four pairs are computed at a time.
import {
  align,
  count,
  degrees,
  distances,
  edgePoints,
  edgeWeights,
  joinMembers,
  members,
  perRow,
  starts,
  word,
} from './graph'
import { exp2, exp2Fine, log2 } from './powers'

export { beginGraph, graphBytes, graphPoints, graphStarts, graphWeights } from './graph'

/** Points of the window that repel a point in one epoch. */
const WINDOW: i32 = 32
/** Repelled samples for each attracting one, as in the reference implementation. */
const NEGATIVES: f32 = 5
const LOG2E: f64 = 1.4426950408889634
/** Its inverse still is a float32. */
const LEAST_SIGMA: f64 = 1e-38

/** The curve 1 / (1 + a·d^2b). */
let curveA: f64 = 1
let curveB: f64 = 1

/** a·2^(b·e) for the exponents e = −128 … 127 of a float32. */
const curveTable = memory.data(1024, 16)
/** Coefficients of the cubic that stands for m^b between √½ and √2. */
let curve0: f32 = 1
let curve1: f32 = 0
let curve2: f32 = 0
let curve3: f32 = 0

export function base(): usize {
  return __heap_base
}

/**
 * Fits a and b of 1 / (1 + a·d^2b) to 1 below `minDist` and exp(−(d − minDist)/spread) above, at 300 places up to
 * 3·spread (Levenberg–Marquardt in log a, log b).
 */
export function fitCurve(minDist: f64, spread: f64): void {
  let logA: f64 = 0
  let logB: f64 = 0
  let damping: f64 = 1e-3
  let error = curveStep(logA, logB, minDist, spread)
  for (let round = 0; round < 200; round++) {
    const h00 = fit00 * (1 + damping)
    const h11 = fit11 * (1 + damping)
    const determinant = h00 * h11 - fit01 * fit01
    const nextA = logA + (fitG0 * h11 - fitG1 * fit01) / determinant
    const nextB = logB + (fitG1 * h00 - fitG0 * fit01) / determinant
    const k00 = fit00
    const k01 = fit01
    const k11 = fit11
    const g0 = fitG0
    const g1 = fitG1
    const next = abs(nextA) < 20 && abs(nextB) < 20 ? curveStep(nextA, nextB, minDist, spread) : Infinity
    if (next < error) {
      const gain = error - next
      logA = nextA
      logB = nextB
      error = next
      damping = max(damping * 0.1, 1e-12)
      if (gain < 1e-14) break
    } else {
      fit00 = k00
      fit01 = k01
      fit11 = k11
      fitG0 = g0
      fitG1 = g1
      damping *= 10
      if (damping > 1e8) break
    }
  }
  curveA = exp2(logA)
  curveB = exp2(logB)
  tabulateCurve(logA)
}

/** Prepares `curveOf` for a·x^b; `logA` = log2 a. */
function tabulateCurve(logA: f64): void {
  for (let exponent = -128; exponent < 128; exponent++) {
    // Held where products with squares of distances stay finite.
    const power = min(100.0, max(-100.0, logA + curveB * <f64>exponent))
    store<f32>(curveTable + word(exponent + 128), <f32>exp2(power))
  }
  // Newton's divided differences at the Chebyshev nodes of [√½, √2].
  const middle: f64 = 1.0606601717798212
  const reach: f64 = 0.35355339059327373
  const x0 = middle - reach * 0.9238795325112867
  const x1 = middle - reach * 0.38268343236508984
  const x2 = middle + reach * 0.38268343236508984
  const x3 = middle + reach * 0.9238795325112867
  const y0 = exp2(curveB * log2(x0))
  const y1 = exp2(curveB * log2(x1))
  const y2 = exp2(curveB * log2(x2))
  const y3 = exp2(curveB * log2(x3))
  const d01 = (y1 - y0) / (x1 - x0)
  const d12 = (y2 - y1) / (x2 - x1)
  const d23 = (y3 - y2) / (x3 - x2)
  const d012 = (d12 - d01) / (x2 - x0)
  const d123 = (d23 - d12) / (x3 - x1)
  const d0123 = (d123 - d012) / (x3 - x0)
  curve3 = <f32>d0123
  curve2 = <f32>(d012 - d0123 * (x0 + x1 + x2))
  curve1 = <f32>(d01 - d012 * (x0 + x1) + d0123 * (x0 * x1 + x0 * x2 + x1 * x2))
  curve0 = <f32>(y0 - d01 * x0 + d012 * x0 * x1 - d0123 * x0 * x1 * x2)
}

/**
 * a·x^b of four positive, normal numbers, x = 2^e·m: a table for the exponents, a cubic for the mantissas between √½ and √2 (relative
 * error below 2e-4). Short chains of operations, unlike powers by way of logarithms.
 */
function curveOf(x: v128, c0: v128, c1: v128, c2: v128, c3: v128): v128 {
  const bits = i32x4.sub(x, i32x4.splat(0x3f3504f3))
  const mantissa = i32x4.sub(x, v128.and(bits, i32x4.splat(0xff800000)))
  const places = v128.and(i32x4.shr_s(bits, 21), i32x4.splat(-4))
  const middle = curveTable + 512
  let scale = v128.load32_zero(middle + <usize>i32x4.extract_lane(places, 0))
  scale = v128.load_lane<u32>(middle + <usize>i32x4.extract_lane(places, 1), scale, 1)
  scale = v128.load_lane<u32>(middle + <usize>i32x4.extract_lane(places, 2), scale, 2)
  scale = v128.load_lane<u32>(middle + <usize>i32x4.extract_lane(places, 3), scale, 3)
  const low = f32x4.add(c0, f32x4.mul(c1, mantissa))
  const high = f32x4.add(c2, f32x4.mul(c3, mantissa))
  return f32x4.mul(f32x4.add(low, f32x4.mul(f32x4.mul(mantissa, mantissa), high)), scale)
}

let fit00: f64 = 0
let fit01: f64 = 0
let fit11: f64 = 0
let fitG0: f64 = 0
let fitG1: f64 = 0

/** The squared error at (log2 a, log2 b); leaves the normal equations in the `fit…` globals. */
function curveStep(logA: f64, logB: f64, minDist: f64, spread: f64): f64 {
  const LN2: f64 = 0.6931471805599453
  const b = exp2(logB)
  let error: f64 = 0
  fit00 = 0
  fit01 = 0
  fit11 = 0
  fitG0 = 0
  fitG1 = 0
  for (let place = 0; place < 300; place++) {
    const x = (<f64>place * 3 * spread) / 299
    const wanted = x < minDist ? 1.0 : exp2(-(x - minDist) / spread / LN2)
    let value: f64 = 1
    let d0: f64 = 0
    let d1: f64 = 0
    if (x > 0) {
      const logX = log2(x)
      const power = exp2(min(900.0, max(-900.0, logA + 2 * b * logX)))
      value = 1 / (1 + power)
      const slope = -value * value * power * LN2
      d0 = slope
      d1 = slope * 2 * b * logX * LN2
    }
    const rest = wanted - value
    error += rest * rest
    fit00 += d0 * d0
    fit01 += d0 * d1
    fit11 += d1 * d1
    fitG0 += d0 * rest
    fitG1 += d1 * rest
  }
  return error
}

export function fittedA(): f64 {
  return curveA
}

export function fittedB(): f64 {
  return curveB
}

/**
 * Directed memberships of rows [from,to): exp(−(d − ρ)/σ) with ρ the smallest distance above 0 and σ so that the
 * memberships sum to log2(k + 1) (bisection); `meanOfAll` is the mean of all distances, zeros of the points themselves
 * included.
 */
export function weighNeighbors(from: i32, to: i32, meanOfAll: f64): void {
  const target: f64 = log2(<f64>(perRow + 1))
  for (let row = from; row < to; row++) {
    const start = distances + word(row * perRow)
    let rho: f64 = 0
    let sum: f64 = 0
    for (let place = 0; place < perRow; place++) {
      const distance = <f64>load<f32>(start + word(place))
      sum += distance
      if (rho == 0 && distance > 0) rho = distance
    }
    let low: f64 = 0
    let high: f64 = Infinity
    const rowMean = sum / <f64>(perRow + 1)
    let sigma: f64 = max(rowMean, LEAST_SIGMA)
    for (let round = 0; round < 64; round++) {
      const total = sumMembers(start, <f32>rho, <f32>(-LOG2E / max(sigma, LEAST_SIGMA)))
      if (abs(total - target) < 1e-5) break
      if (total > target) {
        high = sigma
        sigma = (low + high) / 2
      } else {
        low = sigma
        sigma = high == Infinity ? sigma * 2 : (low + high) / 2
      }
    }
    sigma = max(max(sigma, 1e-3 * (rho > 0 ? rowMean : meanOfAll)), LEAST_SIGMA)
    const factor = <f32>(-LOG2E / sigma)
    const scale = f32x4.splat(factor)
    const shift = f32x4.splat(<f32>rho)
    for (let place = 0; place < perRow; place++) {
      const above = f32x4.pmax(f32x4.splat(0), f32x4.sub(v128.load32_splat(start + word(place)), shift))
      const member = f32x4.extract_lane(exp2Fine(f32x4.mul(above, scale)), 0)
      store<f32>(members + word(row * perRow + place), member)
    }
  }
}

function sumMembers(start: usize, rho: f32, factor: f32): f64 {
  const scale = f32x4.splat(factor)
  const shift = f32x4.splat(rho)
  const zero = f32x4.splat(0)
  let sum = zero
  let place = 0
  for (; place + 4 <= perRow; place += 4) {
    const above = f32x4.pmax(zero, f32x4.sub(v128.load(start + word(place)), shift))
    sum = f32x4.add(sum, exp2Fine(f32x4.mul(above, scale)))
  }
  let total =
    <f64>f32x4.extract_lane(sum, 0) +
    <f64>f32x4.extract_lane(sum, 1) +
    <f64>f32x4.extract_lane(sum, 2) +
    <f64>f32x4.extract_lane(sum, 3)
  for (; place < perRow; place++) {
    const above = f32x4.pmax(zero, f32x4.sub(v128.load32_splat(start + word(place)), shift))
    total += <f64>f32x4.extract_lane(exp2Fine(f32x4.mul(above, scale)), 0)
  }
  return total
}

/**
 * Joins the directed memberships to the symmetric graph, w + w′ − w·w′; edges below the largest weight / `epochs` are left
 * out. Returns the number of edges, padding included.
 */
export function joinGraph(epochs: i32): i32 {
  return joinMembers(true, 1 / <f32>epochs)
}

/** Bytes of one buffer of positions: 2 floats a point in the plane, 4 in space, and the first points again at the end. */
export function positionBytes(size: i32, dims: i32): usize {
  return align((<usize>(size + WINDOW)) << (dims == 2 ? 3 : 4))
}

/** Repeats the first points behind the last one, so that a window may start at any point. */
export function wrapPositions(positions: usize, dims: i32): void {
  const shift: usize = dims == 2 ? 3 : 4
  for (let extra = 0; extra < WINDOW; extra++) {
    memory.copy(
      positions + ((<usize>(count + extra)) << shift),
      positions + ((<usize>(extra % count)) << shift),
      1 << shift,
    )
  }
}

function mix(value: u32): u32 {
  let bits = value
  bits = (bits ^ (bits >> 16)) * 0x85ebca6b
  bits = (bits ^ (bits >> 13)) * 0xc2b2ae35
  return bits ^ (bits >> 16)
}

function sumLanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
}

function clip(v: v128): v128 {
  return f32x4.pmin(f32x4.splat(4), f32x4.pmax(f32x4.splat(-4), v))
}

/**
 * One epoch of points [from,to) in the plane: reads `source`, writes `target` ([·,2] float32 each). `rate` is the step,
 * `stream` a hash of seed, head and epoch.
 */
export function layoutPlane(from: i32, to: i32, source: usize, target: usize, rate: f32, stream: u32): void {
  const c0 = f32x4.splat(curve0)
  const c1 = f32x4.splat(curve1)
  const c2 = f32x4.splat(curve2)
  const c3 = f32x4.splat(curve3)
  const pull = f32x4.splat(<f32>(-4 * curveB)) // 2 · (−2ab): both ends of an edge move, and each edge is in two rows
  const push = f32x4.splat(<f32>(2 * curveB))
  const one = f32x4.splat(1)
  const tiny = f32x4.splat(1e-12)
  const near = f32x4.splat(0.001)
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
      const square = f32x4.add(f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)), tiny)
      const curve = curveOf(square, c0, c1, c2, c3)
      // Clipping, as the repulsion needs it, would never bite: the pull of an edge stays below 4.
      const weight = f32x4.mul(pull, v128.load(edgeWeights + word(edge)))
      const slope = f32x4.div(f32x4.mul(weight, curve), f32x4.mul(square, f32x4.add(curve, one)))
      sumX = f32x4.add(sumX, f32x4.mul(slope, dx))
      sumY = f32x4.add(sumY, f32x4.mul(slope, dy))
    }
    let apartX = f32x4.splat(0)
    let apartY = f32x4.splat(0)
    const hash = mix(stream + <u32>row * 0x9e3779b9)
    const begin = <usize>((<u64>hash * <u64>count) >> 32)
    const stop = source + ((begin + WINDOW) << 3)
    for (let at = source + (begin << 3); at < stop; at += 32) {
      const low = v128.load(at)
      const high = v128.load(at, 16)
      const dx = f32x4.sub(x, v128.shuffle<f32>(low, high, 0, 2, 4, 6))
      const dy = f32x4.sub(y, v128.shuffle<f32>(low, high, 1, 3, 5, 7))
      const square = f32x4.add(f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)), tiny)
      const curve = curveOf(square, c0, c1, c2, c3)
      const slope = f32x4.div(push, f32x4.mul(f32x4.add(square, near), f32x4.add(curve, one)))
      apartX = f32x4.add(apartX, clip(f32x4.mul(slope, dx)))
      apartY = f32x4.add(apartY, clip(f32x4.mul(slope, dy)))
    }
    const share = (NEGATIVES * load<f32>(degrees + word(row))) / <f32>WINDOW
    const place = target + ((<usize>row) << 3)
    store<f32>(place, f32x4.extract_lane(x, 0) + rate * (sumLanes(sumX) + share * sumLanes(apartX)))
    store<f32>(place, f32x4.extract_lane(y, 0) + rate * (sumLanes(sumY) + share * sumLanes(apartY)), 4)
  }
}

/** The same in space: [·,4] float32, the last one unused. */
export function layoutSpace(from: i32, to: i32, source: usize, target: usize, rate: f32, stream: u32): void {
  const c0 = f32x4.splat(curve0)
  const c1 = f32x4.splat(curve1)
  const c2 = f32x4.splat(curve2)
  const c3 = f32x4.splat(curve3)
  const pull = f32x4.splat(<f32>(-4 * curveB))
  const push = f32x4.splat(<f32>(2 * curveB))
  const one = f32x4.splat(1)
  const tiny = f32x4.splat(1e-12)
  const near = f32x4.splat(0.001)
  for (let row = from; row < to; row++) {
    const own = v128.load(source + ((<usize>row) << 4))
    const x = v128.shuffle<f32>(own, own, 0, 0, 0, 0)
    const y = v128.shuffle<f32>(own, own, 1, 1, 1, 1)
    const z = v128.shuffle<f32>(own, own, 2, 2, 2, 2)
    let sumX = f32x4.splat(0)
    let sumY = f32x4.splat(0)
    let sumZ = f32x4.splat(0)
    const end = load<i32>(starts + word(row + 1))
    for (let edge = load<i32>(starts + word(row)); edge < end; edge += 4) {
      const point = edgePoints + word(edge)
      const p0 = v128.load(source + ((<usize>load<u32>(point)) << 4))
      const p1 = v128.load(source + ((<usize>load<u32>(point, 4)) << 4))
      const p2 = v128.load(source + ((<usize>load<u32>(point, 8)) << 4))
      const p3 = v128.load(source + ((<usize>load<u32>(point, 12)) << 4))
      const xy01 = v128.shuffle<f32>(p0, p1, 0, 1, 4, 5)
      const xy23 = v128.shuffle<f32>(p2, p3, 0, 1, 4, 5)
      const z01 = v128.shuffle<f32>(p0, p1, 2, 3, 6, 7)
      const z23 = v128.shuffle<f32>(p2, p3, 2, 3, 6, 7)
      const dx = f32x4.sub(x, v128.shuffle<f32>(xy01, xy23, 0, 2, 4, 6))
      const dy = f32x4.sub(y, v128.shuffle<f32>(xy01, xy23, 1, 3, 5, 7))
      const dz = f32x4.sub(z, v128.shuffle<f32>(z01, z23, 0, 2, 4, 6))
      let square = f32x4.add(f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)), f32x4.mul(dz, dz))
      square = f32x4.add(square, tiny)
      const curve = curveOf(square, c0, c1, c2, c3)
      // Clipping, as the repulsion needs it, would never bite: the pull of an edge stays below 4.
      const weight = f32x4.mul(pull, v128.load(edgeWeights + word(edge)))
      const slope = f32x4.div(f32x4.mul(weight, curve), f32x4.mul(square, f32x4.add(curve, one)))
      sumX = f32x4.add(sumX, f32x4.mul(slope, dx))
      sumY = f32x4.add(sumY, f32x4.mul(slope, dy))
      sumZ = f32x4.add(sumZ, f32x4.mul(slope, dz))
    }
    let apartX = f32x4.splat(0)
    let apartY = f32x4.splat(0)
    let apartZ = f32x4.splat(0)
    const hash = mix(stream + <u32>row * 0x9e3779b9)
    const begin = <usize>((<u64>hash * <u64>count) >> 32)
    const stop = source + ((begin + WINDOW) << 4)
    for (let at = source + (begin << 4); at < stop; at += 64) {
      const p0 = v128.load(at)
      const p1 = v128.load(at, 16)
      const p2 = v128.load(at, 32)
      const p3 = v128.load(at, 48)
      const xy01 = v128.shuffle<f32>(p0, p1, 0, 1, 4, 5)
      const xy23 = v128.shuffle<f32>(p2, p3, 0, 1, 4, 5)
      const z01 = v128.shuffle<f32>(p0, p1, 2, 3, 6, 7)
      const z23 = v128.shuffle<f32>(p2, p3, 2, 3, 6, 7)
      const dx = f32x4.sub(x, v128.shuffle<f32>(xy01, xy23, 0, 2, 4, 6))
      const dy = f32x4.sub(y, v128.shuffle<f32>(xy01, xy23, 1, 3, 5, 7))
      const dz = f32x4.sub(z, v128.shuffle<f32>(z01, z23, 0, 2, 4, 6))
      let square = f32x4.add(f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)), f32x4.mul(dz, dz))
      square = f32x4.add(square, tiny)
      const curve = curveOf(square, c0, c1, c2, c3)
      const slope = f32x4.div(push, f32x4.mul(f32x4.add(square, near), f32x4.add(curve, one)))
      apartX = f32x4.add(apartX, clip(f32x4.mul(slope, dx)))
      apartY = f32x4.add(apartY, clip(f32x4.mul(slope, dy)))
      apartZ = f32x4.add(apartZ, clip(f32x4.mul(slope, dz)))
    }
    const share = (NEGATIVES * load<f32>(degrees + word(row))) / <f32>WINDOW
    const place = target + ((<usize>row) << 4)
    store<f32>(place, f32x4.extract_lane(x, 0) + rate * (sumLanes(sumX) + share * sumLanes(apartX)))
    store<f32>(place, f32x4.extract_lane(y, 0) + rate * (sumLanes(sumY) + share * sumLanes(apartY)), 4)
    store<f32>(place, f32x4.extract_lane(z, 0) + rate * (sumLanes(sumZ) + share * sumLanes(apartZ)), 8)
    store<f32>(place, 0, 12)
  }
}
