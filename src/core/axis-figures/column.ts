import { describeAxis } from './describe'
import { relateByRank } from './relations'
import type { AxisFigure } from './types'

export const column: AxisFigure = {
  property: 'column',
  infos: describeAxis(
    'axis_column',
    'column',
    'Spearman correlation, without its sign,',
    'the column of the patch',
    'the head lays patches out from left to right',
  ),
  relate: relateByRank,
}
