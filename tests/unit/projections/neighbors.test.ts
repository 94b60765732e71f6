import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { MetricId } from '../../../src/core/types'
import { type Neighbors, NeighborSearch } from '../../../src/projections/neighbors'
import { computePca } from '../../../src/projections/pca'
import { startFrom, UmapLayout } from '../../../src/projections/umap'
import { clusteredRows, defaultSettings, readReferenceHead, rowsOf } from '../../helpers/heads'
import { trustworthiness } from '../../helpers/trustworthiness'

let search: NeighborSearch

beforeAll(async () => {
  search = await NeighborSearch.load()
})

afterEach(() => vi.restoreAllMocks())

function normOf(rows: Float32Array, dim: number, row: number): number {
  let sum = 0
  for (let at = row * dim; at < (row + 1) * dim; at++) sum += rows[at]! * rows[at]!
  return Math.sqrt(sum)
}

/** Distance in float64: 1 − cosine (0 between two rows of zeros, 1 between one and another), or Euclidean. */
function naiveDistance(rows: Float32Array, dim: number, a: number, b: number, metric: MetricId): number {
  const [normA, normB] = metric === 'cosine' ? [normOf(rows, dim, a), normOf(rows, dim, b)] : [1, 1]
  if (normA === 0 || normB === 0) return normA === normB ? 0 : 1
  let sum = 0
  for (let column = 0; column < dim; column++) {
    const difference = rows[a * dim + column]! / normA - rows[b * dim + column]! / normB
    sum += difference * difference
  }
  return metric === 'cosine' ? sum / 2 : Math.sqrt(sum)
}

/** Every answer is right: others only, each once, each as near as the naive search's, equal rows by ascending index. */
function checkAgainstNaive(rows: Float32Array, dim: number, k: number, metric: MetricId, answer: Neighbors): void {
  const count = rows.length / dim
  const size = Math.max(0, Math.min(k, count - 1))
  expect(answer.k).toBe(size)
  expect(answer.indices.length).toBe(count * size)
  const ulp = 2e-7
  for (let row = 0; row < count; row++) {
    const distances = Float64Array.from({ length: count }, (_, other) => naiveDistance(rows, dim, row, other, metric))
    const order = [...distances.keys()].filter((other) => other !== row)
    order.sort((a, b) => distances[a]! - distances[b]! || a - b)
    const own = [...answer.indices.subarray(row * size, (row + 1) * size)]
    if (new Set(own).size !== size || own.includes(row)) expect.fail(`row ${row} has neighbours ${own.join()}`)
    for (let place = 0; place < size; place++) {
      const wanted = distances[order[place]!]!
      const got = distances[own[place]!]!
      // Ties within float64 rounding may stand in either order; exact ones go to the lower index.
      if (Math.abs(got - wanted) > 1e-13 * wanted + 1e-15 * Number(metric === 'cosine')) {
        expect.fail(`row ${row}, place ${place}: distance ${got} instead of ${wanted}`)
      }
      const before = own[place - 1]
      if (before !== undefined && distances[before] === got && got === 0 && before > own[place]!) {
        expect.fail(`row ${row}: equal rows ${before} and ${own[place]} are out of order`)
      }
      const stored = answer.distances[row * size + place]!
      const held = Math.min(got, 3.4028234663852886e38)
      if (Math.abs(stored - held) > ulp * held + 1e-30) expect.fail(`row ${row}: stored ${stored} for ${got}`)
    }
  }
}

/** `toEqual` takes seconds for long arrays. */
const bytesOf = ({ indices, distances }: Neighbors) =>
  Buffer.concat([Buffer.from(indices.buffer), Buffer.from(distances.buffer)])

const metrics = ['cosine', 'euclidean'] as const

async function checkBoth(rows: Float32Array, dim: number, k: number): Promise<void> {
  for (const metric of metrics) {
    checkAgainstNaive(rows, dim, k, metric, await search.find(rows, rows.length / dim, dim, k, metric))
  }
}

