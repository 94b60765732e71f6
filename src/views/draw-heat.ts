import { ratioFor } from './draw-bipartite'
import { largestWeight } from './links'
import type { OverlayTheme } from './overlay-theme'

export interface HeatInput {
  weights: Float32Array
  size: number
  scale: 'whole' | 'row'
  cellPx: number
}

/** Cells of the text colour: rows queries, columns keys, opacity linear in the weight. */
export function drawHeat(canvas: HTMLCanvasElement, input: HeatInput, theme: OverlayTheme): void {
  const { weights, size, scale, cellPx } = input
  const ratio = ratioFor(size * cellPx)
  canvas.width = Math.round(size * cellPx * ratio)
  canvas.height = canvas.width
  const context = canvas.getContext('2d')
  if (!context) return
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.fillStyle = theme.text
  const gap = cellPx >= 8 ? 1 : 0
  const whole = largestWeight(weights, size, null)
  for (let query = 0; query < size; query += 1) {
    const largest = scale === 'whole' ? whole : largestWeight(weights, size, query)
    if (largest === 0) continue
    for (let key = 0; key < size; key += 1) {
      context.globalAlpha = Math.min(1, (weights[query * size + key] ?? 0) / largest)
      context.fillRect(key * cellPx, query * cellPx, cellPx - gap, cellPx - gap)
    }
  }
  context.globalAlpha = 1
}

/** The cell under a place on the map; null outside. */
export function cellAt(x: number, y: number, size: number, cellPx: number): { query: number; key: number } | null {
  const key = Math.floor(x / cellPx)
  const query = Math.floor(y / cellPx)
  return query >= 0 && query < size && key >= 0 && key < size ? { query, key } : null
}
