import { spearman } from '../spearman'

/** Spearman correlation without its sign; null: a side is constant. */
export function relateByRank(along: Float64Array, values: Float64Array): number | null {
  const correlation = spearman(along, values)
  return correlation === null ? null : Math.abs(correlation)
}

/**
 * Circular–linear correlation R (Mardia 1976): the multiple correlation of a number with cosine and sine of an angle in degrees,
 * 0 … 1, the same for any zero of the angle. null: a side is constant.
 */
export function relateToAngle(along: Float64Array, degrees: Float64Array): number | null {
  const cosine = degrees.map((angle) => Math.cos((angle * Math.PI) / 180))
  const sine = degrees.map((angle) => Math.sin((angle * Math.PI) / 180))
  const byCosine = pearson(along, cosine)
  const bySine = pearson(along, sine)
  if (byCosine === null || bySine === null) {
    const only = byCosine ?? bySine
    return only === null ? null : Math.abs(only)
  }
  const between = pearson(cosine, sine) ?? 0
  const rest = 1 - between ** 2
  // Cosine and sine tell the same: two hues, for example.
  if (rest < 1e-9) return Math.abs(byCosine)
  const square = (byCosine ** 2 + bySine ** 2 - 2 * byCosine * bySine * between) / rest
  return Math.sqrt(Math.min(1, Math.max(0, square)))
}

/** Deviations that rounding alone gives count as none. */
const rounding = 1e-12

function pearson(first: Float64Array, second: Float64Array): number | null {
  const count = first.length
  let [meanOne, meanTwo] = [0, 0]
  for (let at = 0; at < count; at++) {
    meanOne += first[at]! / count
    meanTwo += second[at]! / count
  }
  let [both, one, two] = [0, 0, 0]
  for (let at = 0; at < count; at++) {
    const [x, y] = [first[at]! - meanOne, second[at]! - meanTwo]
    both += x * y
    one += x * x
    two += y * y
  }
  const isConstant = (spread: number, mean: number) => spread <= count * (rounding * Math.max(1, Math.abs(mean))) ** 2
  return isConstant(one, meanOne) || isConstant(two, meanTwo) ? null : both / Math.sqrt(one * two)
}
