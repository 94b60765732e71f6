import type { Role } from '../encodings/types'
import { largestWeight } from './links'
import type { OverlayTheme } from './overlay-theme'

export interface BipartiteInput {
  weights: Float32Array
  size: number
  /** Opacity = weight ÷ the largest of the whole matrix, or of its row. */
  scale: 'whole' | 'row'
  /** Only this token's lines are drawn at full strength. */
  active: { token: number; role: Role } | null
  rowPx: number
  widthPx: number
}

/** Canvas sides beyond this fail in some browsers. */
const largestSidePx = 16_000
/** Lines below this opacity are not seen and not drawn. */
const leastOpacity = 0.02

/** Pixel ratio at which a canvas of this size still works. */
export const ratioFor = (longestSidePx: number): number =>
  Math.min(window.devicePixelRatio || 1, largestSidePx / Math.max(1, longestSidePx))

/** Lines from queries (left) to keys (right). */
export function drawBipartite(canvas: HTMLCanvasElement, input: BipartiteInput, theme: OverlayTheme): void {
  const { weights, size, scale, active, rowPx, widthPx } = input
  const ratio = ratioFor(size * rowPx)
  canvas.width = Math.round(widthPx * ratio)
  canvas.height = Math.round(size * rowPx * ratio)
  const context = canvas.getContext('2d')
  if (!context) return
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.lineWidth = 1.25
  const whole = largestWeight(weights, size, null)
  for (let query = 0; query < size; query += 1) {
    if (active?.role === 'query' && active.token !== query) continue
    const largest = scale === 'whole' ? whole : largestWeight(weights, size, query)
    if (largest === 0) continue
    for (let key = 0; key < size; key += 1) {
      if (active?.role === 'key' && active.token !== key) continue
      const opacity = (weights[query * size + key] ?? 0) / largest
      if (opacity < leastOpacity) continue
      context.globalAlpha = Math.min(1, opacity)
      context.strokeStyle = theme.text
      context.beginPath()
      context.moveTo(2, (query + 0.5) * rowPx)
      const bend = widthPx * 0.42
      context.bezierCurveTo(
        bend,
        (query + 0.5) * rowPx,
        widthPx - bend,
        (key + 0.5) * rowPx,
        widthPx - 2,
        (key + 0.5) * rowPx,
      )
      context.stroke()
    }
  }
  context.globalAlpha = 1
}
