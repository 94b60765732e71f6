import { beforeAll, describe, expect, test } from 'vitest'
import { computeFidelity, type Fidelity } from '../../../src/core/fidelity'
import { translateKeys } from '../../../src/core/joint'
import { meanOfRows } from '../../../src/core/linear'
import { hashUniform } from '../../../src/core/random'
import { TrustMeter } from '../../../src/core/trust'
import type { HeadVectors, Span } from '../../../src/core/types'
import { blendStarts, fitPicture, followInput } from '../../../src/projections/follow'
import { sampleAttention, type SampleInput } from '../../../src/projections/follow-sample'
import { NeighborSearch } from '../../../src/projections/neighbors'
import { computePca } from '../../../src/projections/pca'
import { alignTo } from '../../../src/projections/procrustes'
import { projectionInfo } from '../../../src/projections/registry'
import { computeTsne } from '../../../src/projections/tsne'
import type { HeadContext } from '../../../src/projections/types'
import { computeUmap, startFrom, UmapLayout } from '../../../src/projections/umap'
import { degenerateHeads, makeHead, makeSpans } from '../../contracts/heads'
import { contextOf, defaultSettings, rowsOf } from '../../helpers/heads'
import { readGoldenHead, readTwoHeads, spansOf } from '../golden-head'

const layouts = { umap: computeUmap, tsne: computeTsne }
const names = ['umap', 'tsne'] as const

const contextFor = (
  vectors: HeadVectors,
  spans: Span[],
  follow: number,
  more: Partial<HeadContext> = {},
): HeadContext => ({
  ...contextOf(translateKeys(vectors), { follow, neighbors: 15, epochs: null }, undefined, spans),
  vectors,
  ...more,
})

/** The first sentences of a real head: it is fitted to every other one. */
function readShortHead(sentences: number) {
  const golden = readGoldenHead()
  const spans = golden.spans.slice(0, sentences)
  const n = spans.at(-1)!.queryStart + spans.at(-1)!.queries
  const { q, k, dim, scale } = golden.vectors
  const vectors: HeadVectors = { q: q.slice(0, n * dim), k: k.slice(0, n * dim), n, m: n, dim, scale }
  return { vectors, tied: spans.filter((_, at) => at % 2 === 0) }
}

describe('on sentences it was not fitted to, a head of the built-in text model', () => {
  const { heads, spans, special } = readTwoHeads()
  const [vectors, neighborHead] = heads
  const { n, dim } = vectors
  const tied = spans.filter((_, at) => at % 2 === 0)
  const free = spans.filter((_, at) => at % 2 === 1)
  const joint = translateKeys(vectors)
  const more = { special, keySpecial: special }
  const judge = (points: Float32Array): Fidelity =>
    computeFidelity(
      {
        vectors,
        joint,
        jointMetric: 'cosine',
        mask: { causal: false, window: null },
        querySpecial: special,
        keySpecial: special,
        points,
        dims: 2,
      },
      free,
    )
  const trustOf = (points: Float32Array): number => {
    const meter = new TrustMeter({ joint, metric: 'cosine', points, dims: 2 })
    for (let point = 0; point < 2 * n; point += 8) meter.add(point)
    return meter.result().all!
  }
  /** Each row of a sequence gets another one's, in no order that could be learned. */
  const mixRows = (rows: Float32Array) => {
    const mixed = rows.slice()
    for (const { queryStart, queries } of spans) {
      const order = Array.from({ length: queries }, (_, at) => at)
      order.sort((a, b) => hashUniform(1, queryStart, a) - hashUniform(1, queryStart, b))
      for (let at = 0; at < queries; at++) {
        const from = (queryStart + order[(at + 1) % queries]!) * dim
        mixed.set(rows.subarray(from, from + dim), (queryStart + order[at]!) * dim)
      }
    }
    return mixed
  }
  const averageRows = (rows: Float32Array) => {
    const averaged = rows.slice()
    for (const { queryStart, queries } of spans) {
      const sequence = rows.subarray(queryStart * dim, (queryStart + queries) * dim)
      const mean = meanOfRows(sequence, queries, dim)
      for (let row = queryStart; row < queryStart + queries; row++) averaged.set(mean, row * dim)
    }
    return averaged
  }
  const controls: [string, HeadVectors][] = [
    ['another query’s row', { ...vectors, q: mixRows(vectors.q) }],
    ['the mean row of the sequence', { ...vectors, q: averageRows(vectors.q) }],
    ['random keys of the sequence', { ...vectors, k: mixRows(vectors.k) }],
    ['another head', neighborHead],
  ]

  describe.each(names)('%s', (name) => {
    const draw = (given: HeadVectors, follow: number) => layouts[name](joint, contextFor(given, tied, follow, more))
    let following: Float32Array
    let after: Fidelity
    beforeAll(async () => {
      following = await draw(vectors, 1)
      after = judge(following)
    })

    test('agrees better with attention than without following, and keeps its neighbours', async () => {
      const classic = await draw(vectors, 0)
      const before = judge(classic)
      expect(after.picture! - before.picture!).toBeLessThan(-0.2)
      expect(after.pictureSpecific! - before.pictureSpecific!).toBeLessThan(-0.02)
      expect(after.pictureRecall! - before.pictureRecall!).toBeGreaterThan(0.1)
      expect(trustOf(following) - trustOf(classic)).toBeGreaterThan(-0.01)
    })

    test.each(controls)('agrees better with attention than a layout that follows %s', async (_, given) => {
      const other = judge(await draw(given, 1))
      expect(after.picture!).toBeLessThan(other.picture!)
      expect(after.pictureSpecific!).toBeLessThan(other.pictureSpecific!)
      expect(after.pictureRecall!).toBeGreaterThan(other.pictureRecall!)
    })
  })
})

