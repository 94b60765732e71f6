import type { PatchTable } from '../../../src/core/axis-figures/types'
import type { FigureRow, HeadVectors } from '../../../src/core/types'

/** The figures of the main axis as defined, on plain lists: slow on purpose. */

type Row = number[]

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const dot = (a: Row, b: Row): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0)

function correlate(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)]
  const [x, y] = [a.map((value) => value - meanA), b.map((value) => value - meanB)]
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y))
}

const ranks = (values: readonly number[]): number[] =>
  values.map(
    (value) => values.filter((other) => other < value).length + values.filter((other) => other === value).length / 2,
  )

function centred(rows: readonly Row[]): Row[] {
  const centre = rows[0]!.map((_, at) => mean(rows.map((row) => row[at]!)))
  return rows.map((row) => row.map((value, at) => value - centre[at]!))
}

/** Multiple correlation of x with cosine and sine: the best angle is searched for. */
function correlateAngle(x: readonly number[], degrees: readonly number[]): number {
  let best = 0
  for (let turn = 0; turn < 180; turn += 0.1) {
    const cosine = degrees.map((angle) => Math.cos(((angle - turn) * Math.PI) / 180))
    best = Math.max(best, Math.abs(correlate(x, cosine)))
  }
  return best
}

export function naiveAxisFigures({ q, k, n, dim }: HeadVectors, table: PatchTable): FigureRow {
  const row = (rows: Float32Array, token: number): Row => [...rows.slice(token * dim, (token + 1) * dim)]
  const patches = Array.from({ length: n }, (_, token) => token).filter((token) => !Number.isNaN(table.row[token]!))
  const all = [q, k].flatMap((rows) => centred(patches.map((token) => row(rows, token))))
  // Power iteration on the data themselves.
  let axis: Row = Array.from({ length: dim }, (_, at) => 1 + at / 7)
  for (let step = 0; step < 20_000; step++) {
    const weights = all.map((each) => dot(each, axis))
    const next = axis.map((_, at) => all.reduce((sum, each, index) => sum + weights[index]! * each[at]!, 0))
    const length = Math.hypot(...next)
    const turned = Math.hypot(...next.map((value, at) => value / length - axis[at]!))
    axis = next.map((value) => value / length)
    if (turned < 1e-13) break
  }
  const result: FigureRow = {}
  for (const [property, values] of Object.entries(table) as [keyof PatchTable, Float32Array][]) {
    const tokens = patches.filter((token) => !Number.isNaN(values[token]!))
    const given = tokens.map((token) => values[token]!)
    const sides = [q, k].map((rows) => {
      const along = tokens.map((token) => dot(row(rows, token), axis))
      return property === 'hue' ? correlateAngle(along, given) : Math.abs(correlate(ranks(along), ranks(given)))
    })
    result[`axis_${property}`] = mean(sides)
    result[`axis_${property}_rows`] = tokens.length
  }
  return result
}
