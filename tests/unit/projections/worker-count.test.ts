import { expect, test } from 'vitest'
import { hashUniform } from '../../../src/core/random'
import { ProjectionEngine } from '../../../src/projections/project'
import { ProjectionPool } from '../../../src/rpc/projection-pool'
import { makeJob } from '../../contracts/heads'

const heads = 12

function vectorsOf(head: number) {
  const [n, dim] = [90 + head, 16]
  const fill = (seed: number) =>
    Float32Array.from(
      { length: n * dim },
      (_, at) => hashUniform(seed, at, head) + hashUniform(seed, at, head + 99) - 1,
    )
  return { q: fill(1), k: fill(2), n, m: n, dim, scale: 0.25 }
}

/** A worker whose engine is the real one, in this thread: engines of a pool take turns whenever one of them pauses. */
class EngineWorker extends EventTarget {
  readonly engine: ProjectionEngine
  constructor(sliceMs: number) {
    super()
    let now = 0
    // A clock that runs on with every look: slices are as short as the step makes them.
    this.engine = new ProjectionEngine({ now: () => (now += sliceMs), yieldToMessages: () => Promise.resolve() })
  }
  postMessage(): void {}
  terminate(): void {}
}

/** Pictures of all heads from a pool of so many workers. */
async function draw(size: number, sliceMs: number): Promise<Float32Array[]> {
  const pool = new ProjectionPool({
    size,
    createWorker: () => new EngineWorker(sliceMs),
    connect: (worker) => (worker as EngineWorker).engine,
  })
  const pictures = await Promise.all(
    Array.from(
      { length: heads },
      (_, head) =>
        new Promise<Float32Array>((resolve, reject) => {
          const projection = (['umap', 'tsne', 'pca'] as const)[head % 3]!
          pool.add({
            head: { layer: 0, head },
            createJob: () => ({ ...makeJob(vectorsOf(head), { projection, seed: 3 }), headIndex: head }),
            onDone: ({ points }) => resolve(points),
            onFailed: reject,
          })
        }),
    ),
  )
  pool.dispose()
  return pictures
}

test('a head is the same to the last bit from any number of workers, in slices of any length', async () => {
  const alone = await draw(1, 0)
  expect(alone.every((points) => points.every(Number.isFinite))).toBe(true)
  expect(await draw(2, 1)).toEqual(alone)
  expect(await draw(5, 100)).toEqual(alone)
})
