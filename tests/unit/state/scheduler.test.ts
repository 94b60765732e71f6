import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { HeadRef, Progress } from '../../../src/core/types'
import type { ProjectionJob, ProjectionService } from '../../../src/rpc/contracts'
import type { WorkerLike } from '../../../src/rpc/model-client'
import { ProjectionPool } from '../../../src/rpc/projection-pool'
import { HeadOrder } from '../../../src/state/head-order'
import type { Pass } from '../../../src/state/pass'
import { PictureMaker } from '../../../src/state/picture-maker'
import { PictureSet } from '../../../src/state/picture-set'
import { PictureShelf } from '../../../src/state/picture-shelf'
import { poolPort } from '../../../src/state/pool-port'
import { defaultSettings } from '../../../src/state/settings'
import { WorkEstimate } from '../../../src/state/work-estimate'
import { createWorld, datasetOf, emptyStores, FakePool, heads, layers, settle, type World } from './fakes'

const total = layers * heads
const lines = ['the cat sat', 'the mat lay under it']
/** 2,500 tokens of 500 sequences: a preview pays. */
const manyLines = Array.from({ length: 500 }, (_, at) => `a${at} b c d e`)

async function shown(texts = lines, options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = createWorld(options)
  world.explorer.start({})
  await settle()
  world.explorer.setTexts(texts)
  await world.explorer.ready()
  expect(world.explorer.error).toBeNull()
  world.pool.jobs = []
  return world
}

const kindOf = ({ settings, figures, points, sample }: ProjectionJob): string =>
  sample ? 'preview' : points ? 'figures' : `${settings.projection}${figures ? '+figures' : ''}`

const runs = (jobs: readonly ProjectionJob[]): string[] => {
  const kinds: string[] = []
  for (const kind of jobs.map(kindOf)) if (kinds.at(-1) !== kind) kinds.push(kind)
  return kinds
}

const originOf = (index: number): HeadRef => ({ layer: Math.floor(index / heads), head: index % heads })

describe('the order of work', () => {
  it('is PCA of all heads, previews, pictures, figures', async () => {
    const { explorer, pool } = await shown(manyLines)
    explorer.set({ projection: 'umap' })
    await explorer.ready()
    expect(runs(pool.jobs)).toEqual(['preview', 'umap', 'figures'])
    pool.jobs = []
    explorer.set({ projection: 'umap', metric: 'euclidean' })
    await explorer.ready()
    expect(runs(pool.jobs)).toEqual(['pca', 'preview', 'umap', 'figures'])
    for (const kind of ['pca', 'preview', 'umap', 'figures'])
      expect(pool.jobs.filter((job) => kindOf(job) === kind)).toHaveLength(total)
  })

  it('has no preview where there are few points, and figures come with the picture', async () => {
    const { explorer, pool } = await shown()
    explorer.set({ projection: 'umap' })
    await explorer.ready()
    expect(runs(pool.jobs)).toEqual(['umap+figures'])
  })

  it('takes the opened head up to its figures before the others, also when it is opened in the middle', async () => {
    const { explorer, pool } = await shown(manyLines)
    pool.gate.close()
    explorer.setVisible([0, 1, 2, 3, 4, 5].map(originOf))
    explorer.set({ projection: 'umap' })
    await settle()
    const order = () => pool.jobs.map((job) => `${kindOf(job)} ${job.headIndex}`)
    // The first visible head goes all the way, so that it is known early how long one takes.
    expect(order()).toEqual(['preview 0', 'umap 0'])
    explorer.setFocus(originOf(5))
    pool.gate.open()
    await explorer.ready()
    expect(order().slice(2, 4)).toEqual(['preview 5', 'umap 5'])
    expect(order().indexOf('figures 5')).toBeLessThan(order().indexOf('umap 4'))
    expect(order().indexOf('preview 4')).toBeLessThan(order().indexOf('umap 1'))
  })

  it('follows what the views show from the next job on', async () => {
    const { explorer, pool } = await shown()
    pool.gate.close()
    explorer.setVisible([originOf(0)])
    explorer.set({ projection: 'umap' })
    await settle()
    expect(pool.jobs.map(({ headIndex }) => headIndex)).toEqual([0, 1])
    explorer.setVisible([originOf(5), originOf(3)])
    pool.gate.open()
    await explorer.ready()
    expect(pool.jobs.map(({ headIndex }) => headIndex)).toEqual([0, 1, 5, 3, 2, 4])
  })

  it('ranks by kind first, then by place', () => {
    const order = new HeadOrder()
    order.heads = heads
    order.visible = [originOf(4), originOf(2)]
    const sorted = (kind: Parameters<HeadOrder['rank']>[0]) =>
      [0, 1, 2, 3, 4, 5].sort((one, other) => order.rank(kind, one) - order.rank(kind, other))
    expect(sorted('base')).toEqual([4, 2, 0, 1, 3, 5])
    expect(sorted('full')).toEqual([4, 2, 0, 1, 3, 5])
    order.focus = originOf(1)
    expect(sorted('figures')).toEqual([1, 4, 2, 0, 3, 5])
    expect(order.rank('full', 1)).toBeLessThan(order.rank('preview', 4))
    expect(order.rank('preview', 2)).toBeLessThan(order.rank('full', 4))
    expect(order.rank('full', 2)).toBeLessThan(order.rank('preview', 0))
    expect(order.rank('base', 0)).toBeLessThan(order.rank('preview', 1))
  })
})

