import { describe, expect, it } from 'vitest'
import type { ProjectionId } from '../../../src/core/types'
import type { ProjectionJob } from '../../../src/rpc/contracts'
import { ProjectionEngine } from '../../../src/projections/project'
import { trustSample } from '../../../src/core/trust'
import { defaultSettings } from '../../../src/state/settings'
import { hastyClock } from '../../contracts/heads'
import { readGoldenHead } from '../golden-head'

const { vectors, spans } = readGoldenHead()

const jobOf = (projection: ProjectionId, figures = false): ProjectionJob => ({
  vectors: { ...vectors, q: vectors.q.slice(), k: vectors.k.slice() },
  spans,
  causal: false,
  special: new Uint8Array(vectors.n),
  settings: { ...defaultSettings, projection },
  figures,
  points: null,
  headIndex: 45,
})

/** Lets a job begin `turns` slices, then cancels it. Gives the number of slices after the cancel. */
async function cancelAfter(job: ProjectionJob, turns: number): Promise<number> {
  let slices = 0
  let afterwards = 0
  const engine: ProjectionEngine = new ProjectionEngine({
    now: () => slices++ * 1000,
    yieldToMessages: async () => {
      if (slices < turns) return
      afterwards++
      if (afterwards === 1) await engine.cancel()
    },
  })
  await expect(engine.project(job)).rejects.toMatchObject({ code: 'CANCELLED' })
  return afterwards
}

describe('a cancelled job', () => {
  it.each(['umap', 'tsne'] as const)('of %s ends at the next slice wherever it is', async (projection) => {
    for (const turns of [1, 90, 200]) expect(await cancelAfter(jobOf(projection), turns)).toBe(1)
  })

  it('ends in the figures too', async () => {
    const points = new Float32Array((vectors.n + vectors.m) * 2)
    for (const turns of [1, 60]) expect(await cancelAfter({ ...jobOf('pca', true), points }, turns)).toBe(1)
  })

  it('leaves the engine as it was: the next job gives the same bits, and no memory is held', async () => {
    const engine = new ProjectionEngine()
    const { points } = await engine.project(jobOf('umap'))
    const heldBytes = () => process.memoryUsage().external
    const before = heldBytes()
    for (let turn = 0; turn < 4; turn++) await cancelAfter(jobOf('umap'), 40 + 40 * turn)
    expect((await engine.project(jobOf('umap'))).points).toEqual(points)
    // One more engine would hold some 20 MB.
    expect(heldBytes() - before).toBeLessThan(40e6)
  })

  it.each([
    ['umap', 2],
    ['umap', 3],
    ['tsne', 2],
    ['tsne', 3],
  ] as const)(
    'of %s in %i dimensions is never far from a slice: each is a small share of the work',
    async (projection, dims) => {
      const shares = await sharesOf({
        ...jobOf(projection),
        settings: { ...defaultSettings, projection, dims, epochs: 60 },
      })
      expect(shares.length).toBeGreaterThan(200)
      expect(longestStep(shares)).toBeLessThan(0.02)
    },
  )

  it('is never far from a slice in the figures: one for each sentence and each sampled point', async () => {
    const points = new Float32Array((vectors.n + vectors.m) * 2)
    const shares = await sharesOf({ ...jobOf('pca', true), points })
    expect(shares.length).toBeGreaterThanOrEqual(spans.length + trustSample(vectors.n + vectors.m, vectors.dim).length)
    expect(longestStep(shares)).toBeLessThan(0.02)
  })
})

/** What a job reports when each of its slices does. */
async function sharesOf(job: ProjectionJob): Promise<number[]> {
  const shares: number[] = []
  await new ProjectionEngine(hastyClock()).project(job, (done, total) => shares.push(done / total))
  return shares
}

const longestStep = (shares: readonly number[]): number =>
  shares.reduce((longest, share, at) => Math.max(longest, share - (shares[at - 1] ?? 0)), 0)
