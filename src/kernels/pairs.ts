// The repelling field of t-SNE, Σ over j of w² (yi − yj) with w = 1/(1 + |yi − yj|²), from the pairs themselves. Points are sorted along a
// space-filling curve into groups of 16; groups far from each other see one point at their middle instead of 16 (after Barnes and
// Hut 1986), near ones every point. With few points all groups are near: exact.
import { align, count, word } from './graph'

const GROUP: i32 = 16
/** Up to so many points every pair counts by itself. */
const EXACT: i32 = 1024
/** A group is far where its radius is below this share of its distance from the other's edge: errors of forces stay below 2 %. */
const OPENING: f32 = 0.7
/** The weight hardly changes over less than this: groups so small are seen as one point from anywhere. */
const NARROW: f32 = 0.3
/** Where there is no point: far enough for a weight of 0. */
const NOWHERE: f32 = 1e18
const RADIX: i32 = 2048

/** [count] places along the curve, sorted, and the points that have them; each twice, for sorting. */
let keys: usize = 0
let order: usize = 0
let nextKeys: usize = 0
let nextOrder: usize = 0
let counters: usize = 0
/** [groups · 16] coordinates in this order. */
let xs: usize = 0
let ys: usize = 0
let zs: usize = 0
/** [groups] middle, radius, number of points. */
let middleX: usize = 0
let middleY: usize = 0
let middleZ: usize = 0
let radii: usize = 0
let masses: usize = 0
/** Groups near to one, and middles and masses of those far from it. */
let near: usize = 0
let farX: usize = 0
let farY: usize = 0
let farZ: usize = 0
let farMass: usize = 0
let total: f64 = 1

function groupsOf(size: i32): i32 {
  return (size + GROUP - 1) / GROUP
}

/** Bytes of working memory for `size` points. */
export function pairBytes(size: i32): usize {
  const groups = groupsOf(size)
  return 4 * align(word(size)) + word(RADIX) + 3 * word(groups * GROUP) + 10 * align(word(groups + 4))
}

export function beginPairs(size: i32, workspace: usize): void {
  const points = align(word(size))
  const groups = groupsOf(size)
  const padded = word(groups * GROUP)
  const each = align(word(groups + 4))
  keys = workspace
  order = keys + points
  nextKeys = order + points
  nextOrder = nextKeys + points
  counters = nextOrder + points
  xs = counters + word(RADIX)
  ys = xs + padded
  zs = ys + padded
  middleX = zs + padded
  middleY = middleX + each
  middleZ = middleY + each
  radii = middleZ + each
  masses = radii + each
  near = masses + each
  farX = near + each
  farY = farX + each
  farZ = farY + each
  farMass = farZ + each
}

/** Spreads the lowest 10 bits to every third place. */
function spreadBits(value: u32): u32 {
  let bits = value & 0x3ff
  bits = (bits | (bits << 16)) & 0x030000ff
  bits = (bits | (bits << 8)) & 0x0300f00f
  bits = (bits | (bits << 4)) & 0x030c30c3
  return (bits | (bits << 2)) & 0x09249249
}

/** Sorts the points along a curve through 1024³ cells, equal ones by index. */
function sortPoints(positions: usize): void {
  let low = f32x4.splat(Infinity)
  let high = f32x4.splat(-Infinity)
  for (let point = 0; point < count; point++) {
    const place = v128.load(positions + ((<usize>point) << 4))
    low = f32x4.pmin(low, place)
    high = f32x4.pmax(high, place)
  }
  const extent = f32x4.sub(high, low)
  const width = max(
    max(f32x4.extract_lane(extent, 0), f32x4.extract_lane(extent, 1)),
    max(f32x4.extract_lane(extent, 2), <f32>1e-30),
  )
  const scale = f32x4.splat(<f32>1023 / width)
  for (let point = 0; point < count; point++) {
    const place = v128.load(positions + ((<usize>point) << 4))
    const cell = i32x4.trunc_sat_f32x4_s(f32x4.mul(f32x4.sub(place, low), scale))
    const key =
      spreadBits(i32x4.extract_lane(cell, 0)) |
      (spreadBits(i32x4.extract_lane(cell, 1)) << 1) |
      (spreadBits(i32x4.extract_lane(cell, 2)) << 2)
    store<u32>(keys + word(point), key)
    store<u32>(order + word(point), point)
  }
  for (let shift = 0; shift < 33; shift += 11) {
    memory.fill(counters, 0, word(RADIX))
    for (let at = 0; at < count; at++) {
      const digit = counters + word((load<u32>(keys + word(at)) >> shift) & (RADIX - 1))
      store<i32>(digit, load<i32>(digit) + 1)
    }
    let before = 0
    for (let digit = 0; digit < RADIX; digit++) {
      const at = counters + word(digit)
      const size = load<i32>(at)
      store<i32>(at, before)
      before += size
    }
    for (let at = 0; at < count; at++) {
      const key = load<u32>(keys + word(at))
      const digit = counters + word((key >> shift) & (RADIX - 1))
      const target = load<i32>(digit)
      store<i32>(digit, target + 1)
      store<u32>(nextKeys + word(target), key)
      store<u32>(nextOrder + word(target), load<u32>(order + word(at)))
    }
    const heldKeys = keys
    const heldOrder = order
    keys = nextKeys
    order = nextOrder
    nextKeys = heldKeys
    nextOrder = heldOrder
  }
}

