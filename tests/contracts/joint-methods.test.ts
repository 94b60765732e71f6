import { describe, expect, test } from 'vitest'
import { computeAttention } from '../../src/core/attention'
import { AppError } from '../../src/core/errors'
import { meanOfRows } from '../../src/core/linear'
import type { HeadVectors } from '../../src/core/types'
import { jointInfos, loadJointMethod } from '../../src/projections/joint/registry'
import type { HeadContext } from '../../src/projections/types'
import { degenerateHeads, makeHead, makeSpans, settings } from './heads'

const contextOf = (vectors: HeadVectors, more: Partial<HeadContext> = {}): HeadContext => ({
  vectors,
  spans: makeSpans(vectors.n),
  causal: false,
  window: null,
  special: new Uint8Array(vectors.n),
  keySpecial: new Uint8Array(vectors.m),
  settings,
  headIndex: 17,
  pause: async () => undefined,
  ...more,
})

const apply = async (id: string, head: HeadVectors, more: Partial<HeadContext> = {}) =>
  (await loadJointMethod(id)).apply(head, contextOf(head, more))

test('the registry has the four methods, under their own names', async () => {
  expect(jointInfos.map(({ id }) => id)).toEqual(['raw', 'translate', 'scale', 'lift'])
  for (const { id, label, description } of jointInfos) {
    expect((await loadJointMethod(id)).id).toBe(id)
    expect(label).not.toBe('')
    expect(description).toMatch(/\.$/)
  }
  await expect(loadJointMethod('toString')).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
})

describe.each(jointInfos.map(({ id }) => id))('%s', (id) => {
  test.each([['plain', makeHead(40)] as [string, HeadVectors], ...degenerateHeads])('finite: %s', async (_, head) => {
    const joint = await apply(id, head)
    expect([joint.q.length, joint.k.length]).toEqual([head.n * joint.dim, head.m * joint.dim])
    expect(joint.shift).toHaveLength(joint.dim)
    for (const list of [joint.q, joint.k, joint.shift]) expect(list.every(Number.isFinite)).toBe(true)
    expect(joint.c).toBeGreaterThanOrEqual(0.2)
    expect(joint.c).toBeLessThanOrEqual(5)
  })

  test('the same bits twice', async () => {
    expect(await apply(id, makeHead(40))).toEqual(await apply(id, makeHead(40)))
  })

  test('attention stays as it is', async () => {
    const head = makeHead(40)
    const joint = await apply(id, head)
    const shape = { queries: 40, keys: 40, scale: head.scale, mask: { causal: false, window: null } }
    const before = computeAttention({ ...shape, q: head.q, k: head.k, dim: head.dim })
    const after = computeAttention({ ...shape, q: joint.q, k: joint.k, dim: joint.dim })
    for (const [index, weight] of before.entries()) expect(Math.abs(after[index]! - weight)).toBeLessThan(1e-5)
  })

  test('c, shift and dimensions are what scripts are promised', async () => {
    const head = makeHead(40)
    const { q, k, dim, c, shift } = await apply(id, head)
    if (id !== 'scale') expect(c).toBe(1)
    if (id === 'lift') {
      expect(dim).toBe(head.dim + 1)
      expect(shift.every((value) => value === 0)).toBe(true)
      return
    }
    expect(dim).toBe(head.dim)
    expect(q).toEqual(head.q.map((value) => value * c))
    expect(k).toEqual(head.k.map((value, index) => value / c + shift[index % dim]!))
    if (id === 'raw') expect(shift.every((value) => value === 0)).toBe(true)
    else {
      const [queryMean, keyMean] = [meanOfRows(q, 40, dim), meanOfRows(k, 40, dim)]
      for (let column = 0; column < dim; column++) expect(keyMean[column]).toBeCloseTo(queryMean[column]!, 6)
    }
  })

  test('more keys than queries', async () => {
    const head = makeHead(20, 35)
    const spans = [{ queryStart: 0, queries: 20, keyStart: 0, keys: 35 }]
    const joint = await apply(id, head, { spans })
    expect([joint.n, joint.m]).toEqual([20, 35])
  })

  test('numbers that are not finite are refused', async () => {
    const head = makeHead(10)
    head.k[13] = NaN
    await expect(apply(id, head)).rejects.toSatisfy(
      (error) => error instanceof AppError && error.code === 'VERIFY_FAILED',
    )
  })
})

test('the scale pauses, and stops where it is told to', async () => {
  let pauses = 0
  const pause = async () => {
    if (++pauses === 3) throw new AppError('CANCELLED', '')
  }
  await expect(apply('scale', makeHead(40), { pause })).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(pauses).toBe(3)
})
