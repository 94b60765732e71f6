import { readFileSync } from 'node:fs'
import type { HeadVectors, Span } from '../../src/core/types'

interface GoldenHead {
  n: number
  d: number
  lengths: number[]
  before_projection: { spearman_cosine: number; recall5: number }
  reference: Record<string, { T12: number; spearman?: number }>
}

const address = (name: string) => new URL(`../goldens/projections/${name}`, import.meta.url)

export const goldenHead = JSON.parse(readFileSync(address('head.json'), 'utf8')) as GoldenHead

/** q and k of a real head (L3 H9 of a sentence encoder, 166 sentences) and where its sentences lie. */
export function readGoldenHead(): { vectors: HeadVectors; spans: Span[] } {
  const bytes = readFileSync(address('head.f32'))
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const { n, d } = goldenHead
  const vectors = { q: floats.slice(0, n * d), k: floats.slice(n * d), n, m: n, dim: d, scale: 1 / Math.sqrt(d) }
  return { vectors, spans: spansOf(goldenHead.lengths) }
}

/** Sequences of these lengths, one after the other; queries and keys of the same tokens. */
export function spansOf(lengths: readonly number[]): Span[] {
  let start = 0
  return lengths.map((length) => {
    const span = { queryStart: start, queries: length, keyStart: start, keys: length }
    start += length
    return span
  })
}
