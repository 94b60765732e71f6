import { beforeAll, describe, expect, it } from 'vitest'
import { translateKeys } from '../../../src/core/joint'
import type { HeadVectors, ProjectionId, ProjectionSettings, Span } from '../../../src/core/types'
import { computePca } from '../../../src/projections/pca'
import { loadProjection } from '../../../src/projections/registry'
import { defaultSettings } from '../../../src/state/settings'
import { readGolden } from '../../helpers/goldens'
import { readGoldenHead, spansOf } from '../golden-head'

const golden = readGolden('bge-small-en-v1.5')

/** One head of a real model over some of its golden inputs. */
function readHead(layer: number, head: number, inputs: readonly number[]): { vectors: HeadVectors; spans: Span[] } {
  const dim = golden.headDim
  const lengths = inputs.map((input) => golden.inputs[input]!.tokens.length)
  const rows = (name: 'q' | 'k') =>
    new Float32Array(
      inputs.flatMap((input, at) => {
        const { data } = golden.tensor(`input${input}.layer${layer}.${name}`)!
        const size = lengths[at]! * dim
        return [...data.subarray(head * size, (head + 1) * size)]
      }),
    )
  const n = lengths.reduce((sum, length) => sum + length, 0)
  return { vectors: { q: rows('q'), k: rows('k'), n, m: n, dim, scale: golden.scale }, spans: spansOf(lengths) }
}

const pca = ({ vectors, spans }: { vectors: HeadVectors; spans: Span[] }) =>
  computePca(translateKeys(vectors), 'cosine', 2, spans)

const axisOf = (points: Float32Array, axis: number): number[] =>
  Array.from({ length: points.length / 2 }, (_, at) => points[at * 2 + axis]!)

function correlation(one: readonly number[], other: readonly number[]): number {
  const centre = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return values.map((value) => value - mean)
  }
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, at) => sum + value * y[at]!, 0)
  const [a, b] = [centre(one), centre(other)]
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

const allHeads = Array.from({ length: golden.layers * golden.heads }, (_, index) => ({
  layer: Math.floor(index / golden.heads),
  head: index % golden.heads,
}))

describe('the orientation of real heads', () => {
  const pictures: Float32Array[] = []
  const inputs = golden.inputs.map((_, index) => index)
  const lengths = golden.inputs.map(({ tokens }) => tokens.length)

  beforeAll(async () => {
    for (const { layer, head } of allHeads) pictures.push(await pca(readHead(layer, head, inputs)))
  })

  it('agrees between neighbouring heads far more often than not', () => {
    let [alike, mirrored] = [0, 0]
    for (const [index, picture] of pictures.entries()) {
      if (index % golden.heads === golden.heads - 1) continue
      for (const axis of [0, 1]) {
        const agreement = correlation(axisOf(picture, axis), axisOf(pictures[index + 1]!, axis))
        if (agreement > 0.3) alike++
        if (agreement < -0.3) mirrored++
      }
    }
    expect(alike).toBeGreaterThan(2 * mirrored)
  })

  it('turns along with position: the second axis never falls from the first token to the last', () => {
    const positions = [...lengths, ...lengths].flatMap((length) => Array.from({ length }, (_, at) => at))
    for (const picture of pictures) expect(correlation(axisOf(picture, 1), positions)).toBeGreaterThan(-0.002)
  })
})

describe('the orientation of a real head of 166 sentences', () => {
  const whole = readGoldenHead()

  it('stays when sentences are left out', async () => {
    const before = await pca(whole)
    for (let draw = 0; draw < 8; draw++) {
      const kept = whole.spans.filter((_, index) => index % 8 !== draw)
      const after = await pca(pick(whole.vectors, kept))
      const rows = [
        ...kept.flatMap(({ queryStart, queries }) => Array.from({ length: queries }, (_, at) => queryStart + at)),
        ...kept.flatMap(({ keyStart, keys }) =>
          Array.from({ length: keys }, (_, at) => whole.vectors.n + keyStart + at),
        ),
      ]
      for (const axis of [0, 1]) {
        const values = axisOf(before, axis)
        expect(
          correlation(
            rows.map((row) => values[row]!),
            axisOf(after, axis),
          ),
        ).toBeGreaterThan(0.9)
      }
    }
  })

  it('is that of PCA in every projection and with every seed', async () => {
    const part = pick(whole.vectors, whole.spans.slice(0, 40))
    const reference = await pca(part)
    for (const id of ['umap', 'tsne'] as const)
      for (const seed of [0, 1, 2]) {
        const points = await project(id, part, seed)
        for (const axis of [0, 1])
          expect(correlation(axisOf(points, axis), axisOf(reference, axis))).toBeGreaterThan(0.3)
      }
  })
})

async function project(id: ProjectionId, { vectors, spans }: ReturnType<typeof pick>, seed: number) {
  const projection = await loadProjection(id)
  const settings: ProjectionSettings = { ...defaultSettings, projection: id, seed }
  return projection.project(translateKeys(vectors), {
    vectors,
    spans,
    causal: false,
    window: null,
    special: new Uint8Array(vectors.n),
    keySpecial: new Uint8Array(vectors.m),
    settings,
    headIndex: 45,
    pause: async () => undefined,
  })
}

/** The same head with some of its sentences only. */
function pick(vectors: HeadVectors, spans: readonly Span[]): { vectors: HeadVectors; spans: Span[] } {
  const { dim } = vectors
  const rows = (source: Float32Array) =>
    new Float32Array(
      spans.flatMap(({ queryStart, queries }) => [...source.subarray(queryStart * dim, (queryStart + queries) * dim)]),
    )
  const lengths = spans.map(({ queries }) => queries)
  const n = lengths.reduce((sum, length) => sum + length, 0)
  return { vectors: { ...vectors, q: rows(vectors.q), k: rows(vectors.k), n, m: n }, spans: spansOf(lengths) }
}
