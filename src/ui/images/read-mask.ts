import { fitInto, longestMaskPx, readMask, type ImageLabels } from '../../core/label-map'

/**
 * A picture as a mask, one colour one label; its colours are taken as they are in the file, and it is made smaller without mixing
 * them. null: too many colours. Rejects where the browser can't decode it.
 */
export async function readMaskFile(file: Blob): Promise<ImageLabels | null> {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })
  const { width, height } = fitInto(bitmap.width, bitmap.height, longestMaskPx)
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!
  context.imageSmoothingEnabled = false
  context.drawImage(bitmap, 0, 0, width, height)
  bitmap.close()
  const map = readMask(context.getImageData(0, 0, width, height).data, width, height)
  return map && { key: crypto.randomUUID(), map }
}
