import type { FigureRow } from '../core/types'

export type FidelityGrade = 'faithful' | 'partly' | 'unfaithful'

/** Spearman of distance and dot product in the drawn picture: −1 is perfect, 0 says nothing. */
export function gradeFidelity(spearman: number): FidelityGrade {
  if (spearman <= -0.7) return 'faithful'
  return spearman <= -0.4 ? 'partly' : 'unfaithful'
}

/** Ids in a row of head figures (core/figures.ts defines them). */
export const fidelityIds = {
  picture: 'fidelity_picture',
  joint: 'fidelity_joint',
  specific: 'fidelity_picture_specific',
  recall: 'recall5',
  chance: 'recall5_chance',
  pairs: 'pairs',
} as const

export interface Fidelity {
  grade: FidelityGrade
  picture: number
  joint: number | null
  specific: number | null
  /** Query–key pairs that the figure rests on. */
  pairs: number | null
}

/** The grade of the drawn picture, never of the joint space; null where it is undefined or not there yet. */
export function readFidelity(row: FigureRow | null): Fidelity | null {
  const picture = row?.[fidelityIds.picture]
  if (!row || picture === null || picture === undefined) return null
  return {
    grade: gradeFidelity(picture),
    picture,
    joint: row[fidelityIds.joint] ?? null,
    specific: row[fidelityIds.specific] ?? null,
    pairs: row[fidelityIds.pairs] ?? null,
  }
}
