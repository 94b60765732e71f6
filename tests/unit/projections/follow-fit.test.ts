import { expect, test } from 'vitest'
import { hashUniform } from '../../../src/core/random'
import { measureSlope, softening, specificShare } from '../../../src/projections/follow-fit'
import { type FollowSample, sampleAttention } from '../../../src/projections/follow-sample'
import { makeHead } from '../../contracts/heads'
import { spansOf } from '../golden-head'

const lengths = [7, 12, 9]
const n = lengths.reduce((sum, length) => sum + length, 0)

/** Sequences that begin and end with a special token. */
function makeSample(): FollowSample {
  const spans = spansOf(lengths)
  const special = new Uint8Array(n)
  for (const { queryStart, queries } of spans) special[queryStart] = special[queryStart + queries - 1] = 1
  return sampleAttention({
    vectors: makeHead(n),
    spans,
    mask: { causal: false, window: null },
    querySpecial: special,
    keySpecial: special,
  })
}

function correlate(a: readonly number[], b: readonly number[]): number {
  const product = a.reduce((sum, value, at) => sum + value * b[at]!, 0)
  return product / Math.sqrt(a.reduce((sum, value) => sum + value * value, 0))
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** What is fitted, from its definition: the targets of the sample have length 1. */
function measure(sample: FollowSample, features: Float32Array, dim: number, dims: number, maps: Float64Array): number {
  const { queries, pairStart, first, ranks, specific, queryOrdinary, keyOrdinary } = sample
  const place = (row: number, isKey: boolean) =>
    Array.from({ length: dims }, (_, axis) => {
      let sum = isKey ? maps[2 * dims * dim + axis]! : 0
      for (let column = 0; column < dim; column++)
        sum += features[row * dim + column]! * maps[((isKey ? dims : 0) + axis) * dim + column]!
      return sum
    })
  let total = 0
  for (const { queryStart, queryEnd, keyStart, keyEnd } of sample.blocks) {
    const keys = Array.from({ length: keyEnd - keyStart }, (_, at) => place(queries.length + keyStart + at, true))
    const rows = Array.from({ length: queryEnd - queryStart }, (_, at) => {
      const query = place(queryStart + at, false)
      return keys.map((key) => Math.sqrt(key.reduce((sum, x, axis) => sum + (x - query[axis]!) ** 2, softening)))
    })
    const rowAgreements = rows.map((row, at) => {
      const mean = meanOf(row)
      const targets = ranks.subarray(pairStart[queryStart + at]!, pairStart[queryStart + at + 1]!)
      return correlate(
        row.map((distance) => distance - mean),
        [...targets],
      )
    })
    const ordinaryRows = rows.flatMap((row, at) =>
      queryOrdinary[queryStart + at] ? [{ row: row.filter((_, key) => keyOrdinary[keyStart + key]), at }] : [],
    )
    const rowMeans = ordinaryRows.map(({ row }) => meanOf(row))
    const columnMeans = ordinaryRows[0]!.row.map((_, key) => meanOf(ordinaryRows.map(({ row }) => row[key]!)))
    const all = meanOf(rowMeans)
    const centred = ordinaryRows.flatMap(({ row }, at) =>
      row.map((distance, key) => distance - rowMeans[at]! - columnMeans[key]! + all),
    )
    const targets = ordinaryRows.flatMap(({ at }) =>
      keys.flatMap((_, key) =>
        keyOrdinary[keyStart + key]
          ? [specific[pairStart[queryStart + at]! + keyStart + key - first[queryStart + at]!]!]
          : [],
      ),
    )
    total += (1 - specificShare) * rowAgreements.reduce((sum, value) => sum + value, 0)
    total += specificShare * rows.length * correlate(centred, targets)
  }
  return total
}

test.each([
  [2, 8],
  [3, 8],
  [2, 5],
  [3, 6],
])('the slope is that of both agreements: %i axes, %i numbers a vector', async (dims, dim) => {
  const sample = makeSample()
  const rows = sample.queries.length + sample.keys.length
  const features = Float32Array.from({ length: rows * dim }, (_, at) => 2 * hashUniform(1, dim, at) - 1)
  const maps = Float64Array.from({ length: 2 * dims * dim + dims }, (_, at) => 2 * hashUniform(2, dim, at) - 1)
  const slope = await measureSlope(sample, features, dim, dims, maps)
  const step = 1e-5
  maps.forEach((value, at) => {
    const [above, below] = [maps.slice(), maps.slice()]
    above[at] = value + step
    below[at] = value - step
    const difference =
      (measure(sample, features, dim, dims, above) - measure(sample, features, dim, dims, below)) / (2 * step)
    expect(slope[at]!).toBeCloseTo(difference, 5)
  })
})