describe('the backend', () => {
  it('that was chosen reaches every job; pictures say what computed them, also from the cache', async () => {
    const stores = emptyStores()
    const { explorer, pool } = await shown(lines, { stores })
    explorer.set({ projection: 'umap' })
    await explorer.ready()
    expect(new Set(pool.jobs.map(({ backend }) => backend))).toEqual(new Set(['auto']))
    expect(explorer.picture(originOf(2))?.backend).toBe('wasm')

    pool.jobs = []
    explorer.set({ backend: 'webgpu' })
    await explorer.ready()
    // Pictures of another backend are not taken for these: all are computed anew.
    expect(pool.jobs.filter((job) => kindOf(job).startsWith('umap')).map(({ backend }) => backend)).toEqual(
      Array.from({ length: total }, () => 'webgpu'),
    )
    expect(explorer.picture(originOf(2))).toMatchObject({ backend: 'webgpu', backendReason: 'webgpu in a test.' })
    expect(explorer.workers).toBe(pool.size)

    const later = createWorld({ stores })
    later.explorer.start({})
    await later.explorer.ready()
    expect(later.pool.jobs).toEqual([])
    expect(later.explorer.picture(originOf(2))).toMatchObject({ backend: 'webgpu', backendReason: 'webgpu in a test.' })
  })
})

