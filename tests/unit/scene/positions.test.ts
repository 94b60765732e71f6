import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawIn, pointKind, robustInterval, storePositions, unitOf } from '../../../src/scene/positions'
import { invertSlots, mixSlots } from '../../../src/scene/slots'

function store(points: number[], dims: 2 | 3, queries: number) {
  const count = points.length / dims
  const slots = mixSlots(count)
  const slotOf = invertSlots(slots)
  const out = new Uint16Array(count * 4)
  const frame = storePositions(Float32Array.from(points), dims, queries, slots, out)
  const at = (point: number): [number, number, number] => {
    const start = slotOf[point]! * 4
    return [unitOf(out[start]!), unitOf(out[start + 1]!), unitOf(out[start + 2]!)]
  }
  return { frame, at, kind: (point: number) => out[slotOf[point]! * 4 + 3] }
}

describe('storePositions', () => {
  it('keeps the aspect ratio and fills the larger side', () => {
    const { frame, at } = store([0, 0, 10, 0, 10, 4, 0, 4], 2, 2)
    expect(frame).toMatchObject({ dims: 2 })
    expect(frame.extentX).toBeCloseTo(1, 3)
    expect(frame.extentY).toBeCloseTo(0.4, 3)
    expect(at(0)[0]).toBeCloseTo(-1, 3)
    expect(at(2)[1]).toBeCloseTo(0.4, 3)
  })

  it('marks queries and keys, and hides what is no number', () => {
    const { kind } = store([0, 0, NaN, 1, 2, Infinity, 3, 3], 2, 2)
    expect([0, 1, 2, 3].map(kind)).toEqual([pointKind.query, pointKind.hidden, pointKind.hidden, pointKind.key])
  })

  it('shows one point, or equal ones, in the middle', () => {
    for (const points of [
      [7, -3],
      [7, -3, 7, -3, 7, -3],
    ]) {
      const { frame, at } = store(points, 2, 1)
      expect(frame.extentX).toBeGreaterThan(0)
      expect(at(0)[0]).toBeCloseTo(0, 3)
      expect(at(0)[1]).toBeCloseTo(0, 3)
    }
    expect(store([1, 1, 1], 3, 1).at(0)[2]).toBeCloseTo(0, 3)
  })

  it('stands nothing but numbers that are none', () => {
    const { frame, kind } = store([NaN, NaN, NaN, NaN], 2, 1)
    expect(frame.extentX).toBeGreaterThan(0)
    expect(kind(0)).toBe(pointKind.hidden)
  })

  it('does not let one outlier shrink the rest', () => {
    const points: number[] = []
    for (let i = 0; i < 1000; i++) points.push(Math.cos(i), Math.sin(i))
    points.push(1e6, 0)
    const { frame, at } = store(points, 2, 500)
    expect(frame.extentX).toBeLessThan(1.2)
    const width = at(0)[0] - at(22)[0] // cos 0 = 1, cos 22 ≈ −1
    expect(width).toBeGreaterThan(1.8)
    expect(at(1000)[0]).toBeCloseTo(frame.extentX, 3)
  })

  it('keeps order along each axis', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 4, maxLength: 80 }), (xs) => {
        const { at } = store(
          xs.flatMap((x) => [x, -x]),
          2,
          2,
        )
        for (let i = 0; i < xs.length; i++) {
          for (let j = 0; j < xs.length; j++) {
            if (Math.fround(xs[i]!) < Math.fround(xs[j]!)) {
              expect(at(i)[0]).toBeLessThanOrEqual(at(j)[0])
              expect(at(i)[1]).toBeGreaterThanOrEqual(at(j)[1])
            }
          }
        }
      }),
      { seed: 3, numRuns: 60 },
    )
  })

  it('keeps three-dimensional points inside a ball, whatever their outliers', () => {
    const points: number[] = []
    for (let i = 0; i < 300; i++) points.push(Math.sin(i), Math.cos(i * 1.7), Math.sin(i * 2.3))
    points.push(500, -900, 20)
    const { frame, at } = store(points, 3, 100)
    for (let i = 0; i <= 300; i++) expect(Math.hypot(...at(i))).toBeLessThanOrEqual(frame.extentX + 1e-3)
    expect(frame.extentX).toBe(frame.extentY)
    expect(frame.extentX).toBeLessThan(2)
  })
})

describe('drawIn', () => {
  it('leaves the middle alone and never reaches its end', () => {
    expect(drawIn(0.7, 1)).toBe(0.7)
    expect(drawIn(-5, 1)).toBe(-drawIn(5, 1))
    expect(drawIn(1e9, 1)).toBeLessThanOrEqual(1.18)
    expect(drawIn(3, 1)).toBeGreaterThan(drawIn(2, 1))
  })
})

describe('robustInterval', () => {
  it('is the whole range of few values and leaves out the extremes of many', () => {
    expect(robustInterval(Float32Array.of(3, 1, 2), 1, 0)).toEqual([1, 3])
    const many = Float32Array.from({ length: 1001 }, (_, i) => i)
    expect(robustInterval(many, 1, 0)).toEqual([10, 990])
    expect(robustInterval(Float32Array.of(NaN), 1, 0)).toBeNull()
  })
})

describe('slots', () => {
  it('are a repeatable permutation whose first part is a fair sample', () => {
    const slots = mixSlots(10_000)
    expect(new Set(slots).size).toBe(10_000)
    expect(slots).toEqual(mixSlots(10_000))
    const queries = slots.subarray(0, 2000).filter((point) => point < 5000).length
    expect(Math.abs(queries - 1000)).toBeLessThan(80)
    const inverse = invertSlots(slots)
    for (let i = 0; i < 10_000; i += 97) expect(slots[inverse[i]!]).toBe(i)
  })
})
