import type { FigureInfo } from '../figure-info'
import { attentionDistance } from './attention-distance'
import { duplicateToken } from './duplicate-token'
import { entropy } from './entropy'
import { firstToken } from './first-token'
import { induction } from './induction'
import { next } from './next'
import { previous } from './previous'
import { self } from './self'
import { sparsity } from './sparsity'
import { specialMass } from './special-mass'
import type { HeadFigure } from './types'

/** Figures of the attention pattern, in the order in which they are listed. */
export const headFigures: readonly HeadFigure[] = [
  entropy,
  sparsity,
  attentionDistance,
  previous,
  next,
  self,
  firstToken,
  specialMass,
  duplicateToken,
  induction,
]

export const patternFigureInfos: readonly FigureInfo[] = headFigures.flatMap(({ infos }) => infos)
