import type { FigureInfo } from '../figure-info'
import { NestedMean } from '../nested-mean'
import type { FigureRow } from '../types'
import type { AttentionRow, FigureMeter } from './types'

/** Means of a figure and of what uniform attention over the same visible keys gives, and how many rows had it. */
export class RowMean {
  readonly #value = new NestedMean()
  readonly #uniform = new NestedMean()
  rows = 0

  add(value: number, uniform: number): void {
    this.#value.add(value)
    this.#uniform.add(uniform)
    this.rows++
  }

  closeSequence(): void {
    this.#value.closeSequence()
    this.#uniform.closeSequence()
  }

  result(id: string): FigureRow {
    return { [id]: this.#value.value, [uniformId(id)]: this.#uniform.value }
  }
}

/** A figure that is one number a row: `measure` adds it to `mean`, or leaves the row out. */
export function createRowMeter(id: string, measure: (row: AttentionRow, mean: RowMean) => void): FigureMeter {
  const mean = new RowMean()
  return {
    addRow: (row) => measure(row, mean),
    closeSequence: () => mean.closeSequence(),
    result: () => mean.result(id),
  }
}

/** The same with the number of rows that had it. */
export function createCountedMeter(id: string, measure: (row: AttentionRow, mean: RowMean) => void): FigureMeter {
  const mean = new RowMean()
  return {
    addRow: (row) => measure(row, mean),
    closeSequence: () => mean.closeSequence(),
    result: () => ({ ...mean.result(id), [rowsId(id)]: mean.rows }),
  }
}

export const uniformId = (id: string): string => `${id}_uniform`
export const rowsId = (id: string): string => `${id}_rows`

/** Of images only. */
export const needsPatches = ['vectors', 'attention', 'patches'] as const

export type PatternInfo = Pick<FigureInfo, 'id' | 'label' | 'definition' | 'high'> &
  Partial<Pick<FigureInfo, 'unit' | 'imageUnit' | 'range' | 'needs'>>

/** A figure of the attention pattern and its uniform baseline. */
export function describePattern(info: PatternInfo): [FigureInfo, FigureInfo] {
  const { id, label } = info
  const figure: FigureInfo = {
    unit: '',
    range: [0, 1],
    needs: ['vectors', 'attention'],
    ...info,
    better: null,
    group: 'pattern',
    role: 'figure',
    baseline: uniformId(id),
  }
  const uniform: FigureInfo = {
    ...figure,
    id: uniformId(id),
    label: `${label}, uniform attention`,
    definition: `What attention spread evenly over the same visible keys gives for “${label}”.`,
    high: 'the sequences alone make the figure high',
    role: 'baseline',
  }
  delete uniform.baseline
  return [figure, uniform]
}

/** The same for a figure that only some rows have. `what` completes "Queries …". */
export function describeCounted(info: PatternInfo, what: string): [FigureInfo, FigureInfo, FigureInfo] {
  const [figure, uniform] = describePattern(info)
  const rows = rowsId(info.id)
  return [
    { ...figure, rows },
    uniform,
    {
      id: rows,
      label: `${info.label}, queries`,
      definition: `Queries ${what}, over all sequences: “${info.label}” is the mean over them.`,
      unit: 'queries',
      range: [0, null],
      better: null,
      high: 'the figure rests on many rows',
      group: 'pattern',
      role: 'count',
      needs: figure.needs,
    },
  ]
}
