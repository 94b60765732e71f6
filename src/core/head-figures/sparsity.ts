import { createRowMeter, describePattern } from './row-mean'
import type { HeadFigure } from './types'

const id = 'sparsity'
const share = 0.9
/** Sums of weights that should reach the share exactly may miss it by rounding. */
const rounding = 1e-9

export const sparsity: HeadFigure = {
  infos: describePattern({
    id,
    label: 'Keys for 90 %',
    definition:
      'Smallest share of the visible keys that holds 90 % of a query’s attention, mean over queries, then over sequences: low is sparse.',
    high: 'many keys are needed to hold 90 % of the attention',
  }),
  createMeter: (longest) => {
    const spare = new Float64Array(longest)
    return createRowMeter(id, ({ weights, first, end, visible }, mean) => {
      for (let key = first; key < end; key++) spare[key - first] = weights[key]!
      const uniform = Math.ceil(share * visible - rounding)
      mean.add(countLargest(spare, visible, share - rounding) / visible, uniform / visible)
    })
  },
}

/**
 * How many of the largest of `values[0 … count)` sum to `wanted`: quickselect by weight, so no row is sorted. Reorders `values`.
 */
export function countLargest(values: Float64Array, count: number, wanted: number): number {
  let start = 0
  let end = count
  let missing = wanted
  while (end - start > 1) {
    const pivot = middleOfThree(values[start]!, values[(start + end) >> 1]!, values[end - 1]!)
    // Larger than the pivot to the left, smaller to the right, equal in between.
    let left = start
    let right = end
    let larger = 0
    for (let at = start; at < right;) {
      const value = values[at]!
      if (value > pivot) {
        values[at++] = values[left]!
        values[left++] = value
        larger += value
      } else if (value < pivot) {
        values[at] = values[--right]!
        values[right] = value
      } else at++
    }
    if (larger >= missing) {
      end = left
      continue
    }
    missing -= larger
    const equal = right - left
    if (equal * pivot >= missing) return left + Math.min(equal, Math.ceil(missing / pivot))
    missing -= equal * pivot
    start = right
  }
  return Math.min(count, start + 1)
}

const middleOfThree = (a: number, b: number, c: number): number =>
  a > b ? (b > c ? b : a > c ? c : a) : a > c ? a : b > c ? c : b
