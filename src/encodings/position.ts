import { rampEncoding } from './ramp'
import { shareOf } from './tokens'

/** Position inside the sequence, from its first token to its last. */
export const position = rampEncoding({
  id: 'position',
  scope: 'token',
  prepare:
    ({ table }) =>
    (point) =>
      shareOf(table, point),
  ends: () => [{ key: 'first' }, { key: 'last' }],
  value: ({ table }, point) => ({ text: shareOf(table, point).toFixed(2) }),
})
