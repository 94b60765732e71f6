/** Small pictures of attention matrices. */

export interface StripShape {
  layers: number
  heads: number
  /** Side of one picture. */
  thumbPx: number
  /** From one picture to the next. */
  stepPx: number
  /** Room for the names of layers (left) and heads (top). */
  leftPx: number
  topPx: number
  widthPx: number
  heightPx: number
}

const gapPx = 4
const leftPx = 30
const topPx = 18
const smallestThumbPx = 12
const largestThumbPx = 40

/** As large as the room allows; where it is too narrow the strip scrolls. */
export function layOutStrip(layers: number, heads: number, roomPx: number): StripShape {
  const fitting = Math.floor((roomPx - leftPx) / Math.max(1, heads)) - gapPx
  const thumbPx = Math.max(smallestThumbPx, Math.min(largestThumbPx, fitting))
  const stepPx = thumbPx + gapPx
  return {
    layers,
    heads,
    thumbPx,
    stepPx,
    leftPx,
    topPx,
    widthPx: leftPx + heads * stepPx,
    heightPx: topPx + layers * stepPx,
  }
}

/** The head at a place of the strip; null in the margins. */
export function headAtStrip(shape: StripShape, x: number, y: number): { layer: number; head: number } | null {
  const head = Math.floor((x - shape.leftPx) / shape.stepPx)
  const layer = Math.floor((y - shape.topPx) / shape.stepPx)
  return layer >= 0 && layer < shape.layers && head >= 0 && head < shape.heads ? { layer, head } : null
}

/**
 * [side,side] opacities of a matrix: weight ÷ the largest. A pixel that covers several cells shows the strongest of them, so
 * that thin lines stay.
 */
export function poolWeights(weights: Float32Array, size: number, side: number): Float32Array {
  const pixels = new Float32Array(side * side)
  let largest = 0
  for (const weight of weights) if (weight > largest) largest = weight
  if (size === 0 || largest === 0) return pixels
  for (let y = 0; y < side; y += 1) {
    const [top, bottom] = cellsOf(y, side, size)
    for (let x = 0; x < side; x += 1) {
      const [left, right] = cellsOf(x, side, size)
      let most = 0
      for (let query = top; query < bottom; query += 1)
        for (let key = left; key < right; key += 1) most = Math.max(most, weights[query * size + key]!)
      pixels[y * side + x] = most / largest
    }
  }
  return pixels
}

function cellsOf(pixel: number, side: number, size: number): [number, number] {
  const from = Math.floor((pixel * size) / side)
  return [from, Math.max(from + 1, Math.floor(((pixel + 1) * size) / side))]
}