const randomRows = (count: number, dim: number, seed = 1) => clusteredRows(count, dim, 1, 0, seed)

describe('exact neighbours equal a naive search', () => {
  it('for random rows', async () => {
    await checkBoth(randomRows(517, 64), 64, 15)
    await checkBoth(clusteredRows(301, 32, 7, 20), 32, 16)
  })

  it('for every width from 1 to 256', async () => {
    for (let dim = 1; dim <= 256; dim++) await checkBoth(randomRows(21, dim, dim), dim, 3)
  })

  it('for 1, 2 and 3 rows and for k beyond the number of rows', async () => {
    for (const count of [1, 2, 3, 4, 5, 8, 9, 16, 17]) {
      for (const k of [0, 1, count - 2, count - 1, count, 50]) await checkBoth(randomRows(count, 6), 6, Math.max(0, k))
    }
    const none = await search.find(new Float32Array(0), 0, 8, 5, 'cosine')
    expect(none).toMatchObject({ count: 0, k: 0 })
  })

  it('for rows that occur many times', async () => {
    const unique = randomRows(40, 16)
    const rows = Float32Array.from({ length: 400 * 16 }, (_, at) => unique[at % unique.length]!)
    await checkBoth(rows, 16, 15)
  })

  it('for equal rows: the lowest indices', async () => {
    for (const metric of metrics) {
      const { indices, distances } = await search.find(new Float32Array(100 * 8).fill(0.3), 100, 8, 3, metric)
      expect([...indices.subarray(0, 6)]).toEqual([1, 2, 3, 0, 2, 3])
      expect([...indices.subarray(297)]).toEqual([0, 1, 2])
      expect(distances.every((distance) => distance === 0)).toBe(true)
    }
  })

  it('for rows of zeros among others, and only zeros', async () => {
    const rows = randomRows(120, 12)
    for (let row = 0; row < 120; row += 3) rows.fill(0, row * 12, (row + 1) * 12)
    await checkBoth(rows, 12, 10)
    await checkBoth(rows, 12, 60)
    await checkBoth(new Float32Array(30 * 4), 4, 5)
  })

  it('for constant columns and rows on a line', async () => {
    await checkBoth(
      Float32Array.from({ length: 90 * 5 }, (_, at) => (at % 5 === 0 ? Math.floor(at / 5) : 7)),
      5,
      4,
    )
    await checkBoth(
      Float32Array.from({ length: 90 * 3 }, (_, at) => 1 + Math.floor(at / 3)),
      3,
      4,
    )
  })

  it('for values near the ends of float32, mixed with small ones', async () => {
    const scaled = (factor: (row: number) => number) => {
      const rows = randomRows(150, 8)
      return rows.map((value, at) => Math.fround(value * factor(Math.floor(at / 8))))
    }
    await checkBoth(
      scaled(() => 1e38),
      8,
      7,
    )
    await checkBoth(
      scaled(() => 1e-38),
      8,
      7,
    )
    await checkBoth(
      scaled((row) => (row % 10 === 0 ? 1e30 : 1)),
      8,
      7,
    )
    await checkBoth(
      scaled((row) => 10 ** ((row % 60) - 30)),
      8,
      7,
    )
  })

  it('for clusters so far apart that float32 sums would lose what is inside them', async () => {
    const rows = randomRows(160, 4).map((value, at) => Math.fround(value + (at % 8 < 4 ? 3e5 : -3e5)))
    await checkBoth(rows, 4, 9)
  })

  it('for sizes, widths, spreads and repeats as they come', async () => {
    const shape = fc.record({
      count: fc.integer({ min: 1, max: 70 }),
      dim: fc.integer({ min: 1, max: 20 }),
      k: fc.integer({ min: 0, max: 40 }),
      seed: fc.nat(),
      steps: fc.constantFrom(1, 2, 3, 100),
      exponent: fc.integer({ min: -30, max: 30 }),
    })
    await fc.assert(
      fc.asyncProperty(shape, async ({ count, dim, k, seed, steps, exponent }) => {
        const rows = randomRows(count, dim, seed).map((x) => (Math.round(x * steps) / steps) * 10 ** exponent)
        await checkBoth(rows, dim, k)
      }),
      { numRuns: 150 },
    )
  })
})

