import { describeAxis } from './describe'
import { relateByRank } from './relations'
import type { AxisFigure } from './types'

export const frequency: AxisFigure = {
  property: 'frequency',
  infos: describeAxis(
    'axis_frequency',
    'frequency',
    'Spearman correlation, without its sign,',
    'how fine the texture of the patch is (cycles across it; plain patches left out)',
    'the head lays patches out by texture',
  ),
  relate: relateByRank,
}
