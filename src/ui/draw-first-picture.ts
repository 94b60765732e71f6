import type { HeadRef } from '../core/types'
import type { FirstPicture } from '../storage/first-picture'
import { pixelRatio } from './pixel-ratio'

/** Height of a tile as a share of its width. */
const tileShape = 0.62

function layout({ heads, layers }: Pick<FirstPicture, 'heads' | 'layers'>, width: number) {
  const gap = width < 600 ? 2 : 5
  const tileWidth = (width - gap * (heads - 1)) / heads
  const tileHeight = tileWidth * tileShape
  return { gap, tileWidth, tileHeight, height: layers * (tileHeight + gap) - gap }
}

/** Where a head's tile lies, in CSS pixels. */
export function placeOf(picture: Pick<FirstPicture, 'heads' | 'layers'>, width: number, { layer, head }: HeadRef) {
  const { gap, tileWidth, tileHeight } = layout(picture, width)
  return { left: head * (tileWidth + gap), top: layer * (tileHeight + gap), width: tileWidth, height: tileHeight }
}

/** The head under a place of the picture, in CSS pixels; null: between tiles. */
export function tileAt(
  picture: Pick<FirstPicture, 'heads' | 'layers'>,
  width: number,
  x: number,
  y: number,
): HeadRef | null {
  const { gap, tileWidth, tileHeight } = layout(picture, width)
  const [head, layer] = [Math.floor(x / (tileWidth + gap)), Math.floor(y / (tileHeight + gap))]
  const isOnTile = x - head * (tileWidth + gap) <= tileWidth && y - layer * (tileHeight + gap) <= tileHeight
  const isInside = head >= 0 && head < picture.heads && layer >= 0 && layer < picture.layers
  return isOnTile && isInside ? { layer, head } : null
}

/** All heads as small multiples, layer 0 on top, drawn in one go on a plain canvas: nothing has to be loaded for it. */
export function drawFirstPicture(canvas: HTMLCanvasElement, picture: FirstPicture, width: number): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const { heads, layers, n, m, points } = picture
  const { tileWidth, tileHeight, height } = layout(picture, width)
  const refs = Array.from({ length: layers * heads }, (_, index) => ({
    layer: Math.floor(index / heads),
    head: index % heads,
  }))
  const ratio = pixelRatio()
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  canvas.style.width = `${width}px`
  canvas.style.height = `${height}px`
  context.scale(ratio, ratio)
  const style = getComputedStyle(document.documentElement)
  const color = (name: string) => style.getPropertyValue(name).trim()
  const size = tileWidth < 40 ? 0.8 : 1.2
  const paint = (first: number, count: number) => {
    for (const [index, ref] of refs.entries()) {
      const { left, top } = placeOf(picture, width, ref)
      const scale = Math.min(tileWidth, tileHeight) - 4
      for (let at = index * (n + m) + first, end = at + count; at < end; at++) {
        const x = left + tileWidth / 2 + (points[2 * at]! / 65535 - 0.5) * scale
        const y = top + tileHeight / 2 - (points[2 * at + 1]! / 65535 - 0.5) * scale
        context.fillRect(x - size / 2, y - size / 2, size, size)
      }
    }
  }
  context.globalAlpha = 0.7
  context.fillStyle = color('--query')
  paint(0, n)
  context.fillStyle = color('--key')
  paint(n, m)
  context.globalAlpha = 1
  context.strokeStyle = color('--line')
  for (const ref of refs) {
    const { left, top } = placeOf(picture, width, ref)
    context.strokeRect(left + 0.5, top + 0.5, tileWidth - 1, tileHeight - 1)
  }
}
