import { isVisible } from '../../../src/core/attention'
import type { FigureRow, Mask, Span } from '../../../src/core/types'

/** The figures of the attention pattern as defined, cell by cell on whole matrices: slow on purpose. */

export interface NaiveSequence {
  span: Span
  /** [queries][keys] weights; masked cells are null. */
  attention: (number | null)[][]
  /** Is the key special, is the query, and what are their ids. */
  keySpecial: boolean[]
  querySpecial: boolean[]
  ids: number[] | null
  grid: { rows: number; columns: number; patchPx?: number } | null
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Per row a value or null (left out), mean over rows, then over sequences. */
const average = (sequences: readonly NaiveSequence[], ofRow: (sequence: NaiveSequence, i: number) => number | null) => {
  const means = sequences.flatMap((sequence) => {
    const rows = sequence.attention
      .map((cells, i) => (cells.every((cell) => cell === null) ? null : ofRow(sequence, i)))
      .filter((value) => value !== null)
    return rows.length > 0 ? [mean(rows)] : []
  })
  return means.length > 0 ? mean(means) : null
}

const present = (cells: readonly (number | null)[]): number[] => cells.filter((cell) => cell !== null)
const visibleKeys = (cells: readonly (number | null)[]): number[] =>
  [...cells.keys()].filter((key) => cells[key] !== null)

/** Mass of a row on some keys; null where it has none of them. */
const massOn = (cells: readonly (number | null)[], keys: readonly number[]): number | null => {
  const there = keys.filter((key) => cells[key] !== null && cells[key] !== undefined)
  return there.length > 0 ? there.reduce((sum, key) => sum + cells[key]!, 0) : null
}

const copies = ({ ids }: NaiveSequence, i: number): number[] =>
  ids ? ids.flatMap((id, j) => (j < i && id >= 0 && id === ids[i] ? [j] : [])) : []
const followers = (sequence: NaiveSequence, i: number): number[] =>
  copies(sequence, i)
    .map((j) => j + 1)
    .filter((j) => j !== i)

function patchOf({ querySpecial, grid }: NaiveSequence, token: number): { row: number; column: number } | null {
  if (querySpecial[token]) return null
  const index = querySpecial.slice(0, token).filter((special) => !special).length
  return { row: Math.floor(index / grid!.columns), column: index % grid!.columns }
}

interface Patch {
  row: number
  column: number
}

/** Σ over visible patches of a patch's attention, scaled to sum to 1 over them, times a value; null where the query is no patch. */
function overPatches(sequence: NaiveSequence, i: number, value: (from: Patch, to: Patch) => number): number | null {
  const cells = sequence.attention[i]!
  const from = sequence.grid && patchOf(sequence, i)
  if (!from) return null
  const to = visibleKeys(cells).flatMap((j) => {
    const patch = patchOf(sequence, j)
    return patch ? [{ weight: cells[j]!, value: value(from, patch) }] : []
  })
  const total = to.reduce((sum, { weight }) => sum + weight, 0)
  return total > 0 ? to.reduce((sum, { weight, value }) => sum + (weight / total) * value, 0) : null
}

const apart = (from: Patch, to: Patch): number => Math.hypot(from.row - to.row, from.column - to.column)
const isSame = (from: Patch, to: Patch): boolean => from.row === to.row && from.column === to.column

function distance(sequence: NaiveSequence, i: number): number | null {
  const cells = sequence.attention[i]!
  if (sequence.grid) return overPatches(sequence, i, apart)
  return visibleKeys(cells).reduce((sum, j) => sum + cells[j]! * Math.abs(i - j), 0)
}

/** 1 where no key gets more than the query itself, shared among those that get as much; else 0. */
function looksAtSelf(sequence: NaiveSequence, i: number): number | null {
  const cells = sequence.attention[i]!
  if (!sequence.grid || !patchOf(sequence, i) || cells[i] === null) return null
  const most = Math.max(...present(cells))
  return cells[i] === most ? 1 / present(cells).filter((cell) => cell === most).length : 0
}

/** Attention of a patch on special keys, the first token alone or the others. */
function massOnSpecial(sequence: NaiveSequence, i: number, isMeant: (j: number) => boolean): number | null {
  if (!sequence.grid || !patchOf(sequence, i)) return null
  const keys = [...sequence.keySpecial.keys()].filter((j) => sequence.keySpecial[j] && isMeant(j))
  return massOn(sequence.attention[i]!, keys)
}

function sparsity(cells: readonly number[]): number {
  const sorted = [...cells].sort((a, b) => b - a)
  let sum = 0
  let count = 0
  while (sum < 0.9 - 1e-9) sum += sorted[count++]!
  return count / cells.length
}

const entropyOf = (cells: readonly number[]): number =>
  -cells.reduce((sum, weight) => sum + (weight > 0 ? weight * Math.log(weight) : 0), 0)

function figuresOf(sequences: readonly NaiveSequence[]): FigureRow {
  const rows = (ofRow: (cells: number[]) => number | null) =>
    average(sequences, ({ attention }, i) => ofRow(present(attention[i]!)))
  const offset = (by: number) => average(sequences, ({ attention }, i) => massOn(attention[i]!, [i + by]))
  return {
    entropy: rows((cells) => (cells.length < 2 ? null : entropyOf(cells))),
    entropy_normalised: rows((cells) => (cells.length < 2 ? null : entropyOf(cells) / Math.log(cells.length))),
    sparsity: rows(sparsity),
    attention_distance: average(sequences, distance),
    previous: offset(-1),
    next: offset(1),
    self: offset(0),
    first_token: average(sequences, ({ attention }, i) => (i >= 1 ? massOn(attention[i]!, [0]) : null)),
    special_mass: average(sequences, ({ attention, keySpecial }, i) => {
      const special = [...keySpecial.keys()].filter((key) => keySpecial[key])
      return massOn(attention[i]!, special) ?? 0
    }),
    duplicate_token: average(sequences, (sequence, i) => massOn(sequence.attention[i]!, copies(sequence, i))),
    induction: average(sequences, (sequence, i) => massOn(sequence.attention[i]!, followers(sequence, i))),
    attention_distance_px: average(sequences, (sequence, i) => {
      const patchPx = sequence.grid?.patchPx
      return patchPx === undefined ? null : overPatches(sequence, i, (from, to) => patchPx * apart(from, to))
    }),
    look_at_self: average(sequences, looksAtSelf),
    cls_mass: average(sequences, (sequence, i) => massOnSpecial(sequence, i, (j) => j === 0)),
    register_mass: average(sequences, (sequence, i) => massOnSpecial(sequence, i, (j) => j > 0)),
    same_row: average(sequences, (sequence, i) =>
      overPatches(sequence, i, (from, to) => Number(from.row === to.row && !isSame(from, to))),
    ),
    same_column: average(sequences, (sequence, i) =>
      overPatches(sequence, i, (from, to) => Number(from.column === to.column && !isSame(from, to))),
    ),
  }
}

/** All figures, those of uniform attention beside them. */
export function naiveHeadFigures(sequences: readonly NaiveSequence[]): FigureRow {
  const uniform = sequences.map((sequence) => ({
    ...sequence,
    attention: sequence.attention.map((cells) =>
      cells.map((cell) => (cell === null ? null : 1 / present(cells).length)),
    ),
  }))
  const counted = (keys: (sequence: NaiveSequence, i: number) => number[]) =>
    sequences.reduce(
      (sum, sequence) =>
        sum + sequence.attention.filter((cells, i) => massOn(cells, keys(sequence, i)) !== null).length,
      0,
    )
  const flat = Object.entries(figuresOf(uniform)).map(([id, value]) => [`${id}_uniform`, value])
  return {
    ...figuresOf(sequences),
    ...(Object.fromEntries(flat) as FigureRow),
    duplicate_token_rows: counted(copies),
    induction_rows: counted(followers),
  }
}

/** softmax(scale · q·k) over the visible keys of one span, from plain lists. */
export function naiveAttention(
  vectors: { q: Float32Array; k: Float32Array; dim: number; scale: number },
  span: Span,
  mask: Mask,
): (number | null)[][] {
  const { q, k, dim, scale } = vectors
  return Array.from({ length: span.queries }, (_, i) => {
    const scores = Array.from({ length: span.keys }, (_, j) => {
      let sum = 0
      for (let at = 0; at < dim; at++) sum += q[(span.queryStart + i) * dim + at]! * k[(span.keyStart + j) * dim + at]!
      return isVisible(mask, i, j) ? scale * sum : null
    })
    const largest = Math.max(...present(scores))
    const parts = scores.map((score) => (score === null ? null : Math.exp(score - largest)))
    const total = present(parts).reduce((sum, part) => sum + part, 0)
    return parts.map((part) => (part === null ? null : part / total))
  })
}
