import { stepEncoding } from './steps'
import { classOf, tokenClasses, tokenOf } from './tokens'

/** Word, word piece, number, punctuation, or special token. */
export const special = stepEncoding({
  id: 'special',
  scope: 'token',
  categories: tokenClasses.length,
  categoryOf({ table }, point) {
    const token = tokenOf(table, point)
    return token ? tokenClasses.indexOf(classOf(token)) : 0
  },
  label: (_, category) => ({ key: tokenClasses[category] ?? 'unknown' }),
})
