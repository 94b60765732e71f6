import { expect, test } from 'vitest'
import { createWorld, prepareLine, settle } from './fakes'

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
