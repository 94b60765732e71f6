import type { FigureInfo } from '../figure-info'
import { rowsId } from '../head-figures/row-mean'

/** The figure of a property and its count. */
export function describeAxis(
  id: string,
  name: string,
  how: string,
  of: string,
  high: string,
): readonly [FigureInfo, FigureInfo] {
  const shared = { unit: '', better: null, group: 'axis', needs: ['vectors', 'pixels'] } as const
  return [
    {
      ...shared,
      id,
      label: `Main axis and ${name}`,
      definition: `${how} of the place along the head’s main axis with ${of}, mean of queries and keys. The main axis is the first principal axis of all patches’ queries and keys, each cloud around its own mean; CLS and registers are left out.`,
      range: [0, 1],
      high,
      role: 'figure',
      rows: rowsId(id),
    },
    {
      ...shared,
      id: rowsId(id),
      label: `Main axis and ${name}, patches`,
      definition: `Patches behind “Main axis and ${name}”.`,
      unit: 'patches',
      range: [0, null],
      high: 'the figure rests on many patches',
      role: 'count',
    },
  ]
}
