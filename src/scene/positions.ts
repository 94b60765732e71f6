/** Stored positions span −range … range on 16 bits; the robust box of a head spans −1 … 1. */
export const storedRange = 2

/** How far beyond the robust box the farthest outlier can come, in half boxes. */
const rim = 0.18

const largestSample = 2048

/** What a head's stored positions need to fill a tile. */
export interface Frame {
  /** Half width and half height of all points after outliers were drawn in; equal and rotation-proof in three dimensions. */
  extentX: number
  extentY: number
  dims: 2 | 3
}

/** The fourth component of a stored position. */
export const pointKind = { hidden: 0, query: 1, key: 2 } as const

export const storedOf = (unit: number): number =>
  Math.min(65535, Math.max(0, Math.round((unit / storedRange + 1) * 32767.5)))

export const unitOf = (stored: number): number => (stored / 32767.5 - 1) * storedRange

/** Identity up to `limit`, then ever slower, never reaching `limit + room`. Odd. */
export function drawIn(value: number, limit: number, room = rim): number {
  const beyond = Math.abs(value) - limit
  if (beyond <= 0) return value
  const t = beyond / room
  return Math.sign(value) * (limit + (room * t) / (1 + t))
}

/** 1 % and 99 % of finite values of one axis (of a fair sample of many); null without any. */
export function robustInterval(points: Float32Array, dims: number, axis: number): [low: number, high: number] | null {
  const count = points.length / dims
  const step = Math.max(1, Math.ceil(count / largestSample))
  const sample = new Float32Array(Math.ceil(count / step))
  let size = 0
  for (let i = 0; i < count; i += step) {
    const value = points[i * dims + axis]!
    if (Number.isFinite(value)) sample[size++] = value
  }
  if (size === 0) return null
  const sorted = sample.subarray(0, size).sort()
  return [sorted[Math.floor(0.01 * (size - 1))]!, sorted[Math.ceil(0.99 * (size - 1))]!]
}

/**
 * Stores one head's points as four uint16 each (x, y, z, kind), in slot order, isotropic: the larger half of the robust box is 1.
 * Points with a coordinate that is no finite number are hidden.
 * @param points [count,dims]
 * @param slots [count], point of each slot; points below `queries` are queries
 * @param out [count,4]
 */
export function storePositions(
  points: Float32Array,
  dims: 2 | 3,
  queries: number,
  slots: Uint32Array,
  out: Uint16Array,
): Frame {
  const x = robustInterval(points, dims, 0) ?? [0, 0]
  const y = robustInterval(points, dims, 1) ?? [0, 0]
  const z = dims === 3 ? (robustInterval(points, dims, 2) ?? [0, 0]) : [0, 0]
  const center = [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2, (z[0]! + z[1]!) / 2] as const
  const half = [(x[1] - x[0]) / 2, (y[1] - y[0]) / 2, (z[1]! - z[0]!) / 2] as const
  const unit = Math.max(half[0], half[1], half[2]) || 1
  return dims === 2
    ? storeFlat(points, queries, slots, out, [center[0], center[1]], [half[0] / unit, half[1] / unit], unit)
    : storeRound(points, queries, slots, out, center, unit)
}

function storeFlat(
  points: Float32Array,
  queries: number,
  slots: Uint32Array,
  out: Uint16Array,
  center: readonly [number, number],
  limit: readonly [number, number],
  unit: number,
): Frame {
  const box = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity }
  const count = slots.length
  const drawnIn = new Float32Array(count * 2)
  for (let point = 0; point < count; point++) {
    const x = drawIn((points[point * 2]! - center[0]) / unit, limit[0])
    const y = drawIn((points[point * 2 + 1]! - center[1]) / unit, limit[1])
    drawnIn[point * 2] = x
    drawnIn[point * 2 + 1] = y
    if (!Number.isFinite(x + y)) continue
    if (x < box.left) box.left = x
    if (x > box.right) box.right = x
    if (y < box.bottom) box.bottom = y
    if (y > box.top) box.top = y
  }
  const middleX = box.right >= box.left ? (box.left + box.right) / 2 : 0
  const middleY = box.top >= box.bottom ? (box.bottom + box.top) / 2 : 0
  for (let slot = 0; slot < count; slot++) {
    const point = slots[slot]!
    const x = drawnIn[point * 2]! - middleX
    const y = drawnIn[point * 2 + 1]! - middleY
    writePoint(out, slot, x, y, 0, point < queries)
  }
  const extentX = Math.max(0, box.right - middleX)
  const extentY = Math.max(0, box.top - middleY)
  return extentX + extentY > 0 ? { extentX, extentY, dims: 2 } : { extentX: 1, extentY: 1, dims: 2 }
}

/** Three dimensions: drawn in by radius, so that no turn brings a point out of its tile. */
function storeRound(
  points: Float32Array,
  queries: number,
  slots: Uint32Array,
  out: Uint16Array,
  center: readonly [number, number, number],
  unit: number,
): Frame {
  const radii = new Float32Array(slots.length)
  for (let point = 0; point < radii.length; point++) {
    const x = points[point * 3]! - center[0]
    const y = points[point * 3 + 1]! - center[1]
    const z = points[point * 3 + 2]! - center[2]
    radii[point] = Math.sqrt(x * x + y * y + z * z) / unit
  }
  const limit = robustInterval(radii, 1, 0)?.[1] ?? 1
  let extent = 0
  for (let slot = 0; slot < slots.length; slot++) {
    const point = slots[slot]!
    const x = (points[point * 3]! - center[0]) / unit
    const y = (points[point * 3 + 1]! - center[1]) / unit
    const z = (points[point * 3 + 2]! - center[2]) / unit
    const radius = radii[point]!
    const kept = drawIn(radius, limit, rim / 2)
    const shrink = radius > 0 ? kept / radius : 1
    if (kept > extent) extent = kept
    writePoint(out, slot, x * shrink, y * shrink, z * shrink, point < queries)
  }
  return extent > 0 ? { extentX: extent, extentY: extent, dims: 3 } : { extentX: 1, extentY: 1, dims: 3 }
}

function writePoint(out: Uint16Array, slot: number, x: number, y: number, z: number, isQuery: boolean): void {
  const at = slot * 4
  const finite = Number.isFinite(x + y + z)
  out[at] = finite ? storedOf(x) : 0
  out[at + 1] = finite ? storedOf(y) : 0
  out[at + 2] = finite ? storedOf(z) : 0
  out[at + 3] = finite ? (isQuery ? pointKind.query : pointKind.key) : pointKind.hidden
}