describe('without following', () => {
  const { vectors, tied } = readShortHead(12)
  const joint = translateKeys(vectors)

  test('UMAP is laid out from the principal axes and nothing else', async () => {
    const context = contextFor(vectors, tied, 0)
    const [search, layout] = [await NeighborSearch.load(), await UmapLayout.load()]
    const neighbors = await search.find(rowsOf(joint), vectors.n + vectors.m, vectors.dim, 14, 'cosine')
    const pca = await computePca(joint, 'cosine', 2, tied)
    const points = await layout.run(neighbors, startFrom(pca, 2, 0, 0), { ...context.settings, headIndex: 0 }, () =>
      Promise.resolve(),
    )
    alignTo(points, pca, 2)
    expect(await computeUmap(joint, context)).toEqual(points)
  })

  test.each(names)('%s does not look at attention; following it does', async (name) => {
    const turned = { ...vectors, q: vectors.q.map((value) => -value) }
    const draw = (head: HeadVectors, follow: number) => layouts[name](joint, contextFor(head, tied, follow))
    const classic = await draw(vectors, 0)
    expect(await draw(turned, 0)).toEqual(classic)
    expect(await draw(vectors, 1)).not.toEqual(classic)
    expect(await draw(turned, 1)).not.toEqual(await draw(vectors, 1))
    expect(await draw(vectors, 1)).toEqual(await draw(vectors, 1))
  })

  test('is the default', () => {
    expect(defaultSettings.follow).toBe(0)
    for (const name of names) {
      const parameter = projectionInfo(name)!.parameters.find(({ id }) => id === 'follow')
      expect(parameter).toMatchObject({ default: 0, minimum: 0, maximum: 1 })
    }
  })
})