describe('a preview', () => {
  it('is shown as one, is never counted, given away or kept in the cache', async () => {
    const stores = emptyStores()
    const { explorer, pool } = await shown(manyLines, { stores })
    // Previews pass, pictures are held.
    const holding = holdPictures(pool)
    explorer.set({ projection: 'umap' })
    let given: string | undefined
    const asked = explorer.coordinates(originOf(5)).then(({ preview, projection }) => {
      given = `${projection} ${preview ?? false}`
    })
    await settle()
    await settle()
    for (let index = 1; index < total; index++)
      expect(explorer.picture(originOf(index))).toMatchObject({ projection: 'umap', preview: true, n: 2500, m: 2500 })
    expect(explorer.status).toBe('running')
    expect(explorer.headsDone).toBe(0)
    expect(given).toBeUndefined()
    explorer.cancel()
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(explorer.status).toBe('failed')

    holding.end()
    explorer.retry()
    await explorer.ready()
    expect(explorer.picture(originOf(5))?.preview).toBeUndefined()
    expect(explorer.headsDone).toBe(total)
    const reloaded = createWorld({ stores })
    reloaded.explorer.start({ projection: 'umap' })
    await reloaded.explorer.ready()
    expect(reloaded.explorer.picture(originOf(5))?.preview).toBeUndefined()
    expect(reloaded.pool.jobs).toEqual([])
  })

  it('is given up when the picture comes first', async () => {
    const { explorer, pool } = await shown(manyLines)
    pool.gate.close()
    explorer.setFocus(originOf(5))
    explorer.set({ projection: 'umap' })
    await settle()
    expect(pool.jobs.map((job) => `${kindOf(job)} ${job.headIndex}`)).toEqual(['preview 5', 'umap 5'])
    pool.step(1)
    await settle()
    expect(explorer.picture(originOf(5))).toMatchObject({ projection: 'umap' })
    expect(explorer.picture(originOf(5))?.preview).toBeUndefined()
    expect(pool.running).toBe(2)
    pool.gate.open()
    await explorer.ready()
    expect(explorer.status).toBe('ready')
    expect(pool.jobs.filter((job) => kindOf(job) === 'preview')).toHaveLength(total)
    expect(explorer.picture(originOf(5))?.preview).toBeUndefined()
  })

  it('never takes the place of a picture in its set', () => {
    const set = new PictureSet('key', { ...defaultSettings }, layers, heads)
    const picture = (value: number) => ({
      layer: 0,
      head: 1,
      points: Float32Array.of(value, value),
      n: 1,
      m: 0,
      dims: 2 as const,
      projection: 'umap' as const,
      c: 1,
    })
    set.setPreview(1, picture(1))
    expect(set.picture(1)).toBeNull()
    expect([set.count, set.bytes, set.unsaved]).toEqual([0, 8, 0])
    expect((set.toEntry().json as { indices: number[] }).indices).toEqual([])
    set.setPicture(1, picture(2))
    set.setPreview(1, picture(3))
    expect(set.preview(1)).toBeNull()
    expect([set.picture(1)!.points[0], set.count, set.bytes]).toEqual([2, 1, 8])
  })
})

describe('a change of mind', () => {
  it('abandons stale work at once and keeps what is done', async () => {
    const { explorer, pool } = await shown()
    const { project } = steps(pool)
    explorer.set({ projection: 'umap' })
    await settle()
    await project(3)
    expect(explorer.headsDone).toBe(3)
    explorer.set({ projection: 'umap', seed: 7 })
    expect(pool.waiting).toBe(0)
    await settle()
    await project(2)
    pool.jobs = []
    explorer.set({ seed: 0 })
    await settle()
    expect(explorer.headsDone).toBe(3)
    await project(20)
    await explorer.ready()
    expect(new Set(pool.jobs.map(({ settings }) => settings.seed))).toEqual(new Set([0]))
    expect(pool.jobs).toHaveLength(3)
  })

  it('of the input finds the pictures of the earlier input again', async () => {
    const { explorer, pool } = await shown()
    explorer.setTexts(['rivers run'])
    await explorer.ready()
    const before = pool.jobs.length
    const ended = explorer.picture(originOf(2))
    explorer.setTexts(lines)
    await explorer.ready()
    expect(pool.jobs).toHaveLength(before)
    expect(explorer.picture(originOf(2))?.n).not.toBe(ended?.n)
  })

  it('costs a bounded amount of memory', async () => {
    const { dataset, request } = rig()
    const shelf = new PictureShelf(3000)
    const ports = { pool: new FakePool(), cache: noCache, clock: { now: () => 0 } }
    const maker = new PictureMaker(ports, () => undefined, shelf)
    const bytes = total * (dataset.n + dataset.m) * 2 * 4
    for (let seed = 0; seed < 12; seed++) await maker.project(request({ seed, projection: 'pca' }))
    expect(shelf.bytes).toBeLessThanOrEqual(Math.max(3000, bytes) + bytes)
    expect(maker.picture(0, { ...defaultSettings, seed: 11, projection: 'pca' })).not.toBeNull()
    expect(maker.picture(0, { ...defaultSettings, seed: 0, projection: 'pca' })).toBeNull()
  })
})

