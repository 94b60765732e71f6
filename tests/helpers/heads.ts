import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createRandom } from '../../src/core/random'
import type { JointVectors, ProjectionSettings, Span } from '../../src/core/types'
import type { HeadContext } from '../../src/projections/types'

export const defaultSettings: ProjectionSettings = {
  joint: 'translate',
  projection: 'umap',
  dims: 2,
  metric: 'cosine',
  seed: 0,
  neighbors: 15,
  mindist: 0.1,
  perplexity: 30,
  epochs: null,
  follow: 0,
}

/** Queries and keys as one array. */
export function rowsOf({ q, k }: JointVectors): Float32Array {
  const rows = new Float32Array(q.length + k.length)
  rows.set(q)
  rows.set(k, q.length)
  return rows
}

/** The first half of the rows as queries, the rest as keys. */
export function jointOf(rows: Float32Array, dim: number): JointVectors {
  const count = rows.length / dim
  const n = Math.ceil(count / 2)
  const shift = new Float32Array(dim)
  return { q: rows.slice(0, n * dim), k: rows.slice(n * dim), n, m: count - n, dim, c: 1, shift }
}

/** What a projection knows beside the joint vectors; all rows are one sequence where no spans are given. */
export function contextOf(
  joint: JointVectors,
  settings: Partial<ProjectionSettings> = {},
  pause: HeadContext['pause'] = () => Promise.resolve(),
  spans: Span[] = [{ queryStart: 0, queries: joint.n, keyStart: 0, keys: joint.m }],
): HeadContext {
  const { q, k, n, m, dim } = joint
  return {
    vectors: { q, k, n, m, dim, scale: 1 / Math.sqrt(dim) },
    spans,
    causal: false,
    window: null,
    special: new Uint8Array(n),
    keySpecial: new Uint8Array(m),
    settings: { ...defaultSettings, ...settings },
    headIndex: 0,
    pause,
  }
}

interface ReferenceHead {
  joint: JointVectors
  spans: Span[]
  /** Trustworthiness@12 of the named peer. */
  trust(peer: string): number
}

/** The head of tests/goldens/projections, keys translated onto the queries' mean. */
export function readReferenceHead(): ReferenceHead {
  const folder = path.resolve(import.meta.dirname, '../goldens/projections')
  const info = JSON.parse(readFileSync(path.join(folder, 'head.json'), 'utf8')) as {
    n: number
    d: number
    lengths: number[]
    reference: Record<string, { T12: number }>
  }
  const blob = readFileSync(path.join(folder, 'head.f32'))
  const floats = new Float32Array(blob.buffer.slice(blob.byteOffset, blob.byteOffset + blob.byteLength))
  const { n, d } = info
  const q = floats.slice(0, n * d)
  const k = floats.slice(n * d)
  const shift = new Float32Array(d)
  for (let column = 0; column < d; column++) {
    let sum = 0
    for (let at = column; at < n * d; at += d) sum += q[at]! - k[at]!
    shift[column] = sum / n
  }
  for (let at = 0; at < k.length; at++) k[at]! += shift[at % d]!
  const spans: Span[] = []
  let start = 0
  for (const length of info.lengths) {
    spans.push({ queryStart: start, queries: length, keyStart: start, keys: length })
    start += length
  }
  const trust = (peer: string) => info.reference[peer]!.T12
  return { joint: { q, k, n, m: n, dim: d, c: 1, shift }, spans, trust }
}

/** Rows [count,dim] around `clusters` centres, roughly normal; `distance` between the centres in standard deviations. */
export function clusteredRows(count: number, dim: number, clusters: number, distance: number, seed = 1): Float32Array {
  const random = createRandom(seed)
  const normal = () => (random() + random() + random() + random() - 2) * Math.sqrt(3)
  const centres = Array.from({ length: clusters * dim }, () => (normal() * distance) / Math.sqrt(2 * dim))
  return Float32Array.from({ length: count * dim }, (_, at) => {
    const cluster = Math.floor(at / dim) % clusters
    return centres[cluster * dim + (at % dim)]! + normal()
  })
}
