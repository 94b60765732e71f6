import type { Sequence } from '../core/types'
import { categories } from './categories'
import type { Encoding, TokenTable } from './types'

/** What the user or a segmentation says a token is; null: nothing. */
export const labelAt = (table: TokenTable, point: number): string | null =>
  table.sequences[table.sequenceOf[point] ?? -1]?.labels?.[table.positionOf[point] ?? -1] ?? null

function* labelsOf(sequences: readonly Sequence[]): Generator<string | null> {
  let count = 0
  for (const { labels, tokens } of sequences)
    for (let token = 0; token < tokens.length; token += 1, count += 1) yield labels?.[token] ?? null
  if (count === 0) yield null
}

/** Labels of the patches of these images, the most frequent first. */
export const labelEncoding = (sequences: readonly Sequence[]): Encoding => ({
  ...categories({
    id: 'label',
    values: labelsOf(sequences),
    valueAt: ({ table }, point) => labelAt(table, point),
    without: { key: 'noLabel' },
  }),
  kind: 'image',
})

/** Before there are labels. */
export const label = labelEncoding([])
