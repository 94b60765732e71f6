import type { AtlasSceneApi } from '../scene/api'
import type { HeadRef } from '../core/types'

export type Direction = 'left' | 'right' | 'up' | 'down'

const axes: Record<Direction, readonly [number, number]> = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
}

/** Places on the screen of all drawn points of a head, [points,2]; NaN for what is not drawn or outside. */
export function placesOf(scene: AtlasSceneApi, head: HeadRef, count: number): Float32Array {
  const places = new Float32Array(2 * count).fill(Number.NaN)
  for (let point = 0; point < count; point += 1) {
    const at = scene.screenOf({ head, point })
    if (!at) continue
    places[2 * point] = at.x
    places[2 * point + 1] = at.y
  }
  return places
}

/**
 * The next point in a direction: the least way along it plus twice the way aside, inside 60° on both sides. Points that lie on
 * the same spot follow each other by index, to the right and down upwards, so that none is out of reach.
 * @returns `from` itself where there is none
 */
export function nextPoint(places: Float32Array, from: number, direction: Direction): number {
  const [dx, dy] = axes[direction]
  const [x, y] = [places[2 * from]!, places[2 * from + 1]!]
  const isUpwards = direction === 'right' || direction === 'down'
  let best = from
  let least = Infinity
  let twin = -1
  for (let point = 0; point < places.length / 2; point += 1) {
    const wayX = places[2 * point]! - x
    const wayY = places[2 * point + 1]! - y
    if (point === from || Number.isNaN(wayX)) continue
    if (wayX === 0 && wayY === 0) {
      if (isUpwards ? point > from && twin < 0 : point < from) twin = point
      continue
    }
    const along = wayX * dx + wayY * dy
    const aside = Math.abs(wayX * dy) + Math.abs(wayY * dx)
    if (along <= 0 || aside > along * Math.sqrt(3)) continue
    const cost = along + 2 * aside
    if (cost < least) {
      least = cost
      best = point
    }
  }
  return twin >= 0 ? twin : best
}

/** The point nearest to a place; −1 where none is drawn. */
export function nearestTo(places: Float32Array, x: number, y: number): number {
  let best = -1
  let least = Infinity
  for (let point = 0; point < places.length / 2; point += 1) {
    const distance = Math.hypot(places[2 * point]! - x, places[2 * point + 1]! - y)
    if (distance < least) {
      least = distance
      best = point
    }
  }
  return best
}

/** Ascending points with one more, or without it where it was there. */
export function togglePoint(points: readonly number[] | null, point: number): readonly number[] | null {
  const rest = (points ?? []).filter((other) => other !== point)
  if (points?.includes(point)) return rest.length > 0 ? rest : null
  return [...rest, point].sort((a, b) => a - b)
}
