import { rampEncoding } from './ramp'
import { tokenOf } from './tokens'
import type { TokenTable } from './types'

const counted = new WeakMap<TokenTable, { counts: ReadonlyMap<string, number>; most: number }>()

/** How often each token occurs in all sequences together. */
function countTokens(table: TokenTable): { counts: ReadonlyMap<string, number>; most: number } {
  const known = counted.get(table)
  if (known) return known
  const counts = new Map<string, number>()
  let most = 1
  for (const { tokens } of table.sequences) {
    for (const { text } of tokens) {
      const count = (counts.get(text) ?? 0) + 1
      counts.set(text, count)
      most = Math.max(most, count)
    }
  }
  const answer = { counts, most }
  counted.set(table, answer)
  return answer
}

const countOf = (table: TokenTable, point: number): number =>
  countTokens(table).counts.get(tokenOf(table, point)?.text ?? '') ?? 1

/** How often the token occurs in these sequences, on a logarithmic scale. */
export const frequency = rampEncoding({
  id: 'frequency',
  scope: 'token',
  prepare({ table }) {
    const { most } = countTokens(table)
    return (point) => (most > 1 ? Math.log(countOf(table, point)) / Math.log(most) : 0)
  },
  ends: ({ table }) => [{ text: '1×' }, { text: `${countTokens(table).most}×` }],
  at: ({ table }, share) => `${Math.round(countTokens(table).most ** share)}×`,
  value: ({ table }, point) => ({ text: `${countOf(table, point)}×` }),
})