describe('cancel', () => {
  it.each(['pca', 'preview', 'umap', 'figures'])('during %s leaves no job behind', async (phase) => {
    const { explorer, pool } = await shown(manyLines)
    const { project } = steps(pool)
    explorer.set({ projection: 'umap', metric: 'euclidean' })
    await settle()
    for (let turn = 0; turn < 40 && kindOf(pool.jobs.at(-1)!) !== phase; turn++) await project(1)
    expect(kindOf(pool.jobs.at(-1)!)).toBe(phase)
    const done = explorer.headsDone
    explorer.cancel()
    expect(explorer.status).toBe('failed')
    expect(pool.waiting).toBe(0)
    const begun = pool.jobs.length
    await project(10)
    expect(pool.running).toBe(0)
    expect(pool.jobs).toHaveLength(begun)
    expect(explorer.headsDone).toBeGreaterThanOrEqual(done)
  })

  it('after a failure of one head no other job goes on', async () => {
    const { explorer, pool } = await shown()
    pool.gate.close()
    explorer.set({ projection: 'umap' })
    await settle()
    pool.fail = new AppError('OUT_OF_MEMORY', 'Too big.')
    pool.step()
    await explorer.ready()
    expect(explorer.error?.code).toBe('OUT_OF_MEMORY')
    await settle()
    expect([pool.running, pool.waiting]).toEqual([0, 0])
    // The two that ran, and at most one that a worker took before the others were withdrawn.
    expect(pool.jobs.length).toBeLessThanOrEqual(3)
  })
})

describe('progress', () => {
  it('counts heads, tells the share of those that run, and how long it takes', async () => {
    const { request } = rig(manyLines)
    const pool = new FakePool()
    let now = 0
    const reports: number[] = []
    const seen: Progress[] = []
    const maker: PictureMaker = new PictureMaker(
      {
        pool: {
          size: 1,
          setLimit: () => undefined,
          run: async (head, createJob, signal, options) => {
            // One second a head, reported in the middle.
            return pool.run(
              head,
              (take) => {
                const job = createJob(take)
                options?.onProgress?.(1, 2)
                if (kindOf(job) === 'umap') reports.push(maker.share(job.headIndex) ?? -1)
                now += 1000
                return job
              },
              signal,
              options,
            )
          },
        },
        cache: noCache,
        clock: { now: () => now },
      },
      () => undefined,
    )
    maker.visible = [originOf(0)]
    await maker.project(request({ projection: 'umap' }, (progress) => seen.push(progress)))
    expect(reports).toEqual(Array.from({ length: total }, () => 0.5))
    expect(maker.share(0)).toBe(1)
    const pictures = seen.filter(({ stage }) => stage === 'project').map(({ done }) => done)
    expect(pictures).toEqual([...pictures].sort((one, other) => one - other))
    expect([pictures[0], Math.max(...pictures)]).toEqual([0, total - 1])
    expect(seen.at(-1)).toMatchObject({ stage: 'figures', done: total, total, leftMs: 0 })
    const known = seen.map(({ leftMs }) => leftMs).filter((left) => typeof left === 'number')
    expect(known.length).toBeGreaterThan(total)
  })

  it('is estimated from each kind of work', () => {
    const estimate = new WorkEstimate()
    const counts = new Map([
      ['preview', 4],
      ['full', 10],
    ] as const)
    expect(estimate.left(counts, 2)).toBeNull()
    estimate.record('preview', 100)
    expect(estimate.left(counts, 2)).toBeNull()
    estimate.record('full', 800)
    expect(estimate.left(counts, 2)).toBe((4 * 100 + 10 * 800) / 2)
    estimate.record('full', 1000)
    expect(estimate.left(counts, 2)).toBe((4 * 100 + 10 * 900) / 2)
    expect(estimate.left(new Map([['full', 0]]), 2)).toBe(0)
  })
})

