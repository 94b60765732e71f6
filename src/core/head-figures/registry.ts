import type { FigureInfo } from '../figure-info'
import { attentionDistance } from './attention-distance'
import { attentionDistancePx } from './attention-distance-px'
import { clsMass } from './cls-mass'
import { duplicateToken } from './duplicate-token'
import { entropy } from './entropy'
import { firstToken } from './first-token'
import { induction } from './induction'
import { lookAtSelf } from './look-at-self'
import { next } from './next'
import { previous } from './previous'
import { registerMass } from './register-mass'
import { sameColumn } from './same-column'
import { sameRow } from './same-row'
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
  attentionDistancePx,
  lookAtSelf,
  clsMass,
  registerMass,
  sameRow,
  sameColumn,
]

export const patternFigureInfos: readonly FigureInfo[] = headFigures.flatMap(({ infos }) => infos)
