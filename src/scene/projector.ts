import type { ScreenRect } from './api'
import { storedRange, type Frame } from './positions'
import type { Matrix3 } from './rotation'

/** Share of a tile's half width and height that points may fill. */
export const tileFill = 0.92

/** Pixels of one unit of a head's positions when its points fill a tile of this size. */
export function unitPixels(frame: Frame, width: number, height: number): number {
  const extentX = Math.max(frame.extentX, 1e-3)
  const extentY = Math.max(frame.extentY, 1e-3)
  return tileFill * Math.min(width / 2 / extentX, height / 2 / extentY)
}

/** From stored positions (uint16) straight to pixels: x = x0 + xx·sx + xy·sy + xz·sz, y likewise, z towards the viewer in units. */
export interface Projection {
  x: readonly [number, number, number]
  y: readonly [number, number, number]
  z: readonly [number, number, number]
  x0: number
  y0: number
  z0: number
}

const identity: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1]

/** Where a head's stored positions are drawn when its tile lies at `rect`. Flat pictures are not turned. */
export function projectionOf(frame: Frame, rect: ScreenRect, rotation: Matrix3, weight = 1): Projection {
  const pixels = unitPixels(frame, rect.width, rect.height) * weight
  const m = frame.dims === 3 ? rotation : identity
  const perStored = storedRange / 32767.5
  const row = (i: number, scale: number): [number, number, number] => [
    m[i]! * scale * perStored,
    m[i + 1]! * scale * perStored,
    m[i + 2]! * scale * perStored,
  ]
  const origin = (values: readonly number[]): number => -32767.5 * (values[0]! + values[1]! + values[2]!)
  const x = row(0, pixels)
  const y = row(3, -pixels)
  const z = frame.dims === 3 ? row(6, weight) : ([0, 0, 0] as const)
  return {
    x,
    y,
    z,
    x0: (rect.x + rect.width / 2) * weight + origin(x),
    y0: (rect.y + rect.height / 2) * weight + origin(y),
    z0: origin(z),
  }
}

export interface Projected {
  x: number
  y: number
  z: number
}

/** Projects one slot (into `result`, to save memory); while points travel, their origins take part with their own projection. */
export function projectSlot(view: HeadView, slot: number, result: Projected = { x: 0, y: 0, z: 0 }): Projected {
  const at = slot * 4
  const p = view.projection
  const s = view.target
  result.x = p.x0 + p.x[0] * s[at]! + p.x[1] * s[at + 1]! + p.x[2] * s[at + 2]!
  result.y = p.y0 + p.y[0] * s[at]! + p.y[1] * s[at + 1]! + p.y[2] * s[at + 2]!
  result.z = p.z0 + p.z[0] * s[at]! + p.z[1] * s[at + 1]! + p.z[2] * s[at + 2]!
  if (view.travel === null) return result
  const o = view.travel.projection
  const from = view.travel.origin
  result.x += o.x0 + o.x[0] * from[at]! + o.x[1] * from[at + 1]! + o.x[2] * from[at + 2]!
  result.y += o.y0 + o.y[0] * from[at]! + o.y[1] * from[at + 1]! + o.y[2] * from[at + 2]!
  result.z += o.z0 + o.z[0] * from[at]! + o.z[1] * from[at + 1]! + o.z[2] * from[at + 2]!
  return result
}

/** A head's points as they are on the screen at this moment. */
export interface HeadView {
  target: Uint16Array
  projection: Projection
  /** While points travel: where they come from. Both projections carry their share of the way. */
  travel: { origin: Uint16Array; projection: Projection } | null
}
