import { isVisible } from '../../../src/core/attention'
import type { FidelityInput } from '../../../src/core/fidelity'
import type { Span } from '../../../src/core/types'

/** The definitions of docs and maths, written as plainly as they can be: slow on purpose. */

export const naiveRanks = (values: readonly number[]): number[] =>
  values.map((value) => {
    const below = values.filter((other) => other < value).length
    const equal = values.filter((other) => other === value).length
    return below + (equal + 1) / 2
  })

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

export function naiveSpearman(first: readonly number[], second: readonly number[]): number | null {
  const [a, b] = [naiveRanks(first), naiveRanks(second)]
  const [meanA, meanB] = [mean(a), mean(b)]
  const product = (x: readonly number[], y: readonly number[], mx: number, my: number) =>
    x.reduce((sum, value, index) => sum + (value - mx) * (y[index]! - my), 0)
  const size = product(a, a, meanA, meanA) * product(b, b, meanB, meanB)
  return first.length < 2 || size === 0 ? null : product(a, b, meanA, meanB) / Math.sqrt(size)
}

type Table = (number | null)[][]

const row = (list: Float32Array, index: number, width: number): number[] =>
  Array.from(list.subarray(index * width, (index + 1) * width))
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0)
const length = (a: readonly number[]): number => Math.sqrt(dot(a, a))
const distance = (a: readonly number[], b: readonly number[]): number =>
  length(a.map((value, index) => value - b[index]!))

function tables({ vectors, joint, jointMetric, points, dims, mask }: FidelityInput, span: Span, masked: boolean) {
  const make = (cell: (query: number, key: number) => number): Table =>
    Array.from({ length: span.queries }, (_, i) =>
      Array.from({ length: span.keys }, (_, j) =>
        !masked || isVisible(mask, i, j) ? cell(span.queryStart + i, span.keyStart + j) : null,
      ),
    )
  return {
    scores: make((i, j) => dot(row(vectors.q, i, vectors.dim), row(vectors.k, j, vectors.dim))),
    joint: make((i, j) => {
      const [q, k] = [row(joint.q, i, joint.dim), row(joint.k, j, joint.dim)]
      if (jointMetric === 'euclidean') return distance(q, k)
      const norm = length(q) * length(k)
      return norm > 0 ? 1 - dot(q, k) / norm : 1
    }),
    picture: points ? make((i, j) => distance(row(points, i, dims), row(points, vectors.n + j, dims))) : null,
  }
}

const visible = (cells: readonly (number | null)[]): number[] => cells.filter((cell) => cell !== null)

/** Mean over rows, then over sequences; null rows left out. */
const nested = (sequences: readonly (readonly (number | null)[])[]): number | null => {
  const means = sequences.flatMap((rows) => {
    const defined = rows.filter((value) => value !== null)
    return defined.length > 0 ? [mean(defined)] : []
  })
  return means.length > 0 ? mean(means) : null
}

function agreement(scores: Table, distances: Table | null, fewest: number): (number | null)[] {
  if (!distances) return []
  return scores.map((cells, index) => {
    const [a, b] = [visible(cells), visible(distances[index]!)]
    return a.length < fewest ? null : naiveSpearman(a, b)
  })
}

/** Row means, then column means of what is left; special rows and columns out; rounding left-overs to 0. */
function centre(table: Table, span: Span, input: FidelityInput): Table {
  let largest = 0
  const kept = table.map((cells, i) =>
    input.querySpecial[span.queryStart + i]
      ? cells.map(() => null)
      : cells.map((cell, j) => (input.keySpecial[span.keyStart + j] ? null : cell)),
  )
  for (const cells of kept) for (const cell of visible(cells)) largest = Math.max(largest, Math.abs(cell))
  const rows = kept.map((cells) => {
    const middle = mean(visible(cells))
    return cells.map((cell) => (cell === null ? null : cell - middle))
  })
  const columns = Array.from({ length: span.keys }, (_, j) => {
    const cells = visible(rows.map((cells) => cells[j]!))
    return cells.length > 0 ? mean(cells) : 0
  })
  return rows.map((cells) => {
    const rest = cells.map((cell, j) => (cell === null ? null : cell - columns[j]!))
    const present = visible(rest)
    const flat = present.length === 0 || Math.max(...present) - Math.min(...present) <= 1e-12 * largest
    return flat ? rest.map((cell) => (cell === null ? null : 0)) : rest
  })
}

