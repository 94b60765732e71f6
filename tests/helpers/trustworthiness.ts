/**
 * Trustworthiness (Venna and Kaski 2001) of `points` [count,dims] as a picture of `rows` [count,dim]: 1 less the scaled ranks of
 * those that are among the k nearest in the picture and not among the rows. Over every `step`-th point.
 */
export function trustworthiness(
  rows: Float32Array,
  dim: number,
  points: Float32Array,
  dims: number,
  k: number,
  metric: 'cosine' | 'euclidean',
  step = 1,
): number {
  const count = rows.length / dim
  const data = Float64Array.from(rows)
  if (metric === 'cosine') {
    for (let row = 0; row < count; row++) {
      const values = data.subarray(row * dim, (row + 1) * dim)
      const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
      for (let column = 0; column < dim; column++) values[column]! /= norm > 0 ? norm : 1
    }
  }
  let penalty = 0
  let sampled = 0
  for (let row = 0; row < count; row += step) {
    const before = distancesFrom(data, dim, row)
    for (const other of nearest(distancesFrom(points, dims, row), row, k)) {
      const distance = before[other]!
      let rank = 1
      for (let index = 0; index < count; index++) {
        if (index !== row && (before[index]! < distance || (before[index] === distance && index < other))) rank++
      }
      penalty += Math.max(0, rank - k)
    }
    sampled++
  }
  return 1 - (2 * penalty) / (sampled * k * (2 * count - 3 * k - 1))
}

/** Squared Euclidean distances of one row from all. */
function distancesFrom(data: Float32Array | Float64Array, dim: number, row: number): Float64Array {
  const count = data.length / dim
  const distances = new Float64Array(count)
  for (let other = 0; other < count; other++) {
    let sum = 0
    for (let column = 0; column < dim; column++) {
      const difference = data[row * dim + column]! - data[other * dim + column]!
      sum += difference * difference
    }
    distances[other] = sum
  }
  return distances
}

function nearest(distances: Float64Array, row: number, k: number): number[] {
  const best: number[] = []
  for (let other = 0; other < distances.length; other++) {
    if (other === row) continue
    if (best.length === k && distances[other]! >= distances[best[k - 1]!]!) continue
    let place = best.length === k ? k - 1 : best.length
    while (place > 0 && distances[best[place - 1]!]! > distances[other]!) {
      best[place] = best[place - 1]!
      place--
    }
    best[place] = other
  }
  return best
}
