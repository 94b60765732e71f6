import { stepEncoding } from './steps'
import { pieceStateOf, pieceStates, tokenOf } from './tokens'

/** Whole word, first piece of a word, later piece, or no word. */
export const piece = stepEncoding({
  id: 'piece',
  scope: 'token',
  categories: pieceStates.length,
  colors: {
    light: ['#7d8693', '#0072b2', '#d55e00', '#b0489a'],
    dark: ['#7f8794', '#4ba3e3', '#f58442', '#df84c4'],
  },
  categoryOf: ({ table }, point) => (tokenOf(table, point) ? pieceStates.indexOf(pieceStateOf(table, point)) : 0),
  label: (_, category) => ({ key: pieceStates[category] ?? 'unknown' }),
})
