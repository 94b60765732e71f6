import { expect, test } from 'vitest'
import { LayerWeights } from '../../../src/state/layer-weights'
import { createWorld, heads, layers, prepareLine, settle } from './fakes'

async function jobOf(change: Parameters<typeof createWorld>[0] = {}) {
  const { explorer, pool } = createWorld(change)
  explorer.setTexts(['to be or not to be', 'a rose'])
  await explorer.ready()
  await settle()
  return pool.jobs.find(({ figures }) => figures)!
}

test('jobs carry the ids of all tokens, in the order of the queries', async () => {
  const { tokenIds, spans, grids } = await jobOf()
  const ids = ['to be or not to be', 'a rose'].flatMap((line) => prepareLine(line).tokens.map(({ id }) => id))
  expect([...tokenIds!]).toEqual(ids)
  expect(grids).toEqual(spans.map(() => null))
})

test('jobs say whether q and k alone give the attention', async () => {
  expect((await jobOf({ change: { verified: 'exact' } })).attentionFromScores).toBe(true)
  for (const verified of ['bias', 'unverified'] as const)
    expect((await jobOf({ change: { verified } })).attentionFromScores).toBe(false)
})

test('jobs carry the patch grids of images, and what lies under each token where figures are asked for', async () => {
  const { explorer, pool } = createWorld({ change: { kind: 'image' } })
  explorer.setImages([new Blob(['pixels'])])
  await explorer.ready()
  await settle()
  const job = pool.jobs.find(({ figures }) => figures)!
  expect(job.grids).toEqual([{ rows: 1, columns: 1, patchPx: 8 }])
  expect(job.patches!.row).toHaveLength(job.vectors.n)
  expect(job.patches!.brightness.at(-1)).toBeCloseTo(1, 6)
  expect((await jobOf()).patches).toBeUndefined()
})

test('where the model adds a bias, jobs of figures carry its own weights, each layer asked for once', async () => {
  const { explorer, pool, model } = createWorld({ change: { verified: 'bias' } })
  explorer.setTexts(['to be or not to be', 'a rose'])
  await explorer.ready()
  await settle()
  const jobs = pool.jobs.filter(({ figures }) => figures)
  expect(jobs).toHaveLength(layers * heads)
  for (const job of jobs) {
    expect(job.weights?.map(({ length }) => length)).toEqual([36, 4])
    // The model of the tests gives 0, 1, 2, … for [H,t,t].
    const head = job.headIndex % heads
    expect(job.weights!.map(([first]) => first)).toEqual([head * 36, head * 4])
  }
  expect(model.attentions).toBe(layers * 2)
  expect(pool.jobs.filter(({ figures, weights }) => !figures && weights)).toEqual([])
})

test('weights that do not fit into memory are left out; layers that do not fit together come one after another', async () => {
  const spans = [{ queryStart: 0, queries: 2, keyStart: 0, keys: 2 }]
  const loaded: number[] = []
  const load = (layer: number) => {
    loaded.push(layer)
    return Promise.resolve(Float32Array.from({ length: 8 }, (_, at) => 10 * layer + at))
  }
  const none = new LayerWeights(spans, 2, load, 31)
  expect(await none.with({ layer: 0, head: 0 }, (weights) => Promise.resolve(weights))).toBeNull()
  expect(loaded).toEqual([])
  const one = new LayerWeights(spans, 2, load, 32)
  let together = 0
  let most = 0
  const use = async (layer: number, head: number) =>
    await one.with({ layer, head }, async (weights) => {
      most = Math.max(most, (together |= 1 << layer))
      await settle()
      together &= ~(1 << layer)
      return [...weights![0]!]
    })
  const results = await Promise.all([use(0, 0), use(1, 1), use(0, 1), use(1, 0)])
  expect(results).toEqual([
    [0, 1, 2, 3],
    [14, 15, 16, 17],
    [4, 5, 6, 7],
    [10, 11, 12, 13],
  ])
  expect(most).toBeLessThan(3)
  expect(loaded).toEqual([0, 1])
})

test('a layer that could not be loaded is asked for again', async () => {
  let tries = 0
  const load = () => (++tries === 1 ? Promise.reject(new Error('gone')) : Promise.resolve(new Float32Array(1)))
  const weights = new LayerWeights([{ queryStart: 0, queries: 1, keyStart: 0, keys: 1 }], 1, load)
  const ask = () => weights.with({ layer: 0, head: 0 }, (found) => Promise.resolve(found?.length))
  await expect(ask()).rejects.toThrow('gone')
  expect(await ask()).toBe(1)
})
