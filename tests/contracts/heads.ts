import { hashUniform } from '../../src/core/random'
import type { HeadVectors, ProjectionSettings, Span } from '../../src/core/types'
import type { ProjectionJob } from '../../src/rpc/contracts'
import type { SliceClock } from '../../src/projections/slices'

export const settings: ProjectionSettings = {
  joint: 'translate',
  projection: 'pca',
  dims: 2,
  metric: 'cosine',
  seed: 3,
  neighbors: 5,
  mindist: 0.1,
  perplexity: 5,
  epochs: 40,
  follow: 0,
}

/** Keys lie apart from queries, as in a real head. */
export function makeHead(n: number, m = n, dim = 6): HeadVectors {
  const numbers = (count: number, seed: number, shift: number) =>
    Float32Array.from({ length: count * dim }, (_, index) => hashUniform(seed, index) - shift)
  return { q: numbers(n, 11, 0.3), k: numbers(m, 12, 1.4), n, m, dim, scale: 1 / Math.sqrt(dim) }
}

/** Sequences of ten tokens and a rest. */
export function makeSpans(n: number): Span[] {
  const spans: Span[] = []
  for (let start = 0; start < n; start += 10) {
    const length = Math.min(10, n - start)
    spans.push({ queryStart: start, queries: length, keyStart: start, keys: length })
  }
  return spans
}

export function makeJob(vectors: HeadVectors, more: Partial<ProjectionSettings> = {}): ProjectionJob {
  return {
    vectors,
    spans: makeSpans(vectors.n),
    causal: false,
    special: new Uint8Array(vectors.n),
    settings: { ...settings, ...more },
    figures: false,
    points: null,
    headIndex: 17,
  }
}

/** A clock that makes every pause report and let messages in. */
export function hastyClock(): SliceClock {
  let now = 0
  return { now: () => (now += 1000), yieldToMessages: () => Promise.resolve() }
}

export const degenerateHeads: [string, HeadVectors][] = [
  ['no point', makeHead(0)],
  ['one point', makeHead(1)],
  ['two points', makeHead(2)],
  ['three points', makeHead(3)],
  ['all equal', { ...makeHead(30), q: new Float32Array(180).fill(0.7), k: new Float32Array(180).fill(0.7) }],
  ['zeros', { ...makeHead(30), q: new Float32Array(180), k: new Float32Array(180) }],
  ['one dimension', makeHead(30, 30, 1)],
  ['half of the points doubled', double(makeHead(30))],
  ['huge', enlarge(makeHead(30), 1e15)],
  ['tiny', enlarge(makeHead(30), 1e-15)],
]

function double(head: HeadVectors): HeadVectors {
  head.q.copyWithin(90, 0, 90)
  head.k.copyWithin(90, 0, 90)
  return head
}

function enlarge(head: HeadVectors, factor: number): HeadVectors {
  return { ...head, q: head.q.map((value) => value * factor), k: head.k.map((value) => value * factor) }
}
