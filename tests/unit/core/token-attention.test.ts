import { expect, it } from 'vitest'
import { addTokenAttention } from '../../../src/core/token-attention'

const make = () => ({ entropy: new Float32Array(5), received: new Float32Array(5) })

it('is 1 everywhere for uniform attention, with and without a mask', () => {
  const all = make()
  addTokenAttention(all, new Float32Array(9).fill(1 / 3), 3, 0, { causal: false, window: null })
  expect([...all.entropy.slice(0, 3)]).toEqual([1, 1, 1])
  expect([...all.received.slice(0, 3)]).toEqual([1, 1, 1])
  const causal = make()
  const weights = Float32Array.of(1, 0, 0, 0.5, 0.5, 0, 1 / 3, 1 / 3, 1 / 3)
  addTokenAttention(causal, weights, 3, 2, { causal: true, window: null })
  expect(causal.entropy[2]).toBeNaN()
  expect(causal.entropy[3]).toBeCloseTo(1, 6)
  for (const value of causal.received.slice(2)) expect(value).toBeCloseTo(1, 6)
  expect([...causal.received.slice(0, 2)]).toEqual([0, 0])
})

it('counts what a key gets over what uniform attention would give it', () => {
  const found = make()
  addTokenAttention(found, Float32Array.of(1, 0, 0.75, 0.25), 2, 0, { causal: false, window: null })
  expect(found.received[0]).toBeCloseTo(1.75, 6)
  expect(found.received[1]).toBeCloseTo(0.25, 6)
  expect(found.entropy[0]).toBe(0)
  expect(found.entropy[1]).toBeCloseTo(-(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25)) / Math.log(2), 6)
})