describe('the sample', () => {
  const lengths = [3, 4, 7, 30, 300, 1, 12]
  const spans = spansOf(lengths)
  const n = lengths.reduce((sum, length) => sum + length, 0)
  const special = new Uint8Array(n)
  for (const span of spans) special[span.queryStart] = 1
  const input = (mask: SampleInput['mask']): SampleInput => ({
    vectors: makeHead(n),
    spans,
    mask,
    querySpecial: special,
    keySpecial: special,
  })
  const pairsOf = (given: SampleInput) => {
    const sample = sampleAttention(given)
    return sample.blocks.flatMap((block) =>
      Array.from({ length: block.queryEnd - block.queryStart }, (_, at) => block.queryStart + at).flatMap((query) =>
        Array.from({ length: sample.pairStart[query + 1]! - sample.pairStart[query]! }, (_, at) => ({
          pair: sample.pairStart[query]! + at,
          ordinary: sample.queryOrdinary[query]! * sample.keyOrdinary[sample.first[query]! + at]!,
          query: sample.queries[query]!,
          key: sample.keys[sample.first[query]! + at]!,
        })),
      ),
    )
  }
  const sequenceOf = (token: number) => spans.findIndex(({ queryStart, queries }) => token < queryStart + queries)

  test.each([
    { causal: false, window: null },
    { causal: true, window: null },
    { causal: true, window: 4 },
    { causal: false, window: 3 },
  ])('holds visible pairs of one sequence only: %o', (mask) => {
    const pairs = pairsOf(input(mask))
    expect(pairs.length).toBeGreaterThan(50)
    expect(new Set(pairs.map(({ query, key }) => `${query} ${key}`)).size).toBe(pairs.length)
    for (const { query, key } of pairs) {
      expect(sequenceOf(query)).toBe(sequenceOf(key))
      if (mask.causal) expect(key).toBeLessThanOrEqual(query)
      if (mask.window !== null) expect(Math.abs(key - query)).toBeLessThanOrEqual(mask.window)
    }
  })

  test('takes short sequences whole and a part of long ones, none that is too short', () => {
    const pairs = pairsOf(input({ causal: false, window: null }))
    const counts = lengths.map((_, index) => pairs.filter(({ query }) => sequenceOf(query) === index).length)
    expect(counts).toEqual([0, 0, 49, 900, 1600, 0, 144])
  })

  test('targets are ranks and centred scores', () => {
    const given = input({ causal: false, window: null })
    const sample = sampleAttention(given)
    const { q, k, dim } = given.vectors
    const score = (query: number, key: number) => {
      let sum = 0
      for (let column = 0; column < dim; column++) sum += q[query * dim + column]! * k[key * dim + column]!
      return sum
    }
    const pairs = pairsOf(given)
    for (const { query } of pairs.filter(({ pair }) => pair % 97 === 0)) {
      const row = pairs.filter((other) => other.query === query)
      const ranks = row.map(({ pair }) => sample.ranks[pair]!)
      expect(ranks.reduce((sum, rank) => sum + rank, 0)).toBeCloseTo(0, 5)
      expect(ranks.reduce((sum, rank) => sum + rank * rank, 0)).toBeCloseTo(1, 5)
      const best = row.reduce((top, other) => (score(query, other.key) > score(query, top.key) ? other : top))
      expect(sample.ranks[best.pair]).toBe(Math.max(...ranks))
      const centred = row.reduce((sum, { pair }) => sum + sample.specific[pair]!, 0)
      expect(centred).toBeCloseTo(0, 5)
    }
    for (const { pair, query, key, ordinary } of pairs) {
      expect(ordinary).toBe(special[query] || special[key] ? 0 : 1)
      if (!ordinary) expect(Math.abs(sample.specific[pair]!)).toBe(0)
    }
  })

  test('equal queries leave nothing specific, rather than rounding blown up', () => {
    const given = input({ causal: false, window: null })
    const { q, dim } = given.vectors
    const equal = q.map((_, at) => q[at % dim]! / 3)
    const { specific, ranks } = sampleAttention({ ...given, vectors: { ...given.vectors, q: equal } })
    expect(specific.every((value) => value === 0)).toBe(true)
    expect(ranks.some((rank) => rank !== 0)).toBe(true)
  })

  test('is bounded for any input', () => {
    for (const length of [5, 20, 1000]) {
      const many = spansOf(Array<number>(Math.ceil(20_000 / length)).fill(length))
      const count = many.length * length
      const flags = new Uint8Array(count)
      const { ranks, queries, keys } = sampleAttention({
        ...input({ causal: false, window: null }),
        vectors: makeHead(count),
        spans: many,
        querySpecial: flags,
        keySpecial: flags,
      })
      expect(ranks.length).toBeLessThanOrEqual(40_000)
      expect(queries.length + keys.length).toBeLessThanOrEqual(4000)
      expect(queries.length).toBeGreaterThan(500)
      // Less for a small input, whose layout takes less time too.
      const few = many.filter(({ queryStart, queries: own }) => queryStart + own <= 2500)
      const small = sampleAttention({
        ...input({ causal: false, window: null }),
        vectors: makeHead(2500),
        spans: few,
        querySpecial: flags,
        keySpecial: flags,
      })
      expect(small.effort).toBe(0.5)
      expect(small.ranks.length).toBeLessThanOrEqual(20_000)
      // From all over the input.
      expect(Math.min(...queries)).toBeLessThan(count * 0.1)
      expect(Math.max(...queries)).toBeGreaterThan(count * 0.9)
    }
  })
})

