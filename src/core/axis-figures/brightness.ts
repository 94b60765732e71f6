import { describeAxis } from './describe'
import { relateByRank } from './relations'
import type { AxisFigure } from './types'

export const brightness: AxisFigure = {
  property: 'brightness',
  infos: describeAxis(
    'axis_brightness',
    'brightness',
    'Spearman correlation, without its sign,',
    'the brightness of the patch',
    'the head lays patches out by brightness',
  ),
  relate: relateByRank,
}
