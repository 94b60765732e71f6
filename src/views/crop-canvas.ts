import type { ImageCrop } from '../core/types'

const made = new WeakMap<ImageCrop, OffscreenCanvas>()

/** A crop as something canvases can draw; made once. */
export function cropCanvas(crop: ImageCrop): OffscreenCanvas {
  const known = made.get(crop)
  if (known) return known
  const canvas = new OffscreenCanvas(crop.width, crop.height)
  canvas.getContext('2d')!.putImageData(new ImageData(crop.rgba, crop.width, crop.height), 0, 0)
  made.set(crop, canvas)
  return canvas
}
