import { figureInfo } from '../core/figures'
import type { FigureRow } from '../core/types'
import { t } from './strings'
import { figureWords } from './tell'
import { fidelityIds } from './fidelity'
import { formatCount, formatFigure } from './format'

export interface ShownFigure {
  id: string
  name: string
  text: string
  /** The value that chance gives, where that is needed to read the figure. */
  chance: string | null
  definition: string
}

const shown = ['picture', 'joint', 'recall', 'pairs'] as const

/** Figures of one head beside its badge, in the order of the cards; those that are not there yet show a dash. */
export function figuresOf(row: FigureRow | null): readonly ShownFigure[] {
  return shown.map((figure) => {
    const id = fidelityIds[figure]
    const info = figureInfo(id)
    const value = row?.[id]
    const chance = figure === 'recall' ? row?.[fidelityIds.chance] : null
    const isCount = figure === 'pairs' && value !== null && value !== undefined
    return {
      id,
      name: t.figures[figure],
      definition: info ? figureWords(info).definition : '',
      text: isCount ? formatCount(value) : formatFigure(value),
      chance: chance === null || chance === undefined ? null : t.figures.chance(formatFigure(chance)),
    }
  })
}
