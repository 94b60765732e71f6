import { describe, expect, it } from 'vitest'
import type { ProjectionId } from '../../../src/core/types'
import type { ProjectionJob } from '../../../src/rpc/contracts'
import { ProjectionEngine } from '../../../src/projections/project'
import { systemSliceClock } from '../../../src/projections/slices'
import { defaultSettings } from '../../../src/state/settings'
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

  it('is one of many: messages are let in every 15 ms by the clock of the worker', async () => {
    let [last, longest] = [systemSliceClock.now(), 0]
    const engine = new ProjectionEngine({
      ...systemSliceClock,
      yieldToMessages: async () => {
        longest = Math.max(longest, processorMs() - last)
        last = processorMs()
      },
    })
    await engine.project(jobOf('umap'))
    last = processorMs()
    longest = 0
    await engine.project(jobOf('umap', true))
    expect(longest).toBeLessThan(100)
  })
})

/** Time of this process alone: what others do on the machine does not count. */
function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