describe('near neighbours of many rows', () => {
  /** Share of the nearest ones that were found; every answer is one of k other rows, nearest first, with its true distance. */
  function recallOf(rows: Float32Array, dim: number, metric: MetricId, near: Neighbors, exact: Neighbors): number {
    expect([near.count, near.k]).toEqual([exact.count, exact.k])
    let hits = 0
    for (let row = 0; row < near.count; row++) {
      const [from, to] = [row * near.k, (row + 1) * near.k]
      const own = [...near.indices.subarray(from, to)]
      if (new Set(own).size !== near.k || own.includes(row)) expect.fail(`row ${row} has neighbours ${own.join()}`)
      const best = new Set(exact.indices.subarray(from, to))
      for (const other of own) if (best.has(other)) hits++
      if (row % 50 > 0) continue
      for (const [place, other] of own.entries()) {
        const [stored, before] = [near.distances[from + place]!, place > 0 ? near.distances[from + place - 1]! : 0]
        if (stored < before) expect.fail(`row ${row} is not sorted`)
        const wanted = naiveDistance(rows, dim, row, other, metric)
        if (Math.abs(stored - wanted) > 2e-7 * wanted + 1e-30) expect.fail(`row ${row}: ${stored} for ${wanted}`)
      }
    }
    return hits / near.indices.length
  }

  it('are 95 % of the nearest ones on a real head, and give as good a picture', async () => {
    const { joint, spans } = readReferenceHead()
    const rows = rowsOf(joint)
    const count = joint.n + joint.m
    const exact = await search.find(rows, count, joint.dim, 14, 'cosine')
    const near = await search.findNear(rows, count, joint.dim, 14, 'cosine')
    expect(recallOf(rows, joint.dim, 'cosine', near, exact)).toBeGreaterThan(0.95)

    const layout = await UmapLayout.load()
    const start = startFrom(await computePca(joint, 'cosine', 2, spans), 2, 0, 0)
    const { metric, neighbors, mindist, seed } = defaultSettings
    const settings = { dims: 2, metric, neighbors, mindist, epochs: null, seed, headIndex: 0 } as const
    const quality = async (found: Neighbors) => {
      const points = await layout.run(found, start, settings, () => Promise.resolve())
      return trustworthiness(rows, joint.dim, points, 2, 12, 'cosine', 40)
    }
    expect(Math.abs((await quality(near)) - (await quality(exact)))).toBeLessThan(0.01)
  })

  it('are found again to the bit, and stop where they are told to', async () => {
    const rows = clusteredRows(2000, 12, 20, 6)
    for (const metric of metrics) {
      const exact = await search.find(rows, 2000, 12, 10, metric)
      const shares: number[] = []
      const first = await search.findNear(
        rows,
        2000,
        12,
        10,
        metric,
        async (done, total) => void shares.push(done / total),
      )
      expect(recallOf(rows, 12, metric, first, exact)).toBeGreaterThan(0.95)
      expect(Buffer.compare(bytesOf(await search.findNear(rows, 2000, 12, 10, metric)), bytesOf(first))).toBe(0)
      expect(shares).toEqual(shares.toSorted((a, b) => a - b))
      expect(shares.at(-1)).toBe(1)
      for (const stopAt of [1, Math.floor(shares.length / 2), shares.length]) {
        let calls = 0
        const pause = async () => {
          if (++calls === stopAt) throw new Error('stop')
        }
        await expect(search.findNear(rows, 2000, 12, 10, metric, pause)).rejects.toThrow('stop')
      }
    }
  })

  it('of equal rows, of zeros, of few rows are whole', async () => {
    const twice = clusteredRows(300, 7, 4, 5)
    twice.copyWithin(150 * 7, 0)
    const cases: [Float32Array, number][] = [
      [new Float32Array(200 * 4), 4],
      [new Float32Array(100 * 8).fill(0.3), 8],
      [twice, 7],
      [clusteredRows(12, 5, 1, 0), 5],
      [clusteredRows(2, 5, 1, 0), 5],
      [clusteredRows(1, 5, 1, 0), 5],
      [clusteredRows(200, 4, 1, 0).map((value) => value * 3e37), 4],
    ]
    for (const [rows, dim] of cases) {
      for (const metric of metrics) {
        const count = rows.length / dim
        const near = await search.findNear(rows, count, dim, 20, metric)
        recallOf(rows, dim, metric, near, await search.find(rows, count, dim, 20, metric))
        expect(near.distances.every(Number.isFinite)).toBe(true)
      }
    }
  })

  it('of numbers that are not finite are refused', async () => {
    const rows = randomRows(50, 6)
    rows[77] = NaN
    await expect(search.findNear(rows, 50, 6, 3, 'cosine')).rejects.toMatchObject({ code: 'VERIFY_FAILED' })
  })
})

