import { gradePicture, type PictureGrade } from '../core/figures'
import type { FigureRow } from '../core/types'

export type FidelityGrade = PictureGrade

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
  /** What the grade rests on: query-specific agreement of the drawn picture. −1 is perfect, 0 says nothing. */
  figure: number
  /** Agreement of the drawn picture, popular keys included. */
  picture: number | null
  joint: number | null
  /** Query–key pairs that the figure rests on. */
  pairs: number | null
}

/** The grade of the drawn picture, never of the joint space; null where it is undefined (too little text) or not there yet. */
export function readFidelity(row: FigureRow | null): Fidelity | null {
  const figure = row?.[fidelityIds.specific] ?? null
  if (!row || figure === null) return null
  return {
    grade: gradePicture(row),
    figure,
    picture: row[fidelityIds.picture] ?? null,
    joint: row[fidelityIds.joint] ?? null,
    pairs: row[fidelityIds.pairs] ?? null,
  }
}
