import type { ModelInfo } from '../core/types'

/** Bytes that one token takes while it is explored: q, k and v of all heads, coordinates in three dimensions, norms. */
export function bytesPerToken({ layers, heads, kvHeads, headDim, valueDim }: ModelInfo): number {
  const vectors = heads * headDim + kvHeads * headDim + kvHeads * valueDim
  const pictures = heads * 2 * 3
  const norms = heads + kvHeads
  return 4 * layers * (vectors + pictures + norms)
}

/** A quarter of the device's memory, but at most 1 GB: a tab that holds more is likely to be ended. 1 GB where the browser does not tell. */
export const memoryLimitBytes = (deviceMemoryGb: number | undefined): number =>
  Math.min(2 ** 30, ((deviceMemoryGb ?? 4) * 2 ** 30) / 4)

/** Bytes in words. */
export const formatBytes = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${Math.round(bytes / 2 ** 20)} MB`
