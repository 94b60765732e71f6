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

/** q and k of two heads of the built-in text model on 60 sentences, where the sentences lie, and which tokens are special. */
export function readTwoHeads(): { heads: [HeadVectors, HeadVectors]; spans: Span[]; special: Uint8Array } {
  const { n, d, step, lengths } = JSON.parse(readFileSync(address('two-heads.json'), 'utf8')) as {
    n: number
    d: number
    step: number
    lengths: number[]
  }
  const bytes = readFileSync(address('two-heads.i16'))
  const values = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const table = (index: number) =>
    Float32Array.from(values.subarray(index * n * d, (index + 1) * n * d), (x) => x * step)
  const head = (index: number): HeadVectors => ({
    q: table(2 * index),
    k: table(2 * index + 1),
    n,
    m: n,
    dim: d,
    scale: 1 / Math.sqrt(d),
  })
  const spans = spansOf(lengths)
  const special = new Uint8Array(n)
  for (const span of spans) special[span.queryStart] = special[span.queryStart + span.queries - 1] = 1
  return { heads: [head(0), head(1)], spans, special }
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
