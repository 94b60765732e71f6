/** What a weight is divided by: the largest of the whole matrix, of its row (query), or of its column (key). */
export type WeightScale = 'whole' | 'row' | 'column'

/** Opacity 0 … 1 of a cell, linear in its weight; 0 where nothing is to be seen. */
export function opacityOf(
  weights: Float32Array,
  size: number,
  scale: WeightScale,
): (query: number, key: number) => number {
  const largest = new Float32Array(scale === 'whole' ? 1 : size)
  for (let query = 0; query < size; query += 1) {
    for (let key = 0; key < size; key += 1) {
      const at = scale === 'whole' ? 0 : scale === 'row' ? query : key
      largest[at] = Math.max(largest[at]!, weights[query * size + key]!)
    }
  }
  return (query, key) => {
    const most = largest[scale === 'whole' ? 0 : scale === 'row' ? query : key]!
    return most > 0 ? Math.min(1, weights[query * size + key]! / most) : 0
  }
}
