import { expect, it } from 'vitest'
import { openBeside, shownBeside, toggleCompared } from '../../../src/views/compared-heads'

const head = (layer: number, at: number) => ({ layer, head: at })

it('takes heads in and out, three at most', () => {
  let compared = toggleCompared([], head(1, 2))
  compared = toggleCompared(compared, head(2, 0))
  expect(compared).toEqual([head(1, 2), head(2, 0)])
  expect(toggleCompared(compared, head(1, 2))).toEqual([head(2, 0)])
  compared = toggleCompared(toggleCompared(compared, head(3, 1)), head(3, 2))
  expect(compared).toEqual([head(2, 0), head(3, 1), head(3, 2)])
})

it('the opened head and one beside change places, and none is there twice', () => {
  const compared = [head(0, 1), head(1, 1)]
  expect(openBeside(compared, head(0, 0), head(1, 1))).toEqual([head(0, 1), head(0, 0)])
  expect(openBeside(compared, head(0, 1), head(1, 1))).toEqual([head(0, 1)])
  expect(openBeside(compared, head(0, 0), head(5, 5))).toBe(compared)
})

it('shows those that the model has, but for the opened one', () => {
  const compared = [head(0, 1), head(5, 0), head(1, 1)]
  expect(shownBeside(compared, head(1, 1), { layers: 2, heads: 2 })).toEqual([head(0, 1)])
})