it('gives the same answer with any slice', async () => {
  const rows = clusteredRows(403, 20, 5, 6)
  rows.copyWithin(200 * 20, 0, 50 * 20)
  for (const metric of metrics) {
    const whole = await search.find(rows, 403, 20, 12, metric, undefined, 1000)
    for (const slice of [1, 3, 16]) {
      expect(await search.find(rows, 403, 20, 12, metric, undefined, slice)).toEqual(whole)
    }
  }
})

it('refuses numbers that are not finite', async () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    for (const at of [0, 37, 10 * 7 - 1]) {
      const rows = randomRows(10, 7)
      rows[at] = bad
      for (const metric of metrics) {
        await expect(search.find(rows, 10, 7, 3, metric)).rejects.toMatchObject({ code: 'VERIFY_FAILED' })
      }
    }
  }
  await expect(search.find(Float32Array.of(NaN), 1, 1, 3, 'cosine')).rejects.toMatchObject({ code: 'VERIFY_FAILED' })
})

it('refuses a shape that does not fit', async () => {
  await expect(search.find(new Float32Array(10), 3, 4, 2, 'cosine')).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  await expect(search.find(new Float32Array(12), 3, 4, NaN, 'cosine')).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
})

it('reports rising progress and stops where it is told to', async () => {
  const rows = randomRows(600, 8)
  const shares: number[] = []
  await search.find(rows, 600, 8, 5, 'cosine', async (done, total) => void shares.push(done / total))
  expect(shares.length).toBeGreaterThan(5)
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  expect(shares.at(-1)).toBe(1)

  for (const stopAt of [1, 3, shares.length]) {
    let calls = 0
    const pause = async () => {
      if (++calls === stopAt) throw new Error('stop')
    }
    await expect(search.find(rows, 600, 8, 5, 'cosine', pause)).rejects.toThrow('stop')
    expect(calls).toBe(stopAt)
  }
  await checkBoth(rows.subarray(0, 100 * 8), 8, 5)
})

it('needs little memory, and no more for the next heads', async () => {
  const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow')
  const { joint } = readReferenceHead()
  const fresh = await NeighborSearch.load()
  const run = () => fresh.find(rowsOf(joint), joint.n + joint.m, joint.dim, 14, 'cosine')
  const first = await run()
  const pages = grow.mock.calls.reduce((sum, [added]) => sum + added, 0)
  expect(pages).toBeGreaterThan(0)
  expect(pages * 65_536).toBeLessThan(16e6)
  const calls = grow.mock.calls.length
  for (let head = 0; head < 2; head++) expect(Buffer.compare(bytesOf(await run()), bytesOf(first))).toBe(0)
  expect(grow.mock.calls.length).toBe(calls)
})
