import { axisFigureInfos } from './axis-figures/registry'
import type { Fidelity } from './fidelity'
import type { FigureInfo } from './figure-info'
import { patternFigureInfos } from './head-figures/registry'
import { trustFigureInfos } from './trust-figures'
import type { FigureRow } from './types'

export { figureGroups, figureNeeds, type FigureGroup, type FigureInfo, type FigureNeed } from './figure-info'

const within = 'Per query over the visible keys of its own sequence, mean over queries, then over sequences.'
const specific =
  'Row and column means are taken out first (per sequence, special tokens left out): what is left is not explained by keys that are popular with every query.'

export const fidelityFigureInfos: readonly FigureInfo[] = [
  {
    id: 'fidelity_joint',
    label: 'Agreement, joint space',
    definition: `Spearman correlation of the cosine distance of query and key in the joint space with their dot product. ${within} −1: distance ranks keys as attention does. The lift uses Euclidean distance and reaches −1 by construction.`,
    unit: '',
    range: [-1, 1],
    better: 'low',
    high: 'distance does not rank keys as attention does',
    group: 'fidelity',
    role: 'figure',
    needs: ['vectors'],
  },
  {
    id: 'fidelity_joint_unmasked',
    label: 'Agreement, joint space, masked pairs included',
    definition:
      'The same over all keys of the sequence, also those that a causal mask hides: how the paper counts GPT-2. Empty for models without such a mask.',
    unit: '',
    range: [-1, 1],
    better: 'low',
    high: 'distance does not rank keys as attention would without the mask',
    group: 'fidelity',
    role: 'figure',
    needs: ['vectors', 'causal'],
  },
  {
    id: 'fidelity_joint_specific',
    label: 'Query-specific agreement, joint space',
    definition: `Agreement in the joint space beyond what all queries share. ${specific}`,
    unit: '',
    range: [-1, 1],
    better: 'low',
    high: 'what a query prefers beyond popular keys is not near it',
    group: 'fidelity',
    role: 'figure',
    needs: ['vectors'],
  },
  {
    id: 'fidelity_picture',
    label: 'Agreement, picture',
    definition: `Spearman correlation of the Euclidean distance of query and key as drawn with their dot product. ${within}`,
    unit: '',
    range: [-1, 1],
    better: 'low',
    high: 'the picture does not rank keys as attention does',
    group: 'fidelity',
    role: 'figure',
    needs: ['points'],
  },
  {
    id: 'fidelity_picture_specific',
    label: 'Query-specific agreement, picture',
    definition: `Agreement in the picture beyond what all queries share. ${specific}`,
    unit: '',
    range: [-1, 1],
    better: 'low',
    high: 'what a query prefers beyond popular keys is not drawn near it',
    group: 'fidelity',
    role: 'figure',
    needs: ['points'],
  },
  {
    id: 'recall5_joint',
    label: 'Neighbour recall, joint space',
    definition: `Share of a query’s 5 most attended keys that are among its 5 nearest keys in the joint space. ${within} Rows with 5 or fewer visible keys are left out.`,
    unit: '',
    range: [0, 1],
    better: 'high',
    high: 'the nearest keys are the most attended',
    group: 'fidelity',
    role: 'figure',
    baseline: 'recall5_chance',
    needs: ['vectors'],
  },
  {
    id: 'recall5',
    label: 'Neighbour recall, picture',
    definition: `Share of a query’s 5 most attended keys that are among its 5 nearest keys as drawn. ${within} Rows with 5 or fewer visible keys are left out. Compare it with chance.`,
    unit: '',
    range: [0, 1],
    better: 'high',
    high: 'the nearest keys drawn are the most attended',
    group: 'fidelity',
    role: 'figure',
    baseline: 'recall5_chance',
    needs: ['points'],
  },
  {
    id: 'recall5_chance',
    label: 'Neighbour recall by chance',
    definition: 'What keys drawn at random would give: 5 / visible keys, mean over the same rows.',
    unit: '',
    range: [0, 1],
    better: null,
    high: 'sequences are short',
    group: 'fidelity',
    role: 'baseline',
    needs: ['vectors'],
  },
  {
    id: 'mass5',
    label: 'Attention on the nearest',
    definition: `Attention on a query’s 5 nearest keys as drawn, over the attention on its 5 most attended keys. ${within} Weights from q, k and the scale alone.`,
    unit: '',
    range: [0, 1],
    better: 'high',
    high: 'the nearest keys drawn hold the attention',
    group: 'fidelity',
    role: 'figure',
    needs: ['points'],
  },
  {
    id: 'pairs',
    label: 'Pairs',
    definition: 'Visible query–key pairs behind the agreement in the joint space.',
    unit: 'pairs',
    range: [0, null],
    better: null,
    high: 'the agreement rests on many pairs',
    group: 'fidelity',
    role: 'count',
    needs: ['vectors'],
  },
  {
    id: 'undefined_rows',
    label: 'Undefined rows',
    definition: 'Queries whose dot products or distances are all equal: they have no order and are left out.',
    unit: 'queries',
    range: [0, null],
    better: 'low',
    high: 'many queries tell no keys apart',
    group: 'fidelity',
    role: 'count',
    needs: ['vectors'],
  },
  {
    id: 'short_rows',
    label: 'Short rows',
    definition: 'Queries with too few visible keys (fewer than 5 under a causal mask, else fewer than 2): left out.',
    unit: 'queries',
    range: [0, null],
    better: null,
    high: 'many queries see few keys',
    group: 'fidelity',
    role: 'count',
    needs: ['vectors'],
  },
  {
    id: 'c',
    label: 'Scale c',
    definition: 'Queries are multiplied by c and keys divided by it; 1 unless the joint method chooses it.',
    unit: '',
    range: [0.2, 5],
    better: null,
    high: 'queries are stretched against keys',
    group: 'fidelity',
    role: 'figure',
    needs: ['vectors'],
  },
  {
    id: 'c_at_bound',
    label: 'c at its bound',
    definition: '1 where the search for c stopped at an end of its range (.2 or 5), so that c means little.',
    unit: '',
    range: [0, 1],
    better: null,
    high: 'the search for c found no optimum',
    group: 'fidelity',
    role: 'flag',
    needs: ['vectors'],
  },
  {
    id: 'by_construction',
    label: 'By construction',
    definition:
      '1 where the joint method forces the agreement of the joint space (the lift): it says nothing of the head.',
    unit: '',
    range: [0, 1],
    better: null,
    high: 'the agreement of the joint space is forced',
    group: 'fidelity',
    role: 'flag',
    needs: ['vectors'],
  },
  {
    id: 'q_norm',
    label: 'Query norm',
    definition: 'Mean 2-norm of the raw queries, before translation and scale.',
    unit: '',
    range: [0, null],
    better: null,
    high: 'queries are long: scores can be sharp',
    group: 'norms',
    role: 'figure',
    needs: ['vectors'],
  },
  {
    id: 'k_norm',
    label: 'Key norm',
    definition: 'Mean 2-norm of the raw keys, before translation and scale.',
    unit: '',
    range: [0, null],
    better: null,
    high: 'keys are long: scores can be sharp',
    group: 'norms',
    role: 'figure',
    needs: ['vectors'],
  },
  {
    id: 'norm_gap',
    label: 'Norm gap',
    definition: 'Mean query norm minus mean key norm.',
    unit: '',
    range: [null, null],
    better: null,
    high: 'queries are longer than keys',
    group: 'norms',
    role: 'figure',
    needs: ['vectors'],
  },
]

