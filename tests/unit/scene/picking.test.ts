import { describe, expect, it } from 'vitest'
import { isInside, nearestSlot, slotsInPolygon } from '../../../src/scene/picking'
import { storePositions } from '../../../src/scene/positions'
import { projectionOf, projectSlot, type HeadView } from '../../../src/scene/projector'
import { orbitRotation, restingRotation, rotationMatrix } from '../../../src/scene/rotation'
import { mixSlots } from '../../../src/scene/slots'

const rect = { x: 100, y: 50, width: 400, height: 300 }
const rotation = rotationMatrix(orbitRotation(restingRotation, 0.7, -0.2))

function scatter(count: number, dims: 2 | 3): { view: HeadView; slots: Uint32Array } {
  const points = Float32Array.from({ length: count * dims }, (_, i) => Math.sin(i * 12.9898) * Math.cos(i * 78.233) * 3)
  const slots = mixSlots(count)
  const target = new Uint16Array(count * 4)
  const frame = storePositions(points, dims, count / 2, slots, target)
  return { view: { target, projection: projectionOf(frame, rect, rotation), travel: null }, slots }
}

describe('projection', () => {
  it.each([2, 3] as const)('keeps all points of %i dimensions inside the tile', (dims) => {
    const { view, slots } = scatter(2000, dims)
    for (let slot = 0; slot < slots.length; slot++) {
      const { x, y } = projectSlot(view, slot)
      expect(x).toBeGreaterThanOrEqual(rect.x)
      expect(x).toBeLessThanOrEqual(rect.x + rect.width)
      expect(y).toBeGreaterThanOrEqual(rect.y)
      expect(y).toBeLessThanOrEqual(rect.y + rect.height)
    }
  })

  it('draws larger y higher up', () => {
    const target = new Uint16Array(8)
    const frame = storePositions(Float32Array.of(0, 0, 0, 1), 2, 1, Uint32Array.of(0, 1), target)
    const view: HeadView = { target, projection: projectionOf(frame, rect, rotation), travel: null }
    expect(projectSlot(view, 1).y).toBeLessThan(projectSlot(view, 0).y)
  })

  it('halfway, points are halfway', () => {
    const from = scatter(100, 2)
    const to = scatter(100, 3)
    const start = storePositions(
      new Float32Array(200).map((_, i) => i % 17),
      2,
      50,
      from.slots,
      from.view.target,
    )
    const end = { extentX: 1, extentY: 1, dims: 3 } as const
    const travelling: HeadView = {
      target: to.view.target,
      projection: projectionOf(end, rect, rotation, 0.5),
      travel: { origin: from.view.target, projection: projectionOf(start, rect, rotation, 0.5) },
    }
    const a = projectSlot(
      { target: from.view.target, projection: projectionOf(start, rect, rotation), travel: null },
      7,
    )
    const b = projectSlot({ target: to.view.target, projection: projectionOf(end, rect, rotation), travel: null }, 7)
    const half = projectSlot(travelling, 7)
    expect(half.x).toBeCloseTo((a.x + b.x) / 2, 6)
    expect(half.y).toBeCloseTo((a.y + b.y) / 2, 6)
  })
})

describe('nearestSlot', () => {
  it.each([2, 3] as const)('agrees with a search over all projected points in %i dimensions', (dims) => {
    const { view } = scatter(3000, dims)
    for (let trial = 0; trial < 200; trial++) {
      const x = 80 + ((trial * 37) % 440)
      const y = 40 + ((trial * 61) % 320)
      let best = Infinity
      for (let slot = 0; slot < 3000; slot++) {
        const place = projectSlot(view, slot)
        best = Math.min(best, Math.hypot(place.x - x, place.y - y))
      }
      const found = nearestSlot(view, x, y, 9, null)
      if (best > 9) expect(found).toBe(-1)
      else {
        const place = projectSlot(view, found)
        expect(Math.hypot(place.x - x, place.y - y)).toBeCloseTo(best, 9)
      }
    }
  })

  it('prefers what stands out to what is dimmed, and skips hidden points', () => {
    const target = new Uint16Array(12)
    const frame = storePositions(Float32Array.of(0, 0, 0.001, 0, 1, 0), 2, 1, Uint32Array.of(0, 1, 2), target)
    const view: HeadView = { target, projection: projectionOf(frame, rect, rotation), travel: null }
    const { x, y } = projectSlot(view, 0)
    expect(nearestSlot(view, x, y, 8, Uint8Array.of(0, 1, 1))).toBe(1)
    expect(nearestSlot(view, x, y, 8, Uint8Array.of(1, 2, 1))).toBe(1)
    expect(nearestSlot(view, x, y, 8, Uint8Array.of(0, 0, 1))).toBe(0)
    target[3] = 0
    target[7] = 0
    expect(nearestSlot(view, x, y, 8, null)).toBe(-1)
  })
})

describe('polygons', () => {
  const square = [0, 0, 10, 0, 10, 10, 0, 10]

  it('know inside from outside, also where they bend inwards', () => {
    expect(isInside(square, 5, 5)).toBe(true)
    expect(isInside(square, 15, 5)).toBe(false)
    const arrow = [0, 0, 10, 5, 0, 10, 4, 5]
    expect(isInside(arrow, 2, 5)).toBe(false)
    expect(isInside(arrow, 6, 5)).toBe(true)
  })

  it('find the slots inside and nothing with fewer than three corners', () => {
    const { view } = scatter(1000, 2)
    const polygon = [150, 80, 420, 120, 300, 330]
    const found = new Set(slotsInPolygon(view, polygon))
    expect(found.size).toBeGreaterThan(20)
    for (let slot = 0; slot < 1000; slot++) {
      const { x, y } = projectSlot(view, slot)
      expect(found.has(slot)).toBe(isInside(polygon, x, y))
    }
    expect(slotsInPolygon(view, [0, 0, 500, 500])).toEqual([])
  })
})
