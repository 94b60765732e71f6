import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { JointVectors, ProjectionSettings } from '../../../src/core/types'
import { NeighborSearch } from '../../../src/projections/neighbors'
import { computePca } from '../../../src/projections/pca'
import { loadProjection, projectionInfo } from '../../../src/projections/registry'
import { computeUmap, startFrom, UmapLayout } from '../../../src/projections/umap'
import { clusteredRows, contextOf, jointOf, readReferenceHead, rowsOf } from '../../helpers/heads'
import { trustworthiness } from '../../helpers/trustworthiness'

const umap = (joint: JointVectors, settings: Partial<ProjectionSettings> = {}) =>
  computeUmap(joint, contextOf(joint, settings))

const hashOf = (points: Float32Array) => createHash('sha256').update(new Uint8Array(points.buffer)).digest('hex')

const mixed = jointOf(clusteredRows(400, 24, 6, 8), 24)

describe('the curve', () => {
  let layout: UmapLayout
  beforeAll(async () => {
    layout = await UmapLayout.load()
  })

  it.each([
    // umap-learn's find_ab_params(1.0, min_dist)
    [0.1, 1.5769434603113077, 0.8950608779109733],
    [0.001, 1.9290733695880427, 0.7915045333035797],
    [0.5, 0.5830300205483709, 1.334166992455648],
  ])('is the one of umap-learn for a least distance of %f', (mindist, a, b) => {
    const fitted = layout.fitCurve(mindist)
    expect(Math.abs(fitted.a - a)).toBeLessThan(2e-5 * a)
    expect(Math.abs(fitted.b - b)).toBeLessThan(2e-5 * b)
  })

  it('is fitted over the whole range of the setting', () => {
    const steps = Array.from({ length: 21 }, (_, index) => layout.fitCurve(index / 20))
    for (const { a, b } of steps) expect(a > 0.05 && a < 3 && b > 0.5 && b < 3).toBe(true)
    expect(steps.map(({ b }) => b)).toEqual(steps.map(({ b }) => b).toSorted((x, y) => x - y))
  })
})

describe('a picture', () => {
  it.each([2, 3] as const)('keeps two far clusters apart in %i dimensions', async (dims) => {
    const joint = jointOf(clusteredRows(300, 16, 2, 40), 16)
    for (const metric of ['cosine', 'euclidean'] as const) {
      const points = await umap(joint, { dims, metric })
      const clusters = [0, 1].map((cluster) => {
        const members = Array.from({ length: 150 }, (_, index) => point(points, dims, 2 * index + cluster))
        const centre = meanOf(members)
        return { centre, radius: Math.max(...members.map((member) => distance(member, centre))) }
      })
      const [a, b] = [clusters[0]!, clusters[1]!]
      expect(distance(a.centre, b.centre)).toBeGreaterThan(a.radius + b.radius)
    }
  })

  it.each([2, 3] as const)('is drawn of any number of points in %i dimensions', async (dims) => {
    for (const count of [0, 1, 2, 3, 4, 5, 16, 31, 33]) {
      for (const metric of ['cosine', 'euclidean'] as const) {
        const points = await umap(jointOf(clusteredRows(count, 5, 1, 0), 5), { dims, metric })
        expect(points.length).toBe(count * dims)
        expect(points.every(Number.isFinite)).toBe(true)
      }
    }
  })

  it.each([2, 3] as const)('is finite for degenerate heads in %i dimensions', async (dims) => {
    const count = 60
    const dim = 8
    const line = Float32Array.from({ length: count * dim }, (_, at) => Math.floor(at / dim))
    const outlier = clusteredRows(count, dim, 1, 0)
    outlier.fill(1e30, 0, dim)
    const heads = {
      zeros: new Float32Array(count * dim),
      equal: new Float32Array(count * dim).fill(-2.5),
      line,
      outlier,
      huge: clusteredRows(count, dim, 1, 0).map((value) => value * 5e37),
      tiny: clusteredRows(count, dim, 1, 0).map((value) => value * 1e-38),
      twice: Float32Array.from(
        { length: count * dim },
        (_, at) => clusteredRows(1, dim, 1, 0, (at / dim) % 7)[at % dim]!,
      ),
    }
    for (const [name, rows] of Object.entries(heads)) {
      for (const metric of ['cosine', 'euclidean'] as const) {
        const points = await umap(jointOf(rows, dim), { dims, metric })
        expect(points.every(Number.isFinite), `${name}, ${metric}`).toBe(true)
      }
    }
  })

  it('takes the extremes of its settings', async () => {
    for (const settings of [
      { neighbors: 2 },
      { neighbors: 1000 },
      { mindist: 0 },
      { mindist: 1 },
      { epochs: 1 },
      { epochs: 500 },
      { seed: -7 },
      { seed: 2 ** 31 },
    ]) {
      const points = await umap(mixed, settings)
      expect(points.every(Number.isFinite), JSON.stringify(settings)).toBe(true)
    }
  })

  it('refuses numbers that are not finite', async () => {
    for (const bad of [NaN, Infinity]) {
      const joint = jointOf(clusteredRows(20, 4, 1, 0), 4)
      joint.k[7] = bad
      await expect(umap(joint)).rejects.toMatchObject({ code: 'VERIFY_FAILED' })
    }
  })

  it.each([2, 3] as const)('is about as trustworthy as umap-learn on a real head in %i dimensions', async (dims) => {
    const { joint, spans, trust } = readReferenceHead()
    const points = await computeUmap(joint, contextOf(joint, { dims }, undefined, spans))
    const measured = trustworthiness(rowsOf(joint), joint.dim, points, dims, 12, 'cosine', 20)
    expect(measured).toBeGreaterThan(trust('umap-learn 0.5.12 (15, 0.1, cosine, 200 epochs)') - 0.01)
  })
})

