import { describe, expect, it } from 'vitest'
import { nearestKeys, strongestKeys } from '../../../src/views/token-rows'

describe('rows of the tables', () => {
  it('name the nearest key of the own sequence only', () => {
    // Two sequences of two tokens; queries 0…3, keys 4…7. Key 6 (another sequence) lies on query 0.
    const points = Float32Array.from([0, 0, 5, 5, 9, 9, 8, 8, 3, 0, 5, 4, 0, 0, 1, 1])
    expect([...nearestKeys(points, 2, 0, 4, 2)]).toEqual([0, 1])
    expect([...nearestKeys(points, 2, 2, 6, 2)]).toEqual([1, 1])
  })

  it('name the strongest keys, without those of no weight', () => {
    const weights = Float32Array.from([0, 0.25, 0.75, 1, 0, 0, 0.5, 0.25, 0.25])
    expect(strongestKeys(weights, 3, 2)).toEqual([
      [
        { key: 2, weight: 0.75 },
        { key: 1, weight: 0.25 },
      ],
      [{ key: 0, weight: 1 }],
      [
        { key: 0, weight: 0.5 },
        { key: 1, weight: 0.25 },
      ],
    ])
  })
})
