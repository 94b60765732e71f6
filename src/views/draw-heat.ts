import { ratioFor } from './draw-bipartite'
import { opacityOf, type WeightScale } from './opacity'
import type { OverlayTheme } from './overlay-theme'

export interface HeatInput {
  weights: Float32Array
  size: number
  scale: WeightScale
  cellPx: number
}

/** Cells of the text colour: rows queries, columns keys, opacity linear in the weight. */
export function drawHeat(canvas: HTMLCanvasElement, input: HeatInput, theme: OverlayTheme): void {
  const { weights, size, scale, cellPx } = input
  const ratio = ratioFor(size * cellPx)
  canvas.width = Math.round(size * cellPx * ratio)
  canvas.height = canvas.width
  const context = canvas.getContext('2d')
  if (!context || size === 0) return
  const opacity = opacityOf(weights, size, scale)
  if (cellPx < 8) {
    drawPixels(context, canvas.width, size, opacity, theme.text)
    return
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.fillStyle = theme.text
  for (let query = 0; query < size; query += 1) {
    for (let key = 0; key < size; key += 1) {
      const alpha = opacity(query, key)
      if (alpha <= 0) continue
      context.globalAlpha = alpha
      context.fillRect(key * cellPx, query * cellPx, cellPx - 1, cellPx - 1)
    }
  }
  context.globalAlpha = 1
}

/** Small cells touch: one pixel each, scaled up as a whole, so that 512 tokens are drawn in a few milliseconds. */
function drawPixels(
  context: CanvasRenderingContext2D,
  sidePx: number,
  size: number,
  opacity: (query: number, key: number) => number,
  color: string,
): void {
  const small = document.createElement('canvas')
  small.width = small.height = size
  const target = small.getContext('2d')
  if (!target) return
  const [red, green, blue] = readColor(target, color)
  const image = target.createImageData(size, size)
  for (let query = 0, at = 0; query < size; query += 1) {
    for (let key = 0; key < size; key += 1, at += 4) {
      image.data[at] = red
      image.data[at + 1] = green
      image.data[at + 2] = blue
      image.data[at + 3] = Math.round(255 * opacity(query, key))
    }
  }
  target.putImageData(image, 0, 0)
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.imageSmoothingEnabled = false
  context.drawImage(small, 0, 0, sidePx, sidePx)
}

/** Bytes of a CSS colour, as the canvas reads it. */
export function readColor(context: CanvasRenderingContext2D, color: string): [number, number, number] {
  context.fillStyle = color
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(String(context.fillStyle))
  const byte = (at: number): number => Number.parseInt(hex?.[at] ?? '80', 16)
  return [byte(1), byte(2), byte(3)]
}

/** The cell under a place on the map; null outside. */
export function cellAt(x: number, y: number, size: number, cellPx: number): { query: number; key: number } | null {
  const key = Math.floor(x / cellPx)
  const query = Math.floor(y / cellPx)
  return query >= 0 && query < size && key >= 0 && key < size ? { query, key } : null
}
