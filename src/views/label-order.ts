import { classOf, tokenOf } from '../encodings/tokens'
import type { TokenTable } from '../encodings/types'

/**
 * Points in the order in which they get labels: words before numbers, pieces and marks; among them an order that looks
 * random and is always the same, so that labels spread over the picture and stay put.
 */
export function labelOrder(table: TokenTable): Int32Array {
  const ranks = { word: 0, number: 1, piece: 2, punctuation: 3, special: 3 } as const
  const order = Int32Array.from({ length: table.n + table.m }, (_, point) => point)
  const classes = order.map((point) => {
    const token = tokenOf(table, point)
    return token ? ranks[classOf(token)] : 3
  })
  const spread = Uint32Array.from(order, (point) => Math.imul(point + 1, 0x9e3779b1) >>> 0)
  return order.sort((a, b) => (classes[a] ?? 0) - (classes[b] ?? 0) || (spread[a] ?? 0) - (spread[b] ?? 0))
}