test('a fitted picture is centred, holds outliers, and is null without a sequence to fit to', async () => {
  const { vectors, tied } = readShortHead(20)
  const joint = translateKeys(vectors)
  const context = contextFor(vectors, tied, 1)
  for (const dims of [2, 3] as const) {
    const pca = await computePca(joint, 'cosine', dims, tied)
    const picture = (await fitPicture(joint, 'cosine', pca, dims, followInput(context)))!
    expect(picture).toHaveLength(2 * vectors.n * dims)
    for (let axis = 0; axis < dims; axis++) {
      const column = picture.filter((_, at) => at % dims === axis)
      const mean = column.reduce((sum, value) => sum + value, 0) / column.length
      const spread = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length)
      expect(Math.abs(mean)).toBeLessThan(0.05 * spread)
    }
    const short = { ...followInput(context), spans: spansOf([2, 3, 4]) }
    expect(await fitPicture(joint, 'cosine', pca, dims, short)).toBeNull()
  }
})

test('a start lies between the classic and the fitted one', () => {
  const classic = Float32Array.of(1, 2, -3, 4)
  const fitted = Float32Array.of(-1, 0, 5, 2)
  expect(blendStarts(classic, fitted, 0, 10, 30)).toEqual(classic)
  expect(blendStarts(classic, fitted, 1, 10, 30)).toEqual(fitted.map((value) => 3 * value))
  expect([...blendStarts(classic, fitted, 0.5, 10, 30)]).toEqual([0, 2, 2, 6])
  expect(blendStarts(classic, fitted, 1, 10, 3)).toEqual(fitted)
})

describe.each(names)('%s that follows', (name) => {
  test.each([['one long sequence', makeHead(40)] as [string, HeadVectors], ...degenerateHeads])(
    'is finite and of the right size: %s',
    async (_, head) => {
      for (const causal of [false, true]) {
        const context = contextFor(head, makeSpans(head.n), 1, { causal })
        const points = await layouts[name](translateKeys(head), context)
        expect(points).toHaveLength(2 * (head.n + head.m))
        expect(points.every(Number.isFinite)).toBe(true)
      }
    },
  )
})

test.each(names)('%s does not look at pairs that the mask hides', async (name) => {
  const head = makeHead(40)
  const spans = spansOf([20, 20])
  // Under a causal mask the first query of a sequence sees itself only: what it would score elsewhere is hidden.
  const q = head.q.slice()
  for (let at = 0; at < head.dim; at++) q[at]! *= -3
  const draw = (vectors: HeadVectors, causal: boolean) =>
    layouts[name](translateKeys(head), contextFor(vectors, spans, 1, { causal }))
  expect(await draw({ ...head, q }, true)).toEqual(await draw(head, true))
  expect(await draw({ ...head, q }, false)).not.toEqual(await draw(head, false))
})

test('UMAP follows in space too', async () => {
  const head = makeHead(60)
  const context = contextFor(head, makeSpans(60), 1)
  const points = await computeUmap(translateKeys(head), { ...context, settings: { ...context.settings, dims: 3 } })
  expect(points).toHaveLength(360)
  expect(points.every(Number.isFinite)).toBe(true)
})
