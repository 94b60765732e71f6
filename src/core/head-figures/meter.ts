import { visibleKeys } from '../attention'
import { fillDots } from '../linear'
import type { FigureRow, HeadVectors, Mask, Span } from '../types'
import { headFigures, patternFigureInfos } from './registry'
import { describeSequence, type Grid, type TokenFacts } from './sequence'
import type { AttentionRow, FigureMeter } from './types'

export interface HeadFigureInput extends TokenFacts {
  vectors: HeadVectors
  mask: Mask
}

/**
 * All figures of one head's attention pattern (docs/figures.md). Each row of attention is made once and shown to every figure.
 * Works sequence by sequence, so that a worker can pause in between: `add` every span, then take `result()`.
 */
export class HeadFigureMeter {
  readonly #input: HeadFigureInput
  readonly #weights: Float64Array
  readonly #meters: readonly FigureMeter[]

  /** @param longest keys of the longest span that will be added */
  constructor(input: HeadFigureInput, longest: number) {
    this.#input = input
    this.#weights = new Float64Array(longest)
    this.#meters = headFigures.map((figure) => figure.createMeter(longest))
  }

  /**
   * @param grid patches of an image; null: a text
   * @param own [queries,keys] the model's own attention; null: softmax(scale · q·k + mask)
   */
  add(span: Span, grid: Grid | null = null, own: Float32Array | null = null): void {
    const weights = this.#weights
    const row: AttentionRow = {
      sequence: describeSequence(span, this.#input, grid),
      query: 0,
      first: 0,
      end: 0,
      visible: 0,
      weights,
    }
    for (let query = 0; query < span.queries; query++) {
      const { first, end } = visibleKeys(this.#input.mask, query, span.keys)
      if (end <= first) continue
      if (own) for (let key = first; key < end; key++) weights[key] = own[query * span.keys + key]!
      else this.#fillAttention(span, query, first, end)
      row.query = query
      row.first = first
      row.end = end
      row.visible = end - first
      for (const meter of this.#meters) meter.addRow(row)
    }
    for (const meter of this.#meters) meter.closeSequence()
  }

  /** Under the ids of the registry, in its order. */
  result(): FigureRow {
    return Object.assign({}, ...this.#meters.map((meter) => meter.result())) as FigureRow
  }

  #fillAttention(span: Span, query: number, first: number, end: number): void {
    const { q, k, dim, scale } = this.#input.vectors
    const weights = this.#weights
    fillDots(q, k, dim, span.queryStart + query, span.keyStart, first, end, weights)
    let largest = -Infinity
    for (let key = first; key < end; key++) {
      weights[key]! *= scale
      if (weights[key]! > largest) largest = weights[key]!
    }
    let total = 0
    for (let key = first; key < end; key++) {
      weights[key] = Math.exp(weights[key]! - largest)
      total += weights[key]!
    }
    for (let key = first; key < end; key++) weights[key]! /= total
  }
}

/** Where the attention is not known: every figure of it is undefined. */
export const emptyHeadFigures = (): FigureRow => Object.fromEntries(patternFigureInfos.map(({ id }) => [id, null]))
