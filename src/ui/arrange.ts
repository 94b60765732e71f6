import type { HeadSort } from '../state/arrangement-choice.svelte'

export type { HeadSort }

export interface Arrangement {
  sort: HeadSort
  /** Heads with a value outside, or without one, are left out; null: all stay. */
  range: readonly [number, number] | null
}

type Values = readonly (number | null)[]

const isInside = (value: number | null, range: Arrangement['range']): boolean =>
  range === null || (value !== null && value >= range[0] && value <= range[1])

/**
 * Which head lies where: `order[row · columns + column]`, −1 for an empty place. Sorted heads fill the rows one after the other,
 * equal ones in the order of layers and heads, those without a value last. Not sorted, every head keeps its place.
 * @returns null for the plain grid
 */
export function arrangeHeads(values: Values, columns: number, { sort, range }: Arrangement): Int32Array | null {
  if (sort === 'grid' && range === null) return null
  if (sort === 'grid') return Int32Array.from(values, (value, index) => (isInside(value, range) ? index : -1))
  const kept = sortHeads(values, sort).filter((index) => isInside(values[index] ?? null, range))
  const places = Math.max(1, Math.ceil(kept.length / Math.max(1, columns))) * columns
  return Int32Array.from({ length: places }, (_, place) => kept[place] ?? -1)
}

/** Indices of heads, highest or lowest value first; those without a value last. */
export function sortHeads(values: Values, sort: 'high' | 'low'): number[] {
  const sign = sort === 'high' ? -1 : 1
  return Array.from(values, (_, index) => index).sort((a, b) => {
    const [one, other] = [values[a] ?? null, values[b] ?? null]
    if (one === null || other === null) return (one === null ? 1 : 0) - (other === null ? 1 : 0) || a - b
    return sign * (one - other) || a - b
  })
}

const steps = { left: [0, -1], right: [0, 1], up: [-1, 0], down: [1, 0] } as const

/** The next head in a direction of an arranged grid, over empty places; −1 at the edge. From a head that is left out: the first one. */
export function neighbourInOrder(
  order: Int32Array,
  columns: number,
  index: number,
  direction: keyof typeof steps,
): number {
  const place = order.indexOf(index)
  if (place < 0) return order.find((head) => head >= 0) ?? -1
  const [down, right] = steps[direction]
  let row = Math.floor(place / columns) + down
  let column = (place % columns) + right
  while (row >= 0 && row * columns < order.length && column >= 0 && column < columns) {
    const head = order[row * columns + column] ?? -1
    if (head >= 0) return head
    row += down
    column += right
  }
  return -1
}

export interface Extent {
  low: number
  high: number
  /** Heads with a value. */
  count: number
}

export function extentOf(values: Values): Extent | null {
  let low = Infinity
  let high = -Infinity
  let count = 0
  for (const value of values) {
    if (value === null) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
    count += 1
  }
  return count > 0 ? { low, high, count } : null
}

/** Heads in each of `bins` equal steps from the lowest to the highest value. */
export function countBins(values: Values, { low, high }: Extent, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) {
    if (value === null) continue
    const share = high > low ? (value - low) / (high - low) : 0.5
    counts[Math.min(bins - 1, Math.floor(share * bins))]! += 1
  }
  return counts
}

/** Value as a share from the lowest to the highest; NaN where there is none. */
export const shareOfExtent = (value: number | null, extent: Extent | null): number =>
  value === null || !extent
    ? Number.NaN
    : extent.high > extent.low
      ? (value - extent.low) / (extent.high - extent.low)
      : 0.5
