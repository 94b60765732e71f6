import { stepEncoding } from './steps'
import { classOf, tokenClasses, tokenOf } from './tokens'

/** Word, word piece, number, punctuation, or special token. */
export const special = stepEncoding({
  id: 'special',
  scope: 'token',
  categories: tokenClasses.length,
  // Words are most of the points: grey lets the others stand out.
  colors: {
    light: ['#7d8693', '#0072b2', '#009e73', '#d55e00', '#b0489a'],
    dark: ['#7f8794', '#4ba3e3', '#2fc79b', '#f58442', '#df84c4'],
  },
  categoryOf({ table }, point) {
    const token = tokenOf(table, point)
    return token ? tokenClasses.indexOf(classOf(token)) : 0
  },
  label: (_, category) => ({ key: tokenClasses[category] ?? 'unknown' }),
})
