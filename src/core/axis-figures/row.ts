import { describeAxis } from './describe'
import { relateByRank } from './relations'
import type { AxisFigure } from './types'

export const row: AxisFigure = {
  property: 'row',
  infos: describeAxis(
    'axis_row',
    'row',
    'Spearman correlation, without its sign,',
    'the row of the patch',
    'the head lays patches out from top to bottom',
  ),
  relate: relateByRank,
}