describe('a running model', () => {
  it('has a worker less beside it', async () => {
    const world = createWorld()
    const { explorer, model, pool } = world
    explorer.start({})
    await settle()
    model.runGate.close()
    explorer.setTexts(lines)
    await settle()
    expect(pool.limits.at(-1)).toBe(1)
    model.runGate.open()
    await explorer.ready()
    expect(pool.limits.at(-1)).toBe(2)
    model.failRun = new AppError('OUT_OF_MEMORY', 'Too big.')
    explorer.setTexts(['something else'])
    await explorer.ready()
    expect(pool.limits.at(-1)).toBe(2)
  })
})

describe('a crashed worker', () => {
  it('is replaced, its head redone, and the run comes to its end', async () => {
    const workers: CrashingWorker[] = []
    const pool = new ProjectionPool({
      size: 2,
      createWorker: () => {
        const worker = new CrashingWorker(workers.length < 2 ? 3 : Infinity)
        workers.push(worker)
        return worker as unknown as WorkerLike
      },
      connect: (worker) => (worker as unknown as CrashingWorker).service,
    })
    const world = createWorld({ pool: poolPort(pool) })
    world.explorer.start({})
    await settle()
    world.explorer.setTexts(lines)
    await world.explorer.ready()
    expect(world.explorer.error).toBeNull()
    expect(world.explorer.status).toBe('ready')
    world.explorer.set({ projection: 'umap' })
    await world.explorer.ready()
    expect(world.explorer.status).toBe('ready')
    expect(world.explorer.headsDone).toBe(total)
    expect(workers.filter(({ terminated }) => terminated)).toHaveLength(2)
    for (let index = 0; index < total; index++) {
      expect(world.explorer.picture(originOf(index))?.projection).toBe('umap')
      expect(world.explorer.figures(originOf(index))).toMatchObject({ fidelity: -0.5 })
    }
  })
})

// ---------------------------------------------------------------------------------------------------------- helpers

/** A worker that ends at its n-th job. */
class CrashingWorker extends EventTarget {
  readonly #fake = new FakePool()
  #left: number
  terminated = false

  constructor(jobs: number) {
    super()
    this.#left = jobs
  }
  postMessage(): void {}
  terminate(): void {
    this.terminated = true
  }
  readonly service: ProjectionService = {
    project: (job) => {
      this.#left--
      if (this.#left > 0) return this.#fake.run(null, () => job, new AbortController().signal)
      queueMicrotask(() => this.dispatchEvent(new Event('error')))
      return new Promise(() => undefined)
    },
    cancel: async () => undefined,
  }
}

/** Lets jobs end one by one. */
function steps(pool: FakePool): { project(jobs: number): Promise<void> } {
  pool.gate.close()
  return {
    async project(jobs) {
      for (let job = 0; job < jobs; job++) {
        pool.step()
        await settle()
      }
    },
  }
}

/** Holds all jobs but PCA and previews. */
function holdPictures(pool: FakePool): { end(): void } {
  pool.holds = (job) => kindOf(job) === 'umap'
  pool.gate.close()
  return {
    end: () => {
      pool.holds = () => true
      pool.gate.open()
    },
  }
}

const noCache = { get: async () => null, put: async () => true }

/** A dataset and requests for a maker of one's own. */
function rig(texts = lines) {
  const { dataset, vectors } = datasetOf(texts)
  const request = (change: object, step: (progress: Progress) => void = () => undefined) => {
    const pass: Pass = { signal: new AbortController().signal, startedAt: 0, check: () => undefined, step }
    const settings = { ...defaultSettings, ...change }
    const offer = { id: settings.projection, allHeads: true, dims: [2, 3] as const }
    return {
      dataset,
      settings,
      backend: 'auto' as const,
      offer,
      focus: null,
      load: async () => vectors,
      own: null,
      pass,
    }
  }
  return { dataset, request }
}
