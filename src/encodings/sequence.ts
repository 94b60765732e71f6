import { stepEncoding } from './steps'

const categories = 10

/** Which sequence a token is of; the ten colours repeat. */
export const sequence = stepEncoding({
  id: 'sequence',
  scope: 'token',
  categories,
  categoryOf: ({ table }, point) => (table.sequenceOf[point] ?? 0) % categories,
  label: (_, category) => ({ text: String(category) }),
  shown: ({ table }) => table.sequences.length,
})