/** Lays the points out by groups and finds middle and radius of each. */
function gather(positions: usize): void {
  const groups = groupsOf(count)
  for (let group = 0; group < groups; group++) {
    const first = group * GROUP
    const last = min(first + GROUP, count)
    let sum = f32x4.splat(0)
    for (let at = first; at < last; at++) {
      const place = v128.load(positions + ((<usize>load<u32>(order + word(at))) << 4))
      sum = f32x4.add(sum, place)
      store<f32>(xs + word(at), f32x4.extract_lane(place, 0))
      store<f32>(ys + word(at), f32x4.extract_lane(place, 1))
      store<f32>(zs + word(at), f32x4.extract_lane(place, 2))
    }
    for (let at = last; at < first + GROUP; at++) {
      store<f32>(xs + word(at), NOWHERE)
      store<f32>(ys + word(at), NOWHERE)
      store<f32>(zs + word(at), NOWHERE)
    }
    const mass = <f32>(last - first)
    const x = f32x4.extract_lane(sum, 0) / mass
    const y = f32x4.extract_lane(sum, 1) / mass
    const z = f32x4.extract_lane(sum, 2) / mass
    let farthest: f32 = 0
    for (let at = first; at < last; at++) {
      const dx = load<f32>(xs + word(at)) - x
      const dy = load<f32>(ys + word(at)) - y
      const dz = load<f32>(zs + word(at)) - z
      farthest = max(farthest, dx * dx + dy * dy + dz * dz)
    }
    store<f32>(middleX + word(group), x)
    store<f32>(middleY + word(group), y)
    store<f32>(middleZ + word(group), z)
    store<f32>(radii + word(group), sqrt<f32>(farthest))
    store<f32>(masses + word(group), mass)
  }
}

function sumLanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
}

/**
 * Finds the field at `positions` [count,4] (x, y, z, unused): writes −2·Σ w²·(yi − yj), the slope of the potential, to
 * `slopes` [count,4]. Returns Σ over i ≠ j of w.
 */
export function findPairField(positions: usize, slopes: usize): f64 {
  sortPoints(positions)
  gather(positions)
  const groups = groupsOf(count)
  const one = f32x4.splat(1)
  total = 0
  for (let group = 0; group < groups; group++) {
    let nearCount = 0
    let farCount = 0
    const ownRadius = load<f32>(radii + word(group))
    for (let other = 0; other < groups; other++) {
      const dx = load<f32>(middleX + word(other)) - load<f32>(middleX + word(group))
      const dy = load<f32>(middleY + word(other)) - load<f32>(middleY + word(group))
      const dz = load<f32>(middleZ + word(other)) - load<f32>(middleZ + word(group))
      const gap = sqrt<f32>(dx * dx + dy * dy + dz * dz) - ownRadius
      if (count > EXACT && load<f32>(radii + word(other)) < OPENING * max<f32>(gap, NARROW)) {
        store<f32>(farX + word(farCount), load<f32>(middleX + word(other)))
        store<f32>(farY + word(farCount), load<f32>(middleY + word(other)))
        store<f32>(farZ + word(farCount), load<f32>(middleZ + word(other)))
        store<f32>(farMass + word(farCount), load<f32>(masses + word(other)))
        farCount++
      } else {
        store<i32>(near + word(nearCount), other)
        nearCount++
      }
    }
    while (farCount & 3) {
      store<f32>(farX + word(farCount), NOWHERE)
      store<f32>(farY + word(farCount), NOWHERE)
      store<f32>(farZ + word(farCount), NOWHERE)
      store<f32>(farMass + word(farCount), 0)
      farCount++
    }
    const last = min((group + 1) * GROUP, count)
    for (let at = group * GROUP; at < last; at++) {
      const x = v128.load32_splat(xs + word(at))
      const y = v128.load32_splat(ys + word(at))
      const z = v128.load32_splat(zs + word(at))
      let weight = f32x4.splat(0)
      let pushX = f32x4.splat(0)
      let pushY = f32x4.splat(0)
      let pushZ = f32x4.splat(0)
      for (let place = 0; place < nearCount; place++) {
        const first = load<i32>(near + word(place)) * GROUP
        for (let source = word(first); source < word(first + GROUP); source += 16) {
          const dx = f32x4.sub(x, v128.load(xs + source))
          const dy = f32x4.sub(y, v128.load(ys + source))
          const dz = f32x4.sub(z, v128.load(zs + source))
          const square = f32x4.add(f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)), f32x4.mul(dz, dz))
          const w = f32x4.div(one, f32x4.add(one, square))
          const force = f32x4.mul(w, w)
          weight = f32x4.add(weight, w)
          pushX = f32x4.add(pushX, f32x4.mul(force, dx))
          pushY = f32x4.add(pushY, f32x4.mul(force, dy))
          pushZ = f32x4.add(pushZ, f32x4.mul(force, dz))
        }
      }
      for (let source: usize = 0; source < word(farCount); source += 16) {
        const dx = f32x4.sub(x, v128.load(farX + source))
        const dy = f32x4.sub(y, v128.load(farY + source))
        const dz = f32x4.sub(z, v128.load(farZ + source))
        const square = f32x4.add(f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)), f32x4.mul(dz, dz))
        const w = f32x4.div(one, f32x4.add(one, square))
        const share = f32x4.mul(w, v128.load(farMass + source))
        const force = f32x4.mul(w, share)
        weight = f32x4.add(weight, share)
        pushX = f32x4.add(pushX, f32x4.mul(force, dx))
        pushY = f32x4.add(pushY, f32x4.mul(force, dy))
        pushZ = f32x4.add(pushZ, f32x4.mul(force, dz))
      }
      total += <f64>sumLanes(weight) - 1
      const target = slopes + ((<usize>load<u32>(order + word(at))) << 4)
      store<f32>(target, -2 * sumLanes(pushX))
      store<f32>(target, -2 * sumLanes(pushY), 4)
      store<f32>(target, -2 * sumLanes(pushZ), 8)
      store<f32>(target, 0, 12)
    }
  }
  return total
}
