import type { FigureInfo } from '../figure-info'
import { brightness } from './brightness'
import { column } from './column'
import { frequency } from './frequency'
import { hue } from './hue'
import { row } from './row'
import type { AxisFigure } from './types'

/** Figures of a head's main axis, in the order in which they are listed. */
export const axisFigures: readonly AxisFigure[] = [hue, brightness, frequency, row, column]

export const axisFigureInfos: readonly FigureInfo[] = axisFigures.flatMap(({ infos }) => infos)
