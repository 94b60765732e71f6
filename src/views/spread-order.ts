/** 0 … count−1 in an order that looks random and is always the same: labels spread over the picture and stay put. */
export function spreadOrder(count: number): Int32Array {
  const rank = Uint32Array.from({ length: count }, (_, index) => Math.imul(index + 1, 0x9e3779b1) >>> 0)
  const order = Int32Array.from({ length: count }, (_, index) => index)
  return order.sort((a, b) => (rank[a] ?? 0) - (rank[b] ?? 0))
}
