import { categoryColors } from './colors'
import { stepEncoding } from './steps'
import type { Encoding, EncodingContext, LegendLabel } from './types'

/** As many values as there are colours that can be told apart; of more, the most frequent have one each. */
const mostCategories = 10

interface CategoryParts extends Pick<Encoding, 'id'> {
  /** All values there are, as often as they are there. */
  values: Iterable<string | null>
  valueAt(context: EncodingContext, point: number): string | null
  /** What points without a value are called. */
  without: LegendLabel
}

/** Values by how often they occur; of equals, the one that comes first. */
function frequentValues(values: Iterable<string | null>): { all: string[]; hasGaps: boolean } {
  const counts = new Map<string, number>()
  let hasGaps = false
  for (const value of values)
    if (value) counts.set(value, (counts.get(value) ?? 0) + 1)
    else hasGaps = true
  return { all: [...counts].sort(([, one], [, other]) => other - one).map(([value]) => value), hasGaps }
}

/** One step a value, the most frequent first; the rarer ones together, and the points without a value, are grey. */
export function categories({ id, values, valueAt, without }: CategoryParts): Encoding {
  const { all, hasGaps } = frequentValues(values)
  const shown = all.length <= mostCategories ? all : all.slice(0, mostCategories - 1)
  const places = new Map(shown.map((value, place) => [value, place]))
  const hasOthers = all.length > shown.length
  const labels: LegendLabel[] = [
    ...shown.map((text) => ({ text })),
    ...(hasOthers ? [{ key: 'otherValues' } as const] : []),
    ...(hasGaps ? [without] : []),
  ]
  const colorsOf = (shade: 'light' | 'dark') => [
    ...categoryColors[shade].slice(0, shown.length),
    ...(hasOthers ? [shade === 'dark' ? '#8b929d' : '#7d8693'] : []),
    ...(hasGaps ? [shade === 'dark' ? '#4b515b' : '#c3c8cf'] : []),
  ]
  const steps = stepEncoding({
    id,
    scope: 'token',
    categories: labels.length,
    colors: { light: colorsOf('light'), dark: colorsOf('dark') },
    categoryOf(context, point) {
      const value = valueAt(context, point)
      return value ? (places.get(value) ?? shown.length) : labels.length - 1
    },
    label: (_, category) => labels[category] ?? without,
  })
  return {
    ...steps,
    value(context, point) {
      const value = valueAt(context, point)
      return value ? { text: value } : without
    },
  }
}
