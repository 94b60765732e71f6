import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { AppError } from '../../../src/core/errors'
import { createRandom } from '../../../src/core/random'
import type { JointVectors, ProjectionSettings } from '../../../src/core/types'
import { NeighborSearch } from '../../../src/projections/neighbors'
import { computePca } from '../../../src/projections/pca'
import { projectionInfo } from '../../../src/projections/registry'
import { computeTsne, TsneLayout } from '../../../src/projections/tsne'
import { clusteredRows, contextOf, jointOf, readReferenceHead, rowsOf } from '../../helpers/heads'
import { trustworthiness } from '../../helpers/trustworthiness'

const tsne = (joint: JointVectors, settings: Partial<ProjectionSettings> = {}) =>
  computeTsne(joint, contextOf(joint, { perplexity: 10, ...settings }))

const hashOf = (points: Float32Array) => createHash('sha256').update(new Uint8Array(points.buffer)).digest('hex')

const mixed = jointOf(clusteredRows(300, 16, 5, 8), 16)

describe('the field', () => {
  let layout: TsneLayout
  beforeAll(async () => {
    layout = await TsneLayout.load()
  })

  /** The sums over all pairs that the field stands for. */
  function sumPairs(points: Float32Array, dims = 2) {
    const count = points.length / dims
    const forces = new Float64Array(points.length)
    let sum = 0
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        if (i === j) continue
        let square = 0
        for (let axis = 0; axis < dims; axis++) square += (points[dims * i + axis]! - points[dims * j + axis]!) ** 2
        const w = 1 / (1 + square)
        sum += w
        for (let axis = 0; axis < dims; axis++)
          forces[dims * i + axis]! += w * w * (points[dims * i + axis]! - points[dims * j + axis]!)
      }
    }
    return { sum, forces }
  }

  const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value ** 2, 0))

  it.each([
    [1, 5, 1e-6],
    [2, 5, 1e-6],
    [17, 5, 1e-5],
    [1000, 10, 1e-5],
    // More points than that are seen by groups.
    [3000, 0.01, 2e-2],
    [3000, 1, 2e-2],
    [3000, 30, 2e-2],
  ])('in space is the sum over all pairs: %i points, %f wide', (count, width, tolerance) => {
    const random = createRandom(5)
    const points = Float32Array.from({ length: 3 * count }, () => (random() - 0.5) * width)
    const wanted = sumPairs(points, 3)
    const got = layout.measureField(points, 3)
    expect(Math.abs(got.sum - wanted.sum)).toBeLessThanOrEqual(tolerance * wanted.sum + 1e-6)
    expect(norm(got.forces.map((force, at) => force - wanted.forces[at]!))).toBeLessThanOrEqual(
      tolerance * norm(wanted.forces),
    )
  })

  it.each([
    [0.01, 2e-3],
    [1, 1e-4],
    [10, 1e-4],
    [30, 1e-2],
  ])('is the sum over all pairs, in a picture %f wide', (width, tolerance) => {
    const random = createRandom(3)
    const points = Float32Array.from({ length: 1000 }, () => (random() - 0.5) * width)
    const wanted = sumPairs(points)
    const got = layout.measureField(points)
    expect(Math.abs(got.sum - wanted.sum)).toBeLessThan(1e-3 * wanted.sum)
    expect(norm(got.forces.map((force, at) => force - wanted.forces[at]!))).toBeLessThan(
      tolerance * norm(wanted.forces),
    )
  })

  it('does not change when the picture is moved', () => {
    const random = createRandom(4)
    const points = Float32Array.from({ length: 600 }, () => (random() - 0.5) * 12)
    const here = layout.measureField(points)
    const there = layout.measureField(points.map((value) => value + 1000))
    expect(Math.abs(there.sum / here.sum - 1)).toBeLessThan(1e-4)
    expect(norm(there.forces.map((force, at) => force - here.forces[at]!))).toBeLessThan(1e-2 * norm(here.forces))
  })
})

