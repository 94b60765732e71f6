const usual = 128
const smallest = usual / 2
const largest = 255

/**
 * [n+m] diameters in 128ths of the usual, linear in the norm: half at the 1st percentile of all norms, twice at the 99th. Queries
 * and keys share one scale, so that their norm gap is seen.
 */
export function sizesByNorm({ q, k }: { q: Float32Array; k: Float32Array }): Uint8Array {
  const norms = new Float32Array(q.length + k.length)
  norms.set(q)
  norms.set(k, q.length)
  const sorted = norms.slice().sort()
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))] ?? 0
  const high = sorted[Math.ceil(0.99 * (sorted.length - 1))] ?? 0
  return Uint8Array.from(norms, (norm) => {
    if (high <= low) return usual
    const share = Math.max(0, Math.min(1, (norm - low) / (high - low)))
    return Math.round(smallest + share * (largest - smallest))
  })
}
