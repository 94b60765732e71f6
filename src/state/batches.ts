/** Bounds of one call of the model. */
export interface BatchLimits {
  sequences: number
  tokens: number
}

export const defaultBatchLimits: Readonly<BatchLimits> = { sequences: 16, tokens: 4096 }

/**
 * Items of equal length in groups: padding never enters. Longer items come in smaller groups; one that is over the limit
 * by itself is alone. Every item is in one group; the order inside a length is kept.
 */
export function groupByLength<T>(
  items: readonly T[],
  lengthOf: (item: T) => number,
  limits: BatchLimits = defaultBatchLimits,
): T[][] {
  const byLength = new Map<number, T[]>()
  for (const item of items) {
    const length = lengthOf(item)
    const same = byLength.get(length)
    if (same) same.push(item)
    else byLength.set(length, [item])
  }
  const batches: T[][] = []
  for (const [length, same] of byLength) {
    const size = Math.max(1, Math.min(limits.sequences, Math.floor(limits.tokens / Math.max(length, 1))))
    for (let start = 0; start < same.length; start += size) batches.push(same.slice(start, start + size))
  }
  return batches
}

/** Limits that cut a batch of so many items of one length in two, and leave batches of short items as they are. */
export const halved = ({ sequences }: Readonly<BatchLimits>, items: number, length: number): BatchLimits => ({
  sequences,
  tokens: Math.max(length, 1) * Math.max(1, Math.floor(items / 2)),
})