/** Every head figure, in the order in which rows and lists have them. */
export const allFigureInfos: readonly FigureInfo[] = [
  ...fidelityFigureInfos.filter(({ group }) => group === 'fidelity'),
  ...trustFigureInfos,
  ...patternFigureInfos,
  ...axisFigureInfos,
  ...fidelityFigureInfos.filter(({ group }) => group === 'norms'),
]

/** Grows when a figure is computed in another way, so that kept ones are computed again. */
const figuresRevision = 1

/** Figures kept under another key are of another make. */
export const figuresKey = [figuresRevision, ...allFigureInfos.map(({ id }) => id)].join(' ')

export const figureInfo = (id: string): FigureInfo | null => allFigureInfos.find((info) => info.id === id) ?? null

/** All figures of one head in the order of `allFigureInfos`; null for those that are not given. */
export const orderFigures = (values: FigureRow): FigureRow =>
  Object.fromEntries(allFigureInfos.map(({ id }) => [id, values[id] ?? null]))

/** A head's fidelity under the ids of the registry. */
export function fidelityFigures(
  fidelity: Fidelity,
  { c, cAtBound, byConstruction }: { c: number; cAtBound: boolean; byConstruction: boolean },
): FigureRow {
  const { queryNorm, keyNorm } = fidelity
  return {
    fidelity_joint: fidelity.joint,
    fidelity_joint_unmasked: fidelity.jointUnmasked,
    fidelity_joint_specific: fidelity.jointSpecific,
    fidelity_picture: fidelity.picture,
    fidelity_picture_specific: fidelity.pictureSpecific,
    recall5_joint: fidelity.jointRecall,
    recall5: fidelity.pictureRecall,
    recall5_chance: fidelity.chanceRecall,
    mass5: fidelity.mass,
    pairs: fidelity.pairs,
    undefined_rows: fidelity.undefinedRows,
    short_rows: fidelity.shortRows,
    c,
    c_at_bound: cAtBound ? 1 : 0,
    by_construction: byConstruction ? 1 : 0,
    q_norm: queryNorm,
    k_norm: keyNorm,
    norm_gap: queryNorm === null || keyNorm === null ? null : queryNorm - keyNorm,
  }
}

export type PictureGrade = 'faithful' | 'partly' | 'unreliable'

/**
 * The badge of a head. It grades the drawn picture only, never the joint space, and by the query-specific agreement, which
 * popular keys cannot lift; the neighbours must beat chance besides.
 * - faithful: query-specific agreement ≤ −.7, and recall@5 at least twice chance (or half of the way from chance to 1)
 * - partly: query-specific agreement ≤ −.4, and recall@5 above chance
 * - unreliable: everything else, also where a figure is undefined
 */
export function gradePicture(row: FigureRow): PictureGrade {
  const agreement = row['fidelity_picture_specific'] ?? null
  const recall = row['recall5'] ?? null
  const chance = row['recall5_chance'] ?? null
  if (agreement === null || recall === null || chance === null) return 'unreliable'
  if (agreement <= -0.7 && recall >= Math.min(2 * chance, (1 + chance) / 2)) return 'faithful'
  if (agreement <= -0.4 && recall > chance) return 'partly'
  return 'unreliable'
}
