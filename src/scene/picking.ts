import { pointKind } from './positions'
import { projectSlot, type HeadView } from './projector'

/**
 * The slot nearest to a screen point, within `radius` pixels; −1 if there is none. Points that stand out come before usual ones,
 * those before dimmed ones; of equally near points the one drawn last.
 * @param emphasis [count] of each slot, null: all alike
 */
export function nearestSlot(view: HeadView, x: number, y: number, radius: number, emphasis: Uint8Array | null): number {
  const { target, projection: p, travel } = view
  const count = target.length / 4
  const best = [-1, -1, -1]
  const bestSquared = [radius * radius, radius * radius, radius * radius]
  for (let slot = 0; slot < count; slot++) {
    const at = slot * 4
    if (target[at + 3] === pointKind.hidden) continue
    let dx: number
    let dy: number
    if (travel === null) {
      dx = p.x0 + p.x[0] * target[at]! + p.x[1] * target[at + 1]! + p.x[2] * target[at + 2]! - x
      if (dx > radius || dx < -radius) continue
      dy = p.y0 + p.y[0] * target[at]! + p.y[1] * target[at + 1]! + p.y[2] * target[at + 2]! - y
    } else {
      const place = projectSlot(view, slot)
      dx = place.x - x
      dy = place.y - y
    }
    const squared = dx * dx + dy * dy
    const level = emphasis === null ? 1 : Math.min(2, emphasis[slot]!)
    if (squared <= bestSquared[level]!) {
      bestSquared[level] = squared
      best[level] = slot
    }
  }
  return best[2] !== -1 ? best[2]! : best[1] !== -1 ? best[1]! : best[0]!
}

/** Whether a point lies inside a polygon [x0,y0,x1,y1,…] (even–odd rule). */
export function isInside(polygon: readonly number[], x: number, y: number): boolean {
  let inside = false
  const corners = polygon.length >> 1
  for (let i = 0, j = corners - 1; i < corners; j = i++) {
    const yi = polygon[i * 2 + 1]!
    const yj = polygon[j * 2 + 1]!
    if (yi > y === yj > y) continue
    const xi = polygon[i * 2]!
    const xj = polygon[j * 2]!
    if (x < xi + ((xj - xi) * (y - yi)) / (yj - yi)) inside = !inside
  }
  return inside
}

/** Slots inside a polygon of screen points, hidden points left out. */
export function slotsInPolygon(view: HeadView, polygon: readonly number[]): number[] {
  if (polygon.length < 6) return []
  let left = Infinity
  let right = -Infinity
  let top = Infinity
  let bottom = -Infinity
  for (let i = 0; i + 1 < polygon.length; i += 2) {
    left = Math.min(left, polygon[i]!)
    right = Math.max(right, polygon[i]!)
    top = Math.min(top, polygon[i + 1]!)
    bottom = Math.max(bottom, polygon[i + 1]!)
  }
  const found: number[] = []
  const place = { x: 0, y: 0, z: 0 }
  for (let slot = 0; slot < view.target.length / 4; slot++) {
    if (view.target[slot * 4 + 3] === pointKind.hidden) continue
    projectSlot(view, slot, place)
    const { x, y } = place
    if (x < left || x > right || y < top || y > bottom) continue
    if (isInside(polygon, x, y)) found.push(slot)
  }
  return found
}