const best = (cells: readonly number[], smaller: boolean): number[] =>
  [...cells.keys()].sort((a, b) => (smaller ? cells[a]! - cells[b]! : cells[b]! - cells[a]!) || a - b).slice(0, 5)

function recall(scores: Table, distances: Table | null): (number | null)[] {
  return scores.map((cells, index) => {
    const [a, b] = [visible(cells), visible(distances?.[index] ?? [])]
    if (a.length <= 5 || b.length === 0 || new Set(a).size === 1 || new Set(b).size === 1) return null
    const near = best(b, true)
    return best(a, false).filter((key) => near.includes(key)).length / 5
  })
}

function mass(scores: Table, distances: Table | null, scale: number): (number | null)[] {
  return scores.map((cells, index) => {
    const [a, b] = [visible(cells), visible(distances?.[index] ?? [])]
    if (a.length <= 5 || b.length === 0 || new Set(a).size === 1 || new Set(b).size === 1) return null
    const largest = Math.max(...a)
    const of = (keys: number[]) => keys.reduce((sum, key) => sum + Math.exp(scale * (a[key]! - largest)), 0)
    return of(best(b, true)) / of(best(a, false))
  })
}

export function naiveFidelity(input: FidelityInput, spans: readonly Span[]) {
  const fewest = input.mask.causal ? 5 : 2
  const all = spans.map((span) => ({ span, ...tables(input, span, true) }))
  const open = spans.map((span) => tables(input, span, false))
  const specific = (kind: 'joint' | 'picture') =>
    nested(
      all.map(({ span, scores, ...distances }) => {
        const table = distances[kind]
        return table ? agreement(centre(scores, span, input), centre(table, span, input), fewest) : []
      }),
    )
  const rows = all.flatMap(({ scores, joint }) =>
    scores.map((cells, index) => ({ count: visible(cells).length, value: agreement([cells], [joint[index]!], 2)[0] })),
  )
  const long = rows.filter(({ count }) => count >= fewest)
  return {
    joint: nested(all.map(({ scores, joint }) => agreement(scores, joint, fewest))),
    jointUnmasked: input.mask.causal ? nested(open.map(({ scores, joint }) => agreement(scores, joint, 5))) : null,
    jointSpecific: specific('joint'),
    picture: nested(all.map(({ scores, picture }) => agreement(scores, picture, fewest))),
    pictureSpecific: specific('picture'),
    jointRecall: nested(all.map(({ scores, joint }) => recall(scores, joint))),
    pictureRecall: nested(all.map(({ scores, picture }) => recall(scores, picture))),
    chanceRecall: nested(
      all.map(({ scores }) =>
        scores.map((cells) => {
          const a = visible(cells)
          return a.length <= 5 || new Set(a).size === 1 ? null : 5 / a.length
        }),
      ),
    ),
    mass: nested(all.map(({ scores, picture }) => mass(scores, picture, input.vectors.scale))),
    pairs: long.filter(({ value }) => value !== null).reduce((sum, { count }) => sum + count, 0),
    undefinedRows: long.filter(({ value }) => value === null).length,
    shortRows: rows.length - long.length,
    queryNorm: mean(
      Array.from({ length: input.vectors.n }, (_, i) => length(row(input.vectors.q, i, input.vectors.dim))),
    ),
    keyNorm: mean(
      Array.from({ length: input.vectors.m }, (_, j) => length(row(input.vectors.k, j, input.vectors.dim))),
    ),
  }
}
