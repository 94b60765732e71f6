import { describeAxis } from './describe'
import { relateToAngle } from './relations'
import type { AxisFigure } from './types'

export const hue: AxisFigure = {
  property: 'hue',
  infos: describeAxis(
    'axis_hue',
    'hue',
    'Circular–linear correlation (Mardia)',
    'the hue of the patch (greys left out)',
    'the head lays patches out by hue',
  ),
  relate: relateToAngle,
}
