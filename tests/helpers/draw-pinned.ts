import { hashUniform } from '../../src/core/random'
import { ProjectionEngine } from '../../src/projections/project'
import type { PinnedPicture } from './pinned-pictures'

/** SHA-256 of the picture as this engine draws it. */
export async function drawPinned({ projection, dims, metric, n, dim }: PinnedPicture): Promise<string> {
  const fill = (seed: number) =>
    Float32Array.from({ length: n * dim }, (_, at) => hashUniform(seed, at) + hashUniform(seed, at, 1) - 1)
  const { points } = await new ProjectionEngine().project({
    vectors: { q: fill(1), k: fill(2), n, m: n, dim, scale: 1 },
    spans: [{ queryStart: 0, queries: n, keyStart: 0, keys: n }],
    causal: false,
    special: new Uint8Array(n),
    settings: {
      joint: 'translate',
      projection,
      dims,
      metric,
      seed: 0,
      neighbors: 15,
      mindist: 0.1,
      perplexity: 30,
      epochs: null,
      follow: 0,
    },
    figures: false,
    points: null,
    headIndex: 0,
  })
  const digest = await crypto.subtle.digest('SHA-256', points.slice().buffer)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