describe('the same picture', () => {
  it('comes from the same seed, another from another', async () => {
    const first = hashOf(await umap(mixed))
    expect(hashOf(await umap(mixed))).toBe(first)
    expect(hashOf(await umap(mixed, { seed: 1 }))).not.toBe(first)
    expect(hashOf(await computeUmap(mixed, { ...contextOf(mixed), headIndex: 5 }))).not.toBe(first)
  })

  it.each([2, 3] as const)('comes with any slice in %i dimensions', async (dims) => {
    const search = await NeighborSearch.load()
    const layout = await UmapLayout.load()
    const neighbors = await search.find(rowsOf(mixed), 400, 24, 14, 'cosine')
    const start = startFrom(await computePca(mixed, 'cosine', dims, []), dims, 0, 0)
    const settings = { dims, metric: 'cosine', neighbors: 15, mindist: 0.1, epochs: 50, seed: 3, headIndex: 2 } as const
    const pause = () => Promise.resolve()
    const whole = hashOf(await layout.run(neighbors, start, settings, pause, 400))
    for (const slice of [1, 7, 128, 399]) {
      expect(hashOf(await layout.run(neighbors, start, settings, pause, slice))).toBe(whole)
    }
  })

  it('comes from jobs that run at the same time', async () => {
    const other = jointOf(clusteredRows(90, 8, 3, 5), 8)
    const wanted = [hashOf(await umap(mixed)), hashOf(await umap(other))]
    const slow = (joint: JointVectors) =>
      computeUmap(
        joint,
        contextOf(joint, {}, () => new Promise((resolve) => setImmediate(resolve))),
      )
    const got = await Promise.all([slow(mixed), slow(other)])
    expect(got.map(hashOf)).toEqual(wanted)
  })

  it.each([2, 3] as const)('stays in place when the seed changes, in %i dimensions', async (dims) => {
    const first = await umap(mixed, { dims })
    const pca = await computePca(mixed, 'cosine', dims, contextOf(mixed).spans)
    for (const seed of [1, 2]) {
      const second = await umap(mixed, { dims, seed })
      for (let axis = 0; axis < Math.min(dims, 2); axis++) {
        expect(correlation(first, second, dims, axis)).toBeGreaterThan(0.9)
        expect(correlation(second, pca, dims, axis)).toBeGreaterThan(0.5)
      }
      // Inside a round cluster of 67 points no order is preferred: by chance 0.15 would be shared.
      expect(await sharedNeighbors(first, second, dims)).toBeGreaterThan(0.35)
    }
  })
})

