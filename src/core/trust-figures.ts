import type { FigureInfo } from './figure-info'
import type { Trust } from './trust'
import type { FigureRow } from './types'

const trust =
  'Trustworthiness: 1 less the scaled ranks, in the joint space, of points that are among the 12 nearest as drawn and not in the joint space.'
const sampled = 'Over a sample of points, see Pairs behind trustworthiness.'

function trustInfo(id: string, label: string, among: string, high: string): FigureInfo {
  return {
    id,
    label,
    definition: `${trust} ${among} ${sampled}`,
    unit: '',
    range: [0, 1],
    better: 'high',
    high,
    group: 'fidelity',
    role: 'figure',
    rows: 'trust12_pairs',
    needs: ['points'],
  }
}

export const trustFigureInfos: readonly FigureInfo[] = [
  trustInfo(
    'trust12',
    'Trustworthiness',
    'Among all points: most neighbours are of the point’s own type, so it says little of queries against keys.',
    'points drawn near each other are near in the joint space',
  ),
  trustInfo(
    'trust12_qq',
    'Trustworthiness, queries',
    'Queries among queries.',
    'queries drawn near each other are near in the joint space',
  ),
  trustInfo(
    'trust12_kk',
    'Trustworthiness, keys',
    'Keys among keys.',
    'keys drawn near each other are near in the joint space',
  ),
  trustInfo(
    'trust12_qk',
    'Trustworthiness, queries and keys',
    'Queries among keys and keys among queries.',
    'a query and a key drawn near each other are near in the joint space',
  ),
  {
    id: 'trust12_pairs',
    label: 'Pairs behind trustworthiness',
    definition: 'Pairs of points that were compared: sampled points × all others.',
    unit: 'pairs',
    range: [0, null],
    better: null,
    high: 'trustworthiness rests on many pairs',
    group: 'fidelity',
    role: 'count',
    needs: ['points'],
  },
]

/** A picture's trust under the ids of the registry. */
export const trustFigures = (trust: Trust): FigureRow => ({
  trust12: trust.all,
  trust12_qq: trust.queries,
  trust12_kk: trust.keys,
  trust12_qk: trust.across,
  trust12_pairs: trust.pairs,
})
