import { describe, expect, it } from 'vitest'
import { HeadStore } from '../../../src/scene/head-store'
import { projectionOf, projectSlot, type HeadView } from '../../../src/scene/projector'
import { restingRotation, rotationMatrix } from '../../../src/scene/rotation'

const sight = { tileWidth: 300, tileHeight: 200, rotation: rotationMatrix(restingRotation) }
const rect = { x: 0, y: 0, width: 300, height: 200 }
const cloud = (seed: number, dims: number): Float32Array =>
  Float32Array.from({ length: 40 * dims }, (_, i) => Math.sin((i + 1) * (seed + 1.37)))

function place(store: HeadStore, head: number, point: number, nowMs: number): [number, number] {
  const stored = store.head(head)!
  const t = store.travel(stored, nowMs)
  const view: HeadView = {
    target: stored.target,
    projection: projectionOf(stored.targetFrame, rect, sight.rotation, t),
    travel: { origin: stored.origin, projection: projectionOf(stored.originFrame, rect, sight.rotation, 1 - t) },
  }
  const { x, y } = projectSlot(view, store.slotOf[point]!)
  return [x, y]
}

describe('HeadStore', () => {
  it('lays points out by chunk and head, and a part of each head where not all fit', () => {
    const count = 2000
    const points = Float32Array.from({ length: count * 2 }, (_, i) => Math.sin(i))
    const whole = new HeadStore(3, 900, 1100, 10_000, 250)
    whole.setPoints(1, points, 2, 0, null)
    expect(whole.chunks).toBe(7)
    expect(whole.shown).toBeGreaterThanOrEqual(count)
    const gathered: number[] = []
    for (let chunk = 0; chunk < whole.chunks; chunk++) {
      const start = whole.chunkStart(1, chunk) * 4
      gathered.push(...whole.targets.subarray(start, start + whole.chunkSlots * 4))
    }
    expect(Uint16Array.from(gathered.slice(0, count * 4))).toEqual(whole.head(1)!.target)
    expect(gathered.slice(count * 4).every((value) => value === 0)).toBe(true)

    const part = new HeadStore(3, 900, 1100, 900, 250)
    part.setPoints(1, points, 2, 0, null)
    expect(part.shown).toBe(300)
    expect(part.targets.slice(300 * 4, 600 * 4)).toEqual(whole.head(1)!.target.slice(0, 300 * 4))
  })

  it.each([
    [2, 2],
    [2, 3],
    [3, 2],
    [3, 3],
  ] as const)('turns a travel from %i to %i dimensions around without a jump', (first, second) => {
    const store = new HeadStore(1, 20, 20, 1000, 250)
    store.setPoints(0, cloud(1, first), first, 0, null)
    store.setPoints(0, cloud(2, second), second, 0, sight)
    store.head(0)!.travelStartMs = 0
    const interruptedMs = 110
    const before = Array.from({ length: 40 }, (_, point) => place(store, 0, point, interruptedMs))
    store.setPoints(0, cloud(3, first), first, interruptedMs, sight)
    store.head(0)!.travelStartMs = interruptedMs
    before.forEach(([x, y], point) => {
      const [afterX, afterY] = place(store, 0, point, interruptedMs)
      expect(Math.abs(afterX - x)).toBeLessThan(0.1)
      expect(Math.abs(afterY - y)).toBeLessThan(0.1)
    })
  })

  it('starts where another head is and ends where its own points are', () => {
    const store = new HeadStore(2, 20, 20, 1000, 250)
    store.setPoints(0, cloud(1, 2), 2, 0, null)
    store.setPoints(1, cloud(2, 2), 2, 0, null)
    const own = place(store, 1, 5, 0)
    const other = place(store, 0, 5, 0)
    expect(store.travelFrom(1, 0, 0, sight)).toBe(true)
    store.head(1)!.travelStartMs = 0
    const start = place(store, 1, 5, 0)
    const end = place(store, 1, 5, 250)
    expect(start[0]).toBeCloseTo(other[0], 2)
    expect(end[0]).toBeCloseTo(own[0], 2)
    expect(store.travelFrom(1, 1, 0, sight)).toBe(false)
  })

  it('lets points that had no place appear where they belong', () => {
    const store = new HeadStore(1, 20, 20, 1000, 250)
    const holes = cloud(1, 2)
    holes[6] = NaN
    store.setPoints(0, holes, 2, 0, null)
    store.setPoints(0, cloud(2, 2), 2, 0, sight)
    const { origin, target } = store.head(0)!
    const at = store.slotOf[3]! * 4
    expect(origin.slice(at, at + 3)).toEqual(target.slice(at, at + 3))
  })
})
