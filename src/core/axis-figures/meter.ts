import { rowsId } from '../head-figures/row-mean'
import type { FigureRow, HeadVectors, Span } from '../types'
import { Cloud, mainAxis } from './main-axis'
import { axisFigureInfos, axisFigures } from './registry'
import type { PatchTable } from './types'

/** With fewer patches a correlation says nothing. */
const fewestPatches = 10

/**
 * How well one head's main axis tells the properties of patches (docs/figures.md). Works image by image, so that a worker can pause
 * in between: `add` every span, then take `result()`.
 */
export class AxisFigureMeter {
  readonly #vectors: HeadVectors
  readonly #table: PatchTable
  readonly #queries: Cloud
  readonly #keys: Cloud

  /** @param table [n]; queries and keys are the same tokens */
  constructor(vectors: HeadVectors, table: PatchTable) {
    this.#vectors = vectors
    this.#table = table
    this.#queries = new Cloud(vectors.dim)
    this.#keys = new Cloud(vectors.dim)
  }

  add({ queryStart, queries }: Span): void {
    const { q, k } = this.#vectors
    for (let token = queryStart; token < queryStart + queries; token++) {
      if (Number.isNaN(this.#table.row[token]!)) continue
      this.#queries.add(q, token)
      this.#keys.add(k, token)
    }
  }

  /** Under the ids of the registry, in its order. */
  result(): FigureRow {
    const { q, k, n, dim } = this.#vectors
    const scatter = new Float64Array(dim * dim)
    this.#queries.addScatter(scatter)
    this.#keys.addScatter(scatter)
    const axis = mainAxis(scatter, dim)
    const row: FigureRow = {}
    for (const { infos, property, relate } of axisFigures) {
      const { id } = infos[0]
      const values = this.#table[property]
      const tokens: number[] = []
      for (let token = 0; token < n; token++) if (!Number.isNaN(values[token]!)) tokens.push(token)
      const given = Float64Array.from(tokens, (token) => values[token]!)
      const side = (rows: Float32Array): number | null =>
        axis && tokens.length >= fewestPatches ? relate(placesAlong(axis, rows, tokens), given) : null
      const [ofQueries, ofKeys] = [side(q), side(k)]
      row[id] = ofQueries === null || ofKeys === null ? null : (ofQueries + ofKeys) / 2
      row[rowsId(id)] = tokens.length
    }
    return row
  }
}

function placesAlong(axis: Float64Array, rows: Float32Array, tokens: readonly number[]): Float64Array {
  const dim = axis.length
  return Float64Array.from(tokens, (token) => {
    let sum = 0
    for (let at = 0; at < dim; at++) sum += axis[at]! * rows[token * dim + at]!
    return sum
  })
}

/** Where pixels are not known: every figure of them is undefined. */
export const emptyAxisFigures = (): FigureRow => Object.fromEntries(axisFigureInfos.map(({ id }) => [id, null]))