describe('a picture', () => {
  it('keeps two far clusters apart', async () => {
    const joint = jointOf(clusteredRows(240, 16, 2, 40), 16)
    for (const metric of ['cosine', 'euclidean'] as const) {
      const points = await tsne(joint, { metric })
      let wrong = 0
      for (let row = 0; row < 240; row++) {
        let best = Infinity
        let nearest = -1
        for (let other = 0; other < 240; other++) {
          const gap =
            (points[2 * row]! - points[2 * other]!) ** 2 + (points[2 * row + 1]! - points[2 * other + 1]!) ** 2
          if (other !== row && gap < best) [best, nearest] = [gap, other]
        }
        if (nearest % 2 !== row % 2) wrong++
      }
      expect(wrong).toBe(0)
    }
  })

  it('is drawn of any number of points', async () => {
    for (const count of [0, 1, 2, 3, 4, 5, 17]) {
      for (const perplexity of [2, 30]) {
        for (const dims of [2, 3] as const) {
          const points = await tsne(jointOf(clusteredRows(count, 5, 1, 0), 5), { perplexity, dims })
          expect(points.length).toBe(count * dims)
          expect(points.every(Number.isFinite)).toBe(true)
        }
      }
    }
  })

  it('is finite for degenerate heads', async () => {
    const count = 60
    const dim = 8
    const outlier = clusteredRows(count, dim, 1, 0)
    outlier.fill(1e30, 0, dim)
    const heads = {
      zeros: new Float32Array(count * dim),
      equal: new Float32Array(count * dim).fill(-2.5),
      line: Float32Array.from({ length: count * dim }, (_, at) => Math.floor(at / dim)),
      outlier,
      huge: clusteredRows(count, dim, 1, 0).map((value) => value * 5e37),
      tiny: clusteredRows(count, dim, 1, 0).map((value) => value * 1e-38),
    }
    for (const [name, rows] of Object.entries(heads)) {
      for (const metric of ['cosine', 'euclidean'] as const) {
        const points = await tsne(jointOf(rows, dim), { metric })
        expect(points.every(Number.isFinite), `${name}, ${metric}`).toBe(true)
      }
    }
  })

  it('refuses numbers that are not finite', async () => {
    const joint = jointOf(clusteredRows(20, 4, 1, 0), 4)
    joint.q[3] = NaN
    await expect(tsne(joint)).rejects.toMatchObject({ code: 'VERIFY_FAILED' })
  })

  it.each([2, 3] as const)(
    'is about as trustworthy as the one of scikit-learn on a real head, in %i dimensions',
    async (dims) => {
      const { joint, spans, trust } = readReferenceHead()
      const points = await computeTsne(joint, contextOf(joint, { dims }, undefined, spans))
      const measured = trustworthiness(rowsOf(joint), joint.dim, points, dims, 12, 'cosine', 20)
      expect(measured).toBeGreaterThan(trust('scikit-learn t-SNE, perplexity 50, 1000 iterations') - 0.01)
    },
  )
})

describe('the same picture', () => {
  it('comes from the same seed and with any slice', async () => {
    const first = hashOf(await tsne(mixed))
    expect(hashOf(await tsne(mixed))).toBe(first)
    const search = await NeighborSearch.load()
    const layout = await TsneLayout.load()
    const neighbors = await search.find(rowsOf(mixed), 300, 16, 30, 'cosine')
    for (const dims of [2, 3] as const) {
      const start = (await computePca(mixed, 'cosine', dims, [])).map((value) => value * 0.01)
      const run = (slice: number) => layout.run(neighbors, start, 10, 60, () => Promise.resolve(), slice, null, dims)
      const whole = hashOf(await run(300))
      for (const slice of [1, 7, 128]) expect(hashOf(await run(slice))).toBe(whole)
    }
  })
})

describe('a job', () => {
  it('reports rising progress up to the end', async () => {
    const shares: number[] = []
    const pause = async (done: number, total: number) => void shares.push(done / total)
    await computeTsne(mixed, contextOf(mixed, {}, pause))
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBe(1)
  })

  it('stops in every phase, and the next one is untouched', async () => {
    const wanted = hashOf(await tsne(mixed))
    let pauses = 0
    const count = async () => void pauses++
    await computeTsne(mixed, contextOf(mixed, { perplexity: 10 }, count))
    for (const stopAt of [1, 4, 5, 7, Math.floor(pauses / 2), pauses]) {
      let calls = 0
      const pause = async () => {
        if (++calls === stopAt) throw new AppError('CANCELLED', 'stop')
      }
      await expect(computeTsne(mixed, contextOf(mixed, {}, pause))).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(calls).toBe(stopAt)
    }
    expect(hashOf(await tsne(mixed))).toBe(wanted)
  })

  it('keeps within its memory over many heads', async () => {
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow')
    const layout = await TsneLayout.load()
    const count = 10_000
    const k = 90
    const neighbors = {
      count,
      k,
      indices: Int32Array.from({ length: count * k }, (_, at) => (Math.floor(at / k) + 1 + (at % k)) % count),
      distances: Float32Array.from({ length: count * k }, (_, at) => 1 + (at % k)),
    }
    const start = clusteredRows(count, 2, 1, 0)
    const run = () => layout.run(neighbors, start, 30, 2, () => Promise.resolve())
    await run()
    const pages = grow.mock.calls.reduce((sum, [added]) => sum + added, 0)
    expect(pages * 65_536).toBeLessThan(40e6)
    const calls = grow.mock.calls.length
    for (let head = 0; head < 2; head++) await run()
    expect(grow.mock.calls.length).toBe(calls)
    grow.mockRestore()
  })
})

it('is in the registry for all heads, with the names and defaults of scikit-learn', () => {
  const info = projectionInfo('tsne')!
  expect(info).toMatchObject({ dims: [2, 3], openedHeadOnly: false })
  const defaults = Object.fromEntries(info.parameters.map((entry) => [entry.pythonName, entry.default]))
  expect(defaults).toMatchObject({ perplexity: 30, metric: 'cosine' })
})
