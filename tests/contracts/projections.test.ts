import { describe, expect, test } from 'vitest'
import { allFigureInfos } from '../../src/core/figures'
import type { HeadVectors, ProjectionId } from '../../src/core/types'
import { ProjectionEngine } from '../../src/projections/project'
import { loadProjection, projectionInfo, projectionInfos } from '../../src/projections/registry'
import { degenerateHeads, hastyClock, makeHead, makeJob } from './heads'

const engine = new ProjectionEngine()
const names = projectionInfos.map(({ id }) => id)

test('projections are there under their own names; others are refused in words', async () => {
  for (const { id, label, description, dims, parameters } of projectionInfos) {
    expect((await loadProjection(id)).id).toBe(id)
    expect(projectionInfo(id)?.label).toBe(label)
    expect(description).toMatch(/\.$/)
    expect(dims.length).toBeGreaterThan(0)
    for (const { pythonName } of parameters) expect(pythonName).toMatch(/^[a-z_]+$/)
  }
  expect(names).toEqual(expect.arrayContaining(['pca', 'umap-js', 'singular']))
  for (const id of ['isomap', 'toString']) {
    await expect(loadProjection(id)).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
    const job = makeJob(makeHead(5), { projection: id as ProjectionId })
    await expect(engine.project(job)).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
  }
})

const cases = projectionInfos.flatMap(({ id, dims }) => dims.map((count) => [id, count] as const))

describe.each(cases)('%s in %i dimensions', (projection, dims) => {
  test.each([['plain', makeHead(40)] as [string, HeadVectors], ...degenerateHeads])(
    'finite and of the right size: %s',
    async (_, head) => {
      for (const metric of ['cosine', 'euclidean'] as const) {
        const { points, c, shift } = await engine.project(makeJob(head, { projection, dims, metric }))
        expect(points).toBeInstanceOf(Float32Array)
        expect(points).toHaveLength((head.n + head.m) * dims)
        expect(points.every(Number.isFinite)).toBe(true)
        expect(c).toBe(1)
        expect(shift).toHaveLength(head.dim)
      }
    },
  )

  test('points that differ are drawn apart, equal ones need not be', async () => {
    const { points } = await engine.project(makeJob(makeHead(40), { projection, dims }))
    const rows = new Set(
      Array.from({ length: 80 }, (_, point) => points.subarray(point * dims, (point + 1) * dims).join()),
    )
    expect(rows.size).toBe(80)
  })

  test('the same bits twice, also in another worker and whatever ran before', async () => {
    const job = () => makeJob(makeHead(40), { projection, dims })
    const first = await engine.project(job())
    await engine.project(makeJob(makeHead(7), { projection, dims, seed: 99 }))
    const hasty = new ProjectionEngine(hastyClock())
    expect((await hasty.project(job())).points).toEqual(first.points)
    expect((await engine.project(job())).points).toEqual(first.points)
  })

  test('the input is left alone', async () => {
    const job = makeJob(makeHead(40), { projection, dims })
    const before = structuredClone(job)
    await engine.project(job)
    expect(job).toEqual(before)
  })

  test('more keys than queries', async () => {
    const job = makeJob(makeHead(20, 31), { projection, dims })
    job.spans = [{ queryStart: 0, queries: 20, keyStart: 0, keys: 31 }]
    job.figures = true
    const { points, figures } = await engine.project(job)
    expect(points).toHaveLength(51 * dims)
    expect(figures!['pairs']).toBe(20 * 31)
  })

  test('progress runs from 0 to 1', async () => {
    const shares: number[] = []
    const hasty = new ProjectionEngine(hastyClock())
    const job = { ...makeJob(makeHead(40), { projection, dims }), figures: true }
    await hasty.project(job, (done, total) => shares.push(done / total))
    expect(shares.length).toBeGreaterThan(0)
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true)
    expect(shares.at(-1)).toBe(1)
  })

  test('cancelled before and in between', async () => {
    const hasty = new ProjectionEngine(hastyClock())
    const job = { ...makeJob(makeHead(40), { projection, dims }), figures: true }
    const early = hasty.project(job)
    await hasty.cancel()
    await expect(early).rejects.toMatchObject({ code: 'CANCELLED' })
    const late = hasty.project(job, () => void hasty.cancel())
    await expect(late).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await hasty.project(job)).points).toHaveLength(80 * dims)
  })

  test('numbers that are not finite are refused', async () => {
    for (const bad of [NaN, Infinity]) {
      const head = makeHead(20)
      head.q[5] = bad
      await expect(engine.project(makeJob(head, { projection, dims }))).rejects.toMatchObject({ code: 'VERIFY_FAILED' })
    }
  })
})

