import { stepEncoding } from './steps'
import type { Encoding } from './types'

const categories = 10

/** Which sequence a token is of; the ten colours repeat. */
export const sequence: Encoding = {
  ...stepEncoding({
    id: 'sequence',
    scope: 'token',
    categories,
    categoryOf: ({ table }, point) => (table.sequenceOf[point] ?? 0) % categories,
    label: ({ table }, category) => {
      const second = category + categories
      if (second >= table.sequences.length) return { text: String(category) }
      return {
        text: second + categories < table.sequences.length ? `${category}, ${second} …` : `${category}, ${second}`,
      }
    },
    shown: ({ table }) => table.sequences.length,
  }),
  value: ({ table }, point) => ({ text: String(table.sequenceOf[point] ?? 0) }),
}
