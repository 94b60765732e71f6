import { meanOfRows, normsOfRows } from './linear'
import type { HeadVectors, JointVectors } from './types'

/**
 * How one head's queries and keys come into one space (docs: maths, "Key translation" and "Scale c"; Yeh et al. 2023, 5.1.1).
 * All functions leave their input alone and throw VERIFY_FAILED when it is not finite. Queries that stay as they are may share
 * their memory with the input.
 */

/** q and k as they are. */
export function keepRaw(head: HeadVectors): JointVectors {
  meanOfRows(head.q, head.n, head.dim)
  meanOfRows(head.k, head.m, head.dim)
  const { n, m, dim } = head
  return { q: head.q.slice(), k: head.k.slice(), n, m, dim, c: 1, shift: new Float32Array(dim) }
}

/**
 * Moves all keys by mean(Q) − mean(K): the centroids meet, and as every score of a query changes by the same amount, its
 * attention stays. (Moving the queries instead would change it.)
 */
export const translateKeys = (head: HeadVectors): JointVectors => scaleAndTranslate(head, 1)

/**
 * q → c·q and k → k/c, which leaves every dot product as it is; then the keys are moved onto the queries' centroid:
 * k/c + shift with shift = c·mean(Q) − mean(K)/c. With no queries or no keys nothing is shifted.
 */
export function scaleAndTranslate(head: HeadVectors, c: number): JointVectors {
  const { n, m, dim } = head
  const queryMean = meanOfRows(head.q, n, dim)
  const keyMean = meanOfRows(head.k, m, dim)
  const shift = new Float32Array(dim)
  if (n > 0 && m > 0) {
    for (let column = 0; column < dim; column++) shift[column] = c * queryMean[column]! - keyMean[column]! / c
  }
  // As it is, not copied: a head of 5,000 queries would cost a millisecond of new memory.
  const q = c === 1 ? head.q.subarray(0, n * dim) : new Float32Array(n * dim)
  if (c !== 1) for (let at = 0; at < q.length; at++) q[at] = c * head.q[at]!
  const k = new Float32Array(m * dim)
  // Without a scale (the default) without a division too: it is half of this function's time.
  for (let row = 0, at = 0; row < m; row++) {
    if (c === 1) for (let column = 0; column < dim; column++, at++) k[at] = head.k[at]! + shift[column]!
    else for (let column = 0; column < dim; column++, at++) k[at] = head.k[at]! / c + shift[column]!
  }
  return { q, k, n, m, dim, c, shift }
}

/**
 * The attention-exact lift: one more dimension, √(M² − ‖k‖²) for keys (M the largest key norm) and 0 for queries. All keys
 * then have the norm M, so for every query the order of Euclidean distances is the order of dot products.
 */
export function liftKeys(head: HeadVectors): JointVectors {
  const { n, m, dim } = head
  meanOfRows(head.q, n, dim)
  meanOfRows(head.k, m, dim)
  const norms = normsOfRows(head.k, m, dim)
  let largest = 0
  for (const norm of norms) if (norm > largest) largest = norm
  const lifted = dim + 1
  const q = new Float32Array(n * lifted)
  for (let row = 0; row < n; row++) q.set(head.q.subarray(row * dim, (row + 1) * dim), row * lifted)
  const k = new Float32Array(m * lifted)
  for (let row = 0; row < m; row++) {
    k.set(head.k.subarray(row * dim, (row + 1) * dim), row * lifted)
    const norm = norms[row]!
    k[row * lifted + dim] = Math.sqrt(Math.max(0, (largest - norm) * (largest + norm)))
  }
  return { q, k, n, m, dim: lifted, c: 1, shift: new Float32Array(lifted) }
}