describe('figures', () => {
  test('come under the ids of the registry, for coordinates made before too', async () => {
    const whole = await engine.project({ ...makeJob(makeHead(40)), figures: true })
    expect(Object.keys(whole.figures!)).toEqual(allFigureInfos.map(({ id }) => id))
    const later = await engine.project({ ...makeJob(makeHead(40)), figures: true, points: whole.points })
    expect(later.points).toBe(whole.points)
    expect(later.figures).toEqual(whole.figures)
    expect((await engine.project(makeJob(makeHead(40)))).figures).toBeNull()
  })

  test('of attention stay empty where the model adds to the scores, unless its weights are given', async () => {
    const known = {
      ...makeJob(makeHead(20)),
      figures: true,
      tokenIds: Int32Array.from({ length: 20 }, (_, at) => at % 4),
    }
    const patternIds = allFigureInfos
      .filter(({ group, needs }) => group === 'pattern' && !needs.includes('patches'))
      .map(({ id }) => id)
    const biased = await engine.project({ ...known, attentionFromScores: false })
    for (const id of patternIds) expect(biased.figures![id], id).toBeNull()
    expect(biased.figures!['fidelity_joint']).not.toBeNull()

    const onFirst = known.spans.map(({ queries, keys }) =>
      Float32Array.from({ length: queries * keys }, (_, at) => Number(at % keys === 0)),
    )
    const { figures } = await engine.project({ ...known, attentionFromScores: false, weights: onFirst })
    expect(figures).toMatchObject({ first_token: 1, entropy: 0, previous: 1 / 9, duplicate_token_rows: 12 })
    const { figures: scored } = await engine.project(known)
    for (const id of patternIds) expect(scored![id], id).not.toBeNull()
  })

  test('of images are measured on the grid', async () => {
    const job = { ...makeJob(makeHead(20)), figures: true }
    job.special[0] = job.special[10] = 1
    const text = await engine.project(job)
    const image = await engine.project({
      ...job,
      grids: [
        { rows: 3, columns: 3 },
        { rows: 3, columns: 3 },
      ],
    })
    expect(image.figures!['attention_distance_uniform']).toBeLessThan(text.figures!['attention_distance_uniform']!)
    expect(image.figures!['duplicate_token']).toBeNull()
  })

  test('of the main axis need to know what lies under each token', async () => {
    const vectors = makeHead(40)
    const job = { ...makeJob(vectors), figures: true }
    // The first component runs far along with the row.
    const values = Float32Array.from({ length: 40 }, (_, token) => (token === 0 ? Number.NaN : token / 40))
    for (let token = 0; token < 40; token++)
      vectors.q[token * vectors.dim] = vectors.k[token * vectors.dim] = 30 * token
    const patches = { row: values, column: values, hue: values.map((value) => 360 * value), brightness: values }
    const { figures } = await engine.project({
      ...job,
      patches: { ...patches, frequency: new Float32Array(40).fill(Number.NaN) },
    })
    expect(figures!['axis_row']).toBeCloseTo(1, 6)
    expect(figures).toMatchObject({ axis_row_rows: 39, axis_frequency: null, axis_frequency_rows: 0 })
    const text = await engine.project(job)
    expect(text.figures).toMatchObject({ axis_row: null, axis_row_rows: null })
  })

  test('the lift is marked', async () => {
    const { figures, c } = await engine.project({ ...makeJob(makeHead(40), { joint: 'lift' }), figures: true })
    expect(figures!['by_construction']).toBe(1)
    expect(figures!['fidelity_joint']).toBeCloseTo(-1, 3)
    expect(c).toBe(1)
  })

  test('the scale says where c ended', async () => {
    const { figures, c } = await engine.project({ ...makeJob(makeHead(40), { joint: 'scale' }), figures: true })
    expect(figures!['c']).toBe(c)
    expect(figures!['c_at_bound']).toBe(c === 0.2 || c === 5 ? 1 : 0)
  })
})

const noPatches = (n: number) => {
  const none = () => new Float32Array(n).fill(Number.NaN)
  return { row: none(), column: none(), hue: none(), brightness: none(), frequency: none() }
}

test('arrays that do not fit their sizes are refused', async () => {
  const job = () => makeJob(makeHead(10))
  const broken = [
    { ...job(), special: new Uint8Array(9) },
    { ...job(), tokenIds: new Int32Array(9) },
    { ...job(), grids: [] },
    { ...job(), patches: noPatches(9) },
    { ...job(), weights: [new Float32Array(99)] },
    { ...job(), points: new Float32Array(39) },
    { ...job(), vectors: { ...makeHead(10), n: 11 } },
    { ...job(), spans: [{ queryStart: 5, queries: 6, keyStart: 0, keys: 10 }] },
  ]
  for (const bad of broken) await expect(engine.project(bad)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
})
