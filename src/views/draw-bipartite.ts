import type { Role } from '../encodings/types'
import { opacityOf, type WeightScale } from './opacity'
import type { OverlayTheme } from './overlay-theme'

export interface BipartiteInput {
  weights: Float32Array
  size: number
  /** Opacity = weight ÷ the largest of the whole matrix, of its row or of its column. */
  scale: WeightScale
  /** Only this token's lines are drawn. */
  active: { token: number; role: Role } | null
  rowPx: number
  widthPx: number
}

/** Canvas sides beyond this fail in some browsers. */
const largestSidePx = 16_000
/** Lines below this opacity are not seen and not drawn. */
const leastOpacity = 0.02
/** More would be one grey, and hold the page up. */
export const mostLines = 6000

/** Pixel ratio at which a canvas of this size still works. */
export const ratioFor = (longestSidePx: number): number =>
  Math.min(window.devicePixelRatio || 1, largestSidePx / Math.max(1, longestSidePx))

export interface Line {
  query: number
  key: number
  opacity: number
}

/** Lines that are drawn: the strongest `mostLines` of those that can be seen, in reading order; masked pairs are none. */
export function visibleLines({
  weights,
  size,
  scale,
  active,
}: Pick<BipartiteInput, 'weights' | 'size' | 'scale' | 'active'>): { lines: Line[]; leftOut: number } {
  const opacity = opacityOf(weights, size, scale)
  const lines: Line[] = []
  for (let query = 0; query < size; query += 1) {
    if (active?.role === 'query' && active.token !== query) continue
    for (let key = 0; key < size; key += 1) {
      if (active?.role === 'key' && active.token !== key) continue
      const strength = opacity(query, key)
      if (strength >= leastOpacity) lines.push({ query, key, opacity: strength })
    }
  }
  if (lines.length <= mostLines) return { lines, leftOut: 0 }
  const least = Float64Array.from(lines, (line) => line.opacity).sort()[lines.length - mostLines] ?? 0
  let ties = mostLines - lines.filter((line) => line.opacity > least).length
  const kept = lines.filter((line) => line.opacity > least || (line.opacity === least && ties-- > 0))
  return { lines: kept, leftOut: lines.length - kept.length }
}

/** Lines from queries (left) to keys (right). Answers how many weak ones were left out. */
export function drawBipartite(canvas: HTMLCanvasElement, input: BipartiteInput, theme: OverlayTheme): number {
  const { size, rowPx, widthPx } = input
  const ratio = ratioFor(size * rowPx)
  canvas.width = Math.round(widthPx * ratio)
  canvas.height = Math.round(size * rowPx * ratio)
  const context = canvas.getContext('2d')
  if (!context) return 0
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.lineWidth = 1.25
  context.strokeStyle = theme.text
  const bend = widthPx * 0.42
  const { lines, leftOut } = visibleLines(input)
  for (const { query, key, opacity } of lines) {
    const from = (query + 0.5) * rowPx
    const to = (key + 0.5) * rowPx
    context.globalAlpha = opacity
    context.beginPath()
    context.moveTo(2, from)
    context.bezierCurveTo(bend, from, widthPx - bend, to, widthPx - 2, to)
    context.stroke()
  }
  context.globalAlpha = 1
  return leftOut
}
