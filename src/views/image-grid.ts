import type { Role } from '../encodings/types'

export interface Rect {
  x: number
  y: number
  width: number
  height: number
}

/** How an image and its tokens lie on a canvas, in CSS pixels: tiles of CLS and registers in a column, the patches beside. */
export interface ImageLayout {
  rows: number
  columns: number
  /** Tokens before the patches. */
  prefix: number
  image: Rect
  tilePx: number
  width: number
  height: number
}

const tileGapPx = 8
const columnGapPx = 12

/** Fits an image of `width`:`height` into a height in CSS pixels. */
export function layoutImage(
  { rows, columns }: { rows: number; columns: number },
  tokens: number,
  { width, height }: { width: number; height: number },
  heightPx: number,
): ImageLayout {
  const prefix = Math.max(0, tokens - rows * columns)
  const inner = Math.max(48, Math.floor(heightPx))
  const imageWidth = Math.round((inner * width) / height)
  const room = prefix > 0 ? (inner + tileGapPx) / prefix - tileGapPx : 0
  const tilePx = prefix > 0 ? Math.max(8, Math.min(28, Math.floor(room))) : 0
  const x = prefix > 0 ? tilePx + columnGapPx : 0
  return {
    rows,
    columns,
    prefix,
    image: { x, y: 0, width: imageWidth, height: inner },
    tilePx,
    width: x + imageWidth,
    height: inner,
  }
}

/** Where a token is drawn. */
export function rectOf({ rows, columns, prefix, image, tilePx }: ImageLayout, token: number): Rect {
  if (token < prefix) return { x: 0, y: token * (tilePx + tileGapPx), width: tilePx, height: tilePx }
  const patch = token - prefix
  const [width, height] = [image.width / columns, image.height / rows]
  return {
    x: image.x + (patch % columns) * width,
    y: image.y + Math.floor(patch / columns) * height,
    width,
    height,
  }
}

export const centreOf = (layout: ImageLayout, token: number): { x: number; y: number } => {
  const { x, y, width, height } = rectOf(layout, token)
  return { x: x + width / 2, y: y + height / 2 }
}

/** The token drawn at a place; −1: none. */
export function tokenAt(layout: ImageLayout, x: number, y: number): number {
  const { rows, columns, prefix, image, tilePx } = layout
  if (x >= 0 && x < tilePx && prefix > 0) {
    const token = Math.floor(y / (tilePx + tileGapPx))
    return token >= 0 && token < prefix && y - token * (tilePx + tileGapPx) < tilePx ? token : -1
  }
  const column = Math.floor(((x - image.x) / image.width) * columns)
  const row = Math.floor(((y - image.y) / image.height) * rows)
  const isInside = column >= 0 && column < columns && row >= 0 && row < rows
  return isInside ? prefix + row * columns + column : -1
}

/** [size] weights from a query to all keys (its row), or from all queries to a key (its column). */
export function mapOf(weights: Float32Array, size: number, token: number, role: Role): Float32Array {
  if (role === 'query') return weights.slice(token * size, (token + 1) * size)
  return Float32Array.from({ length: size }, (_, query) => weights[query * size + token]!)
}

/** Largest weight among the patches; where there is none, among all. */
export function largestOf(map: Float32Array, prefix: number): number {
  let largest = 0
  for (let at = prefix < map.length ? prefix : 0; at < map.length; at += 1) largest = Math.max(largest, map[at]!)
  return largest
}

export interface Link {
  query: number
  key: number
  weight: number
}

/** Each query's strongest key: the first of equals. */
export function strongestKeys(weights: Float32Array, size: number): Link[] {
  return Array.from({ length: size }, (_, query) => {
    let key = 0
    for (let other = 1; other < size; other += 1)
      if (weights[query * size + other]! > weights[query * size + key]!) key = other
    return { query, key, weight: weights[query * size + key]! }
  })
}

/** Links of at least `threshold`, weakest first; `count` says how many there are, the list holds the strongest `most`. */
export function linksAbove(
  weights: Float32Array,
  size: number,
  threshold: number,
  most: number,
): { links: Link[]; count: number } {
  const links: Link[] = []
  for (let at = 0; at < size * size; at += 1)
    if (weights[at]! >= threshold) links.push({ query: Math.floor(at / size), key: at % size, weight: weights[at]! })
  links.sort((one, other) => one.weight - other.weight)
  return { links: links.slice(Math.max(0, links.length - most)), count: links.length }
}

/** Adds a matrix to a sum of others, in place. */
export function addInto(sum: Float64Array, weights: Float32Array): void {
  for (let at = 0; at < sum.length; at += 1) sum[at]! += weights[at]!
}

/**
 * One step of attention rollout (Abnar and Zuidema 2020): A = ½ (mean over heads) + ½ I, rows sum to 1; rollout = A · rollout before.
 * `before` null: the first layer. All [size,size].
 */
export function rollOut(mean: Float32Array, before: Float32Array | null, size: number): Float32Array {
  const step = mean.map((weight) => weight / 2)
  for (let token = 0; token < size; token += 1) step[token * size + token]! += 0.5
  if (!before) return step
  const product = new Float32Array(size * size)
  for (let query = 0; query < size; query += 1) {
    const row = product.subarray(query * size, (query + 1) * size)
    for (let middle = 0; middle < size; middle += 1) {
      const weight = step[query * size + middle]!
      if (weight === 0) continue
      const from = middle * size
      for (let key = 0; key < size; key += 1) row[key]! += weight * before[from + key]!
    }
  }
  return product
}
