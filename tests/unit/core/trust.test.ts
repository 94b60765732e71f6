import { expect, test } from 'vitest'
import { allFigureInfos } from '../../../src/core/figures'
import { TrustMeter, trustNeighbors, trustSample, type Trust } from '../../../src/core/trust'
import { trustFigureInfos, trustFigures } from '../../../src/core/trust-figures'
import type { MetricId } from '../../../src/core/types'
import { clusteredRows, jointOf, rowsOf } from '../../helpers/heads'
import { trustworthiness } from '../../helpers/trustworthiness'

const dim = 6
const joint = jointOf(clusteredRows(240, dim, 5, 3), dim)
/** A fair picture: the first coordinates; and one without any order. */
const flat = (dims: number) =>
  Float32Array.from({ length: 240 * dims }, (_, at) => rowsOf(joint)[Math.floor(at / dims) * dim + (at % dims)]!)

function measure(points: Float32Array, dims: number, metric: MetricId, sample: Iterable<number>): Trust {
  const meter = new TrustMeter({ joint, metric, points, dims })
  for (const point of sample) meter.add(point)
  return meter.result()
}

test.each([
  ['cosine', 2],
  ['cosine', 3],
  ['euclidean', 2],
  ['euclidean', 3],
] as const)('over all points it is the trustworthiness of the reference, %s, %i dimensions', (metric, dims) => {
  const points = flat(dims)
  const trust = measure(points, dims, metric, Array(240).keys())
  expect(trust.all).toBeCloseTo(trustworthiness(rowsOf(joint), dim, points, dims, trustNeighbors, metric), 5) // one rank apart is 1.6e-6: rows are float32 here
  expect(trust.queries).toBeCloseTo(trustworthiness(joint.q, dim, points.slice(0, 120 * dims), dims, 12, metric), 5)
  expect(trust.keys).toBeCloseTo(trustworthiness(joint.k, dim, points.slice(120 * dims), dims, 12, metric), 5)
  expect(trust.pairs).toBe(240 * 239)
})

test('across types, a query is ranked among keys only', () => {
  const points = flat(2)
  const only = measure(points, 2, 'euclidean', [7])
  const rows = Float32Array.of(...joint.q.slice(7 * dim, 8 * dim), ...joint.k)
  const picture = Float32Array.of(...points.slice(14, 16), ...points.slice(240))
  // Only the first point of the small head is looked at.
  expect(only.across).toBeCloseTo(trustworthiness(rows, dim, picture, 2, 12, 'euclidean', 1000), 6)
})

test('a picture that tears neighbours apart is trusted less', () => {
  const points = flat(2)
  const shuffled = points.map((_, at) => points[((Math.floor(at / 2) * 97) % 240) * 2 + (at % 2)]!)
  const all = [...Array(240).keys()]
  expect(measure(shuffled, 2, 'euclidean', all).all).toBeLessThan(0.6)
  expect(measure(points, 2, 'euclidean', all).all).toBeGreaterThan(0.7)
})

test('the sample holds all points of a small head and is bounded for a large one', () => {
  expect([...trustSample(5, 64)]).toEqual([0, 1, 2, 3, 4])
  const large = trustSample(10_000, 64)
  expect(large.length * 10_000 * 64).toBeLessThanOrEqual(4e7)
  expect(new Set(large).size).toBe(large.length)
  expect(large.at(-1)).toBeGreaterThan(9_900)
  expect(trustSample(50_000, 128).length).toBe(32)
})

test('too few points have no trustworthiness', () => {
  const small = jointOf(clusteredRows(20, dim, 1, 1), dim)
  const meter = new TrustMeter({ joint: small, metric: 'cosine', points: new Float32Array(40), dims: 2 })
  for (const point of trustSample(20, dim)) meter.add(point)
  expect(meter.result()).toEqual({ all: null, queries: null, keys: null, across: null, pairs: 20 * 19 })
})

test('each figure is in the registry', () => {
  const row = trustFigures({ all: 0.9, queries: 0.8, keys: 0.7, across: 0.6, pairs: 5 })
  expect(row).toEqual({ trust12: 0.9, trust12_qq: 0.8, trust12_kk: 0.7, trust12_qk: 0.6, trust12_pairs: 5 })
  expect(Object.keys(row)).toEqual(trustFigureInfos.map(({ id }) => id))
  expect(allFigureInfos).toEqual(expect.arrayContaining([...trustFigureInfos]))
})