describe('a job', () => {
  it('reports rising progress up to the end', async () => {
    const shares: number[] = []
    await computeUmap(
      mixed,
      contextOf(mixed, {}, async (done, total) => void shares.push(done / total)),
    )
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares[0]).toBeGreaterThanOrEqual(0)
    expect(shares.at(-1)).toBe(1)
  })

  it('stops in every phase, and the next one is untouched', async () => {
    const wanted = hashOf(await umap(mixed))
    let pauses = 0
    await computeUmap(
      mixed,
      contextOf(mixed, {}, async () => void pauses++),
    )
    for (const stopAt of [1, 3, 5, 8, Math.floor(pauses / 2), pauses]) {
      let calls = 0
      const pause = async () => {
        if (++calls === stopAt) throw new AppError('CANCELLED', 'stop')
      }
      await expect(computeUmap(mixed, contextOf(mixed, {}, pause))).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(calls).toBe(stopAt)
    }
    expect(hashOf(await umap(mixed))).toBe(wanted)
  })

  it('keeps within its memory over many heads', async () => {
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow')
    const layout = await UmapLayout.load()
    const neighbors = { count: 10_000, k: 14, ...ring(10_000, 14) }
    const start = clusteredRows(10_000, 3, 1, 0)
    const settings = {
      dims: 3,
      metric: 'cosine',
      neighbors: 15,
      mindist: 0.1,
      epochs: 2,
      seed: 3,
      headIndex: 2,
    } as const
    for (let head = 0; head < 3; head++) await layout.run(neighbors, start, settings, () => Promise.resolve())
    const pages = grow.mock.calls.reduce((sum, [added]) => sum + added, 0)
    expect(pages * 65_536).toBeLessThan(12e6)
    expect(grow.mock.calls.length).toBeLessThan(8)
    const calls = grow.mock.calls.length
    await layout.run(neighbors, start, settings, () => Promise.resolve())
    expect(grow.mock.calls.length).toBe(calls)
    grow.mockRestore()
  })
})

it('is in the registry for all heads, with the names and defaults of umap-learn', async () => {
  const info = projectionInfo('umap')!
  expect(info).toMatchObject({ dims: [2, 3], openedHeadOnly: false })
  const defaults = Object.fromEntries(info.parameters.map((entry) => [entry.pythonName, entry.default]))
  expect(defaults).toMatchObject({ n_neighbors: 15, min_dist: 0.1, metric: 'cosine' })
  expect((await loadProjection('umap')).id).toBe('umap')
})

const point = (points: Float32Array, dims: number, index: number) => [
  ...points.subarray(index * dims, (index + 1) * dims),
]

const distance = (a: number[], b: number[]) => Math.hypot(...a.map((value, axis) => value - b[axis]!))

const meanOf = (members: number[][]) =>
  members[0]!.map((_, axis) => members.reduce((sum, member) => sum + member[axis]!, 0) / members.length)

function correlation(a: Float32Array, b: Float32Array, dims: number, axis: number): number {
  const column = (points: Float32Array) => Array.from(points).filter((_, at) => at % dims === axis)
  const [x, y] = [column(a), column(b)]
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanX, meanY] = [mean(x), mean(y)]
  const product = mean(x.map((value, index) => (value - meanX) * (y[index]! - meanY)))
  return (
    product / Math.sqrt(mean(x.map((value) => (value - meanX) ** 2)) * mean(y.map((value) => (value - meanY) ** 2)))
  )
}

/** Share of the ten nearest of each point that two pictures have in common. */
async function sharedNeighbors(a: Float32Array, b: Float32Array, dims: number): Promise<number> {
  const search = await NeighborSearch.load()
  const count = a.length / dims
  const [first, second] = [
    await search.find(a, count, dims, 10, 'euclidean'),
    await search.find(b, count, dims, 10, 'euclidean'),
  ]
  let shared = 0
  for (let row = 0; row < count; row++) {
    const own = new Set(first.indices.subarray(row * 10, (row + 1) * 10))
    for (const other of second.indices.subarray(row * 10, (row + 1) * 10)) if (own.has(other)) shared++
  }
  return shared / (count * 10)
}

/** Each point's k next ones on a circle. */
function ring(count: number, k: number): { indices: Int32Array; distances: Float32Array } {
  return {
    indices: Int32Array.from({ length: count * k }, (_, at) => (Math.floor(at / k) + 1 + (at % k)) % count),
    distances: Float32Array.from({ length: count * k }, (_, at) => 1 + (at % k)),
  }
}
