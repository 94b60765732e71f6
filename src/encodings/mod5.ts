import { stepEncoding } from './steps'

/** Position modulo 5: short periods show as stripes. */
export const mod5 = stepEncoding({
  id: 'mod5',
  scope: 'token',
  categories: 5,
  categoryOf: ({ table }, point) => (table.positionOf[point] ?? 0) % 5,
  label: (_, category) => ({ text: String(category) }),
})
