/** The key of the sequence that is drawn nearest to each of its queries, by position; `firstQuery` and `firstKey` are points. */
export function nearestKeys(
  points: Float32Array,
  dims: number,
  firstQuery: number,
  firstKey: number,
  size: number,
): Int32Array {
  const nearest = new Int32Array(size)
  for (let query = 0; query < size; query += 1) {
    let least = Infinity
    for (let key = 0; key < size; key += 1) {
      let distance = 0
      for (let axis = 0; axis < dims; axis += 1) {
        distance += (points[(firstQuery + query) * dims + axis]! - points[(firstKey + key) * dims + axis]!) ** 2
      }
      if (distance >= least) continue
      least = distance
      nearest[query] = key
    }
  }
  return nearest
}

/** The `count` keys with the largest weights of each query, the largest first; weights of 0 (masked, hidden) are left out. */
export function strongestKeys(weights: Float32Array, size: number, count: number): { key: number; weight: number }[][] {
  return Array.from({ length: size }, (_, query) => {
    const found: { key: number; weight: number }[] = []
    for (let key = 0; key < size; key += 1) {
      const weight = weights[query * size + key]!
      if (!(weight > 0) || (found.length === count && weight <= found[count - 1]!.weight)) continue
      const at = found.findIndex((other) => weight > other.weight)
      found.splice(at < 0 ? found.length : at, 0, { key, weight })
      if (found.length > count) found.pop()
    }
    return found
  })
}
