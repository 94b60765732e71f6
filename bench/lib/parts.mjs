/**
 * What of a benchmark is measured: all parts in their order, or the one that was asked for.
 * @param only name of one part; absent: all
 * @param smaller parts of other parts, measured by themselves only when asked for
 * @throws Error where there is no such part
 */
export function chooseParts(parts, only, smaller = {}) {
  if (!only) return Object.values(parts)
  const choice = { ...parts, ...smaller }
  if (!choice[only]) throw new Error(`There is no part "${only}". There are: ${Object.keys(choice).join(', ')}.`)
  return [choice[only]]
}
