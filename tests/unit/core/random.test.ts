import { expect, test } from 'vitest'
import { createRandom, hashIntegers, hashUniform } from '../../../src/core/random'

test('a number depends on all four parts and on nothing else', () => {
  expect(hashUniform(1, 2, 3, 4)).toBe(hashUniform(1, 2, 3, 4))
  const all = new Set<number>()
  for (let part = 0; part < 4; part++) {
    for (let value = 0; value < 500; value++) {
      const parts = [7, 7, 7, 7]
      parts[part] = 1000 + value
      all.add(hashIntegers(parts[0]!, parts[1], parts[2], parts[3]))
    }
  }
  expect(all.size).toBe(2000)
})

test('numbers are spread evenly over [0,1)', () => {
  const bins = new Float64Array(16)
  const count = 64_000
  for (let point = 0; point < count; point++) bins[Math.floor(16 * hashUniform(5, 3, point >> 8, point & 255))]! += 1
  const expected = count / 16
  let chi = 0
  for (const bin of bins) chi += (bin - expected) ** 2 / expected
  expect(chi).toBeLessThan(45) // 15 degrees of freedom: once in 10,000 seeds; this seed is fixed
})

test('neighbours are not correlated', () => {
  let sum = 0
  const count = 20_000
  for (let point = 0; point < count; point++) {
    sum += (hashUniform(1, 0, 0, point) - 0.5) * (hashUniform(1, 0, 0, point + 1) - 0.5)
  }
  expect(Math.abs((12 * sum) / count)).toBeLessThan(0.03)
})

test('a generator repeats itself for the same seed and stream only', () => {
  const take = (seed: number, stream?: number) => Array.from({ length: 5 }, createRandom(seed, stream))
  expect(take(1)).toEqual(take(1))
  expect(take(1)).not.toEqual(take(2))
  expect(take(1, 1)).not.toEqual(take(1, 2))
})
