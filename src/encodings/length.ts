import { rampEncoding } from './ramp'
import { bareText, tokenOf } from './tokens'
import type { TokenTable } from './types'

const longest = 12

const charactersOf = (table: TokenTable, point: number): number =>
  [...bareText(tokenOf(table, point)?.text ?? '')].length

/** Characters of the token, 1 … 12 and more. */
export const length = rampEncoding({
  id: 'length',
  scope: 'token',
  prepare:
    ({ table }) =>
    (point) =>
      (charactersOf(table, point) - 1) / (longest - 1),
  ends: () => [{ text: '1' }, { text: `${longest}+` }],
  at: (_, share) => String(Math.round(1 + share * (longest - 1))),
  value: ({ table }, point) => ({ text: String(charactersOf(table, point)) }),
})
