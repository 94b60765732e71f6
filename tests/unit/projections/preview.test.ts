import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { ProjectionId } from '../../../src/core/types'
import type { ProjectionJob } from '../../../src/rpc/contracts'
import { previewOf } from '../../../src/projections/preview'
import { ProjectionEngine } from '../../../src/projections/project'
import type { HeadContext, Projection } from '../../../src/projections/types'
import { chooseSample } from '../../../src/state/sample'
import { defaultSettings } from '../../../src/state/settings'
import { trustworthiness } from '../../helpers/trustworthiness'
import { readGoldenHead, spansOf } from '../golden-head'

const { vectors, spans } = readGoldenHead()

const jobOf = (projection: ProjectionId, change: Partial<ProjectionJob> = {}): ProjectionJob => ({
  vectors: { ...vectors, q: vectors.q.slice(), k: vectors.k.slice() },
  spans,
  causal: false,
  special: new Uint8Array(vectors.n),
  settings: { ...defaultSettings, projection },
  figures: false,
  points: null,
  headIndex: 45,
  ...change,
})

describe('the sample of a preview', () => {
  it('has whole sequences of about 2,000 points, seeded, and only where that pays', () => {
    const sample = chooseSample(spans, 0)!
    const points = sample.reduce((sum, index) => sum + spans[index]!.queries + spans[index]!.keys, 0)
    expect(points).toBeGreaterThan(1800)
    expect(points).toBeLessThanOrEqual(2000)
    expect(sample).toEqual([...new Set(sample)].sort((one, other) => one - other))
    expect(chooseSample(spans, 0)).toEqual(sample)
    expect(chooseSample(spans, 1)).not.toEqual(sample)
    expect(chooseSample(spansOf([1000, 1000]), 0)).toBeNull()
    expect(chooseSample(spansOf(Array.from({ length: 100 }, () => 20)), 0)).toBeNull()
    // One sequence alone is more than half of all.
    expect(chooseSample(spansOf([4000]), 0)).toBeNull()
    expect(chooseSample(spansOf([1500, 1500, 1500, 1500]), 0)).toHaveLength(1)
  })
})

describe('a preview', () => {
  const sample = chooseSample(spans, 0)!

  it('lays out the sampled rows and their context only', async () => {
    let seen: HeadContext | null = null
    const projection: Projection = {
      id: 'umap',
      project: async (joint, context) => {
        seen = context
        return Float32Array.from({ length: (joint.n + joint.m) * 2 }, (_, at) => Math.sin(at))
      },
    }
    const small = { n: 6, m: 6, dim: 2, scale: 1 }
    const rows = (salt: number) => Float32Array.from({ length: 12 }, (_, at) => Math.sin(at * 7 + salt))
    const head = { ...small, q: rows(1), k: rows(2) }
    const points = await previewOf(projection, [0, 2]).project(
      { ...head, c: 1, shift: new Float32Array(2) },
      {
        vectors: head,
        spans: spansOf([1, 3, 2]),
        causal: false,
        window: null,
        special: Uint8Array.of(1, 0, 0, 0, 0, 1),
        keySpecial: Uint8Array.of(0, 1, 1, 1, 1, 0),
        settings: { ...defaultSettings, projection: 'umap' },
        headIndex: 0,
        pause: async () => undefined,
      },
    )
    expect(points).toHaveLength(24)
    expect(points.every(Number.isFinite)).toBe(true)
    const context = seen! as HeadContext
    expect(context.spans).toEqual(spansOf([1, 2]))
    expect([[...context.special], [...context.keySpecial]]).toEqual([
      [1, 0, 1],
      [0, 1, 0],
    ])
    expect([...context.vectors.q]).toEqual([...head.q.slice(0, 2), ...head.q.slice(8)])
    expect([...context.vectors.k]).toEqual([...head.k.slice(0, 2), ...head.k.slice(8)])
  })

  it('of a real head is whole, repeatable, near its like, and turned as the picture will be', async () => {
    const engine = new ProjectionEngine()
    const { points } = await engine.project(jobOf('umap', { sample }))
    const again = await engine.project(jobOf('umap', { sample }))
    expect(points).toHaveLength((vectors.n + vectors.m) * 2)
    expect(again.points).toEqual(points)

    const [picture, pca] = [await engine.project(jobOf('umap')), await engine.project(jobOf('pca'))]
    const rows = new Float32Array([...vectors.q, ...vectors.k])
    const quality = (positions: Float32Array) => trustworthiness(rows, vectors.dim, positions, 2, 12, 'cosine', 101)
    expect(quality(points)).toBeGreaterThan(quality(pca.points))
    for (const axis of [0, 1]) expect(correlation(points, picture.points, axis)).toBeGreaterThan(0.5)
  })

  it('can be cancelled wherever it is', async () => {
    for (const share of [0, 0.1, 0.5, 0.85]) {
      const engine = new ProjectionEngine()
      const work = engine.project(jobOf('umap', { sample }), (done, total) => {
        if (done / total >= share) void engine.cancel()
      })
      await expect(work).rejects.toMatchObject({ code: 'CANCELLED' } satisfies Partial<AppError>)
    }
  })
})

function correlation(one: Float32Array, other: Float32Array, axis: number): number {
  const take = (points: Float32Array) => Array.from({ length: points.length / 2 }, (_, at) => points[at * 2 + axis]!)
  const centre = (values: number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return values.map((value) => value - mean)
  }
  const [a, b] = [centre(take(one)), centre(take(other))]
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, at) => sum + value * y[at]!, 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}
