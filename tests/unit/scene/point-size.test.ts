import { describe, expect, it } from 'vitest'
import { easeInOut, progressOf } from '../../../src/scene/easing'
import { pointSizePx } from '../../../src/scene/point-size'

describe('pointSizePx', () => {
  it('is about 2.5 in a tile, 6 to 10 on a screen, and grows in between', () => {
    expect(Math.abs(pointSizePx(90, 1000) - 2.5)).toBeLessThan(0.3)
    for (const count of [100, 1000, 10_000]) {
      expect(pointSizePx(870, count)).toBeGreaterThanOrEqual(6)
      expect(pointSizePx(870, count)).toBeLessThanOrEqual(11)
      for (let size = 20; size < 2000; size += 20) {
        expect(pointSizePx(size + 20, count)).toBeGreaterThanOrEqual(pointSizePx(size, count))
      }
    }
    expect(pointSizePx(5, 10_000)).toBeGreaterThan(1)
  })
})

describe('motions', () => {
  it('ease from 0 to 1', () => {
    expect(easeInOut(0)).toBe(0)
    expect(easeInOut(0.5)).toBe(0.5)
    expect(easeInOut(1)).toBe(1)
    for (let t = 0; t < 1; t += 0.05) expect(easeInOut(t + 0.05)).toBeGreaterThan(easeInOut(t))
  })

  it('wait for their first frame, and are over at once without a duration', () => {
    expect(progressOf(Infinity, 250, 1000)).toBe(0)
    expect(progressOf(-Infinity, 250, 1000)).toBe(1)
    expect(progressOf(1000, 250, 1125)).toBe(0.5)
    expect(progressOf(1000, 0, 1000)).toBe(1)
  })
})
