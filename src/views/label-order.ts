import { patchOf } from '../encodings/patches'
import { classOf, tokenOf, type TokenClass } from '../encodings/tokens'
import type { TokenTable } from '../encodings/types'

const ranks: Record<TokenClass, number> = { word: 0, number: 1, piece: 2, punctuation: 3, special: 3 }

/** Odd, so that multiplying by it modulo 2³² only shuffles. */
const shuffler = 0x9e3779b1
const unshuffler = inverseModulo32(shuffler)

/** Newton's iteration: each step doubles the number of right bits. */
function inverseModulo32(odd: number): number {
  let inverse = odd
  for (let step = 0; step < 5; step += 1) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse))
  return inverse
}

/**
 * Points in the order in which they get labels: words before numbers, pieces and marks; among them an order that looks
 * random and is always the same, so that labels spread over the picture and stay put. Patches are left out: they are seen, and
 * row and column under each would only cover the picture. [n+m] or fewer
 */
export function labelOrder(table: TokenTable): Int32Array {
  const rankOf = new Map<string, number>()
  const points = Array.from({ length: table.n + table.m }, (_, point) => point).filter(
    (point) => !patchOf(table, point),
  )
  const keys = Float64Array.from(points, (point) => {
    const token = tokenOf(table, point)
    if (!token) return 3 * 2 ** 32 + (Math.imul(point, shuffler) >>> 0)
    const rank = rankOf.get(token.text) ?? ranks[classOf(token)]
    rankOf.set(token.text, rank)
    return rank * 2 ** 32 + (Math.imul(point, shuffler) >>> 0)
  }).sort()
  return Int32Array.from(keys, (key) => Math.imul(key % 2 ** 32, unshuffler))
}
