import { imageHeaderBytes, readImageHeader } from '../core/image-file'

const longestSidePx = 1024
const shortestSidePx = 256
const limitMs = 10_000

/**
 * A vector picture as PNG, anything else as it is. Workers can't draw vectors. As the source of an `<img>` a vector picture
 * runs no scripts and asks for nothing outside itself. What can't be drawn comes back as it is too: the decoder names it.
 */
export async function rasteriseVector(blob: Blob): Promise<Blob> {
  const head = new Uint8Array(await blob.slice(0, Math.min(4096, imageHeaderBytes)).arrayBuffer())
  if (readImageHeader(head)?.format !== 'svg') return blob
  const url = URL.createObjectURL(new Blob([blob], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await Promise.race([
      image.decode(),
      new Promise((_, reject) => setTimeout(() => reject(new Error('too slow')), limitMs)),
    ])
    const { width, height } = rasterSize(image.naturalWidth, image.naturalHeight)
    const canvas = new OffscreenCanvas(width, height)
    canvas.getContext('2d')!.drawImage(image, 0, 0, width, height)
    const png = await canvas.convertToBlob({ type: 'image/png' })
    return blob instanceof File ? new File([png], blob.name, { type: 'image/png' }) : png
  } catch {
    return blob
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** Pixels for a vector picture: its own size, kept between 256 (shorter side) and 1,024 (longer side). */
export function rasterSize(width: number, height: number): { width: number; height: number } {
  const [w, h] = [width > 0 ? width : 300, height > 0 ? height : 150]
  const enlarged = Math.max(1, shortestSidePx / Math.min(w, h))
  const scale = Math.min(enlarged, longestSidePx / Math.max(w, h))
  return { width: Math.max(1, Math.round(w * scale)), height: Math.max(1, Math.round(h * scale)) }
}
