import { describe, expect, it } from 'vitest'
import { nearestTo, nextPoint, togglePoint } from '../../../src/views/point-walk'

// 0 in the middle, 1 right, 2 far right, 3 above, 4 below left, 5 not drawn, 6 on 0.
const places = Float32Array.from([50, 50, 60, 52, 90, 50, 52, 20, 30, 80, NaN, NaN, 50, 50])

describe('walking over points', () => {
  it('goes to the next one in a direction', () => {
    const others = places.slice(0, 12)
    expect(nextPoint(others, 0, 'right')).toBe(1)
    expect(nextPoint(others, 1, 'right')).toBe(2)
    expect(nextPoint(others, 0, 'up')).toBe(3)
    expect(nextPoint(others, 0, 'down')).toBe(4)
    expect(nextPoint(others, 2, 'right')).toBe(2)
  })

  it('reaches points on the same spot, one after the other', () => {
    expect(nextPoint(places, 0, 'right')).toBe(6)
    expect(nextPoint(places, 6, 'right')).toBe(1)
    expect(nextPoint(places, 6, 'left')).toBe(0)
    const equal = new Float32Array(8).fill(3)
    expect(nextPoint(equal, 1, 'down')).toBe(2)
    expect(nextPoint(equal, 3, 'down')).toBe(3)
    expect(nextPoint(equal, 2, 'up')).toBe(1)
  })

  it('begins near a place', () => {
    expect(nearestTo(places, 88, 49)).toBe(2)
    expect(nearestTo(Float32Array.from([NaN, NaN]), 0, 0)).toBe(-1)
  })

  it('takes points and gives them back', () => {
    expect(togglePoint(null, 4)).toEqual([4])
    expect(togglePoint([4], 2)).toEqual([2, 4])
    expect(togglePoint([2, 4], 4)).toEqual([2])
    expect(togglePoint([2], 2)).toBeNull()
  })
})
