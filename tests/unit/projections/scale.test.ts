import { describe, expect, test } from 'vitest'
import { searchC } from '../../../src/projections/joint/scale'

const pause = async () => undefined
const search = (measure: (c: number) => number | null) => searchC(async (c) => measure(c), pause)

describe('the search for c', () => {
  test.each([0.27, 0.5, 0.93, 1.8, 4.2])('finds a lowest point at %f within 6 %', async (best) => {
    const found = await search((c) => Math.log(c / best) ** 2)
    expect(Math.abs(Math.log(found / best))).toBeLessThan(0.06)
  })

  test('stays at 1 when nothing improves', async () => {
    expect(await search(() => -0.5)).toBe(1)
    expect(await search((c) => (c === 1 ? -0.5 : -0.50005))).toBe(1)
    expect(await search((c) => Math.log(c) ** 2)).toBe(1)
    expect(await search(() => null)).toBe(1)
    expect(await search((c) => (c === 1 ? -0.1 : null))).toBe(1)
  })

  test('stops exactly at the ends of the range', async () => {
    expect(await search((c) => c)).toBe(0.2)
    expect(await search((c) => -c)).toBe(5)
  })

  test('measures within [.2, 5] only, 15 times at most', async () => {
    const seen: number[] = []
    await search((c) => {
      seen.push(c)
      return Math.log(c / 0.7) ** 2
    })
    expect(Math.min(...seen)).toBe(0.2)
    expect(Math.max(...seen)).toBe(5)
    expect(seen.length).toBeLessThanOrEqual(15)
  })
})
