import { hashUniform } from '../core/random'
import type { Span } from '../core/types'

/** Points of a preview. */
const samplePoints = 2000
/** With fewer points the whole is there nearly as soon as its preview. */
const worthwhilePoints = 4000
/** A sample of more than this share costs nearly as much as the whole. */
const largestShare = 0.5

/**
 * Whole sequences drawn at random (seeded) that hold about 2,000 queries and keys, as ascending indices. null: a preview would
 * not pay.
 */
export function chooseSample(spans: readonly Span[], seed: number): number[] | null {
  const sizeOf = ({ queries, keys }: Span) => queries + keys
  const total = spans.reduce((sum, span) => sum + sizeOf(span), 0)
  if (total <= worthwhilePoints) return null
  const order = spans
    .map((_, index) => ({ index, rank: hashUniform(seed, index, 0x5a3b1e) }))
    .sort((one, other) => one.rank - other.rank || one.index - other.index)
  const chosen: number[] = []
  let points = 0
  for (const { index } of order) {
    const size = sizeOf(spans[index]!)
    if (size === 0 || (chosen.length > 0 && points + size > samplePoints)) continue
    chosen.push(index)
    points += size
    if (points > 0.95 * samplePoints) break
  }
  return points <= largestShare * total ? chosen.sort((one, other) => one - other) : null
}
