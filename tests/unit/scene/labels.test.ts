import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseLabels, type LabelCandidate } from '../../../src/scene/labels'

const label = (x: number, y: number, priority = 0, width = 40, height = 12): LabelCandidate => ({
  x,
  y,
  width,
  height,
  priority,
})

const overlap = (a: LabelCandidate, b: LabelCandidate, padding: number): boolean =>
  a.x < b.x + b.width + padding &&
  b.x < a.x + a.width + padding &&
  a.y < b.y + b.height + padding &&
  b.y < a.y + a.height + padding

describe('chooseLabels', () => {
  it('takes the more important of two that overlap, the earlier of equal ones', () => {
    expect(chooseLabels([label(0, 0, 1), label(10, 4, 2)])).toEqual([1])
    expect(chooseLabels([label(0, 0), label(10, 4)])).toEqual([0])
  })

  it('takes all that are apart, by importance', () => {
    expect(chooseLabels([label(0, 0, 1), label(300, 0, 3), label(0, 300, 2)])).toEqual([1, 2, 0])
  })

  it('keeps the padding, the limit and the bounds', () => {
    expect(chooseLabels([label(0, 0), label(41, 0)], { padding: 2 })).toEqual([0])
    expect(chooseLabels([label(0, 0), label(43, 0)], { padding: 2 })).toEqual([0, 1])
    expect(chooseLabels([label(0, 0), label(100, 0), label(200, 0)], { limit: 2 })).toEqual([0, 1])
    const bounds = { x: 0, y: 0, width: 100, height: 100 }
    expect(chooseLabels([label(-1, 0), label(61, 0), label(60, 88)], { bounds })).toEqual([2])
  })

  it('ignores what has no place', () => {
    expect(chooseLabels([label(NaN, 0, 9), label(0, 0)])).toEqual([1])
    expect(chooseLabels([])).toEqual([])
  })

  it('chooses a set without overlaps to which nothing can be added', () => {
    const candidate = fc.record({
      x: fc.integer({ min: -200, max: 900 }),
      y: fc.integer({ min: -200, max: 700 }),
      width: fc.integer({ min: 1, max: 180 }),
      height: fc.integer({ min: 1, max: 40 }),
      priority: fc.integer({ min: 0, max: 3 }),
    })
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 120 }), fc.integer({ min: 0, max: 8 }), (candidates, padding) => {
        const chosen = chooseLabels(candidates, { padding })
        expect(chooseLabels(candidates, { padding })).toEqual(chosen)
        candidates.forEach((one, index) => {
          const others = chosen.filter((other) => other !== index)
          const collides = others.some((other) => overlap(one, candidates[other]!, padding))
          expect(collides).toBe(!chosen.includes(index))
        })
      }),
      { seed: 4 },
    )
  })
})
