// What a layout is fitted to and what it is judged by, and controls: what is not the head's attention.
import { computeFidelity } from '../../src/core/fidelity'
import { hashUniform } from '../../src/core/random'
import { TrustMeter } from '../../src/core/trust'
import type { HeadVectors, JointVectors, Span } from '../../src/core/types'
import { type Heads, vectorsOf } from './heads'

/** A head with the sequences (or parts of them) that a layout may be fitted to, and those that it is judged by. */
export interface Case {
  vectors: HeadVectors
  headIndex: number
  causal: boolean
  querySpecial: Uint8Array
  keySpecial: Uint8Array
  tied: Span[]
  free: Span[]
}

/** Sequences with even numbers are tied, those with odd numbers judge. */
export function halveSequences(data: Heads, at: number): Case {
  return {
    vectors: vectorsOf(data, at),
    headIndex: data.heads[at]!.index,
    causal: data.causal,
    querySpecial: data.special,
    keySpecial: data.special,
    tied: data.spans.filter((_, index) => index % 2 === 0),
    free: data.spans.filter((_, index) => index % 2 === 1),
  }
}

/** Every other query of each sequence is tied, the rest judge: queries change places so that each half lies together. */
export function halveQueries(data: Heads, at: number): Case {
  const whole = halveSequences(data, at)
  const { dim, spans, special } = data
  const q = whole.vectors.q.slice()
  const querySpecial = special.slice()
  const tied: Span[] = []
  const free: Span[] = []
  for (const span of spans) {
    const half = Math.ceil(span.queries / 2)
    for (let index = 0; index < span.queries; index++) {
      const to = span.queryStart + (index % 2 === 0 ? index / 2 : half + (index - 1) / 2)
      const from = span.queryStart + index
      q.set(whole.vectors.q.subarray(from * dim, (from + 1) * dim), to * dim)
      querySpecial[to] = special[from]!
    }
    tied.push({ ...span, queries: half })
    free.push({ ...span, queryStart: span.queryStart + half, queries: span.queries - half })
  }
  return { ...whole, vectors: { ...whole.vectors, q }, querySpecial, tied, free }
}

/** What controls are fitted to. */
export const controls = {
  otherRow: (data: Heads, at: number): HeadVectors => {
    const vectors = vectorsOf(data, at)
    return { ...vectors, q: mixRows(data, vectors.q) }
  },
  meanRow: (data: Heads, at: number): HeadVectors => {
    const vectors = vectorsOf(data, at)
    return { ...vectors, q: averageRows(data, vectors.q) }
  },
  randomKeys: (data: Heads, at: number): HeadVectors => {
    const vectors = vectorsOf(data, at)
    return { ...vectors, k: mixRows(data, vectors.k) }
  },
  otherHead: (data: Heads, at: number): HeadVectors => vectorsOf(data, (at + 1) % data.heads.length),
}

export type Control = keyof typeof controls

/**
 * Each row of a sequence gets another one's, without any order that a map could learn: a swap by half of the length, say, would be
 * learned in heads that look at positions.
 */
function mixRows({ spans, dim }: Heads, rows: Float32Array): Float32Array {
  const mixed = rows.slice()
  for (const { queryStart, queries } of spans) {
    const order = Array.from({ length: queries }, (_, index) => index)
    order.sort((a, b) => hashUniform(1, queryStart, a) - hashUniform(1, queryStart, b))
    for (let index = 0; index < queries; index++) {
      const from = (queryStart + order[(index + 1) % queries]!) * dim
      mixed.set(rows.subarray(from, from + dim), (queryStart + order[index]!) * dim)
    }
  }
  return mixed
}

function averageRows({ spans, dim }: Heads, rows: Float32Array): Float32Array {
  const averaged = rows.slice()
  for (const { queryStart, queries } of spans) {
    for (let column = 0; column < dim; column++) {
      let sum = 0
      for (let row = queryStart; row < queryStart + queries; row++) sum += rows[row * dim + column]!
      for (let row = queryStart; row < queryStart + queries; row++) averaged[row * dim + column] = sum / queries
    }
  }
  return averaged
}

export interface Figures {
  overall: number
  specific: number
  recall: number
  chance: number
  trust: number
  trustQueries: number
  trustKeys: number
  trustAcross: number
}

/** Points a head that trust is measured at; other ones in each head, so that all heads together see the whole picture. */
const trustPoints = 160

/** Figures of a picture [n+m,2] on what was not tied. */
export function judge(part: Case, joint: JointVectors, points: Float32Array): Figures {
  const { vectors, querySpecial, keySpecial, causal, free } = part
  const mask = { causal, window: null }
  const input = { vectors, joint, jointMetric: 'cosine', mask, querySpecial, keySpecial, points, dims: 2 } as const
  const fidelity = computeFidelity(input, free)
  const meter = new TrustMeter({ joint, metric: 'cosine', points, dims: 2 })
  const count = joint.n + joint.m
  for (let index = 0; index < trustPoints; index++)
    meter.add(Math.floor(((index + hashUniform(2, part.headIndex, index)) * count) / trustPoints))
  const trust = meter.result()
  return {
    overall: fidelity.picture ?? 0,
    specific: fidelity.pictureSpecific ?? 0,
    recall: fidelity.pictureRecall ?? 0,
    chance: fidelity.chanceRecall ?? 0,
    trust: trust.all ?? 0,
    trustQueries: trust.queries ?? 0,
    trustKeys: trust.keys ?? 0,
    trustAcross: trust.across ?? 0,
  }
}
