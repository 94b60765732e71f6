import { fitInto, labelsIn, longestMaskPx, noLabel, resizeMap, type LabelMap } from '../core/label-map'
import type { ImageCrop } from '../core/types'

/** What a model sees of a picture: its own resize and crop, and the patches that this is cut into. */
export type SeePicture = (
  rgba: Uint8ClampedArray,
  width: number,
  height: number,
) => Promise<{ crop: ImageCrop; rows: number; columns: number }>

/**
 * The label of each patch: the one that covers most of it, none where more of it has none. Every label goes through the model's own
 * resize and crop as a picture, white where it is and black elsewhere, so that it lies where the image lies whatever those do. Three
 * labels share a picture, one a channel.
 * @param size of the image that the map belongs to, in pixels
 * @returns [rows·columns] index into the map's names; −1: none
 */
export async function labelPatches(
  map: LabelMap,
  size: { width: number; height: number },
  see: SeePicture,
): Promise<Int16Array> {
  const { width, height } = fitInto(size.width, size.height, longestMaskPx)
  const { indices } = resizeMap(map, width, height)
  const labels = labelsIn(map)
  let best = new Int16Array(0)
  let most = new Float32Array(0)
  let unlabelled = new Float32Array(0)
  for (let start = 0; start === 0 || start < labels.length; start += 3) {
    const three = labels.slice(start, start + 3)
    const { crop, rows, columns } = await see(paint(indices, three), width, height)
    if (start === 0) {
      best = new Int16Array(rows * columns).fill(-1)
      most = new Float32Array(rows * columns)
      unlabelled = new Float32Array(rows * columns).fill(1)
    }
    for (const [channel, label] of three.entries())
      coverage(crop, rows, columns, channel).forEach((share, patch) => {
        unlabelled[patch]! -= share
        if (share <= most[patch]!) return
        most[patch] = share
        best[patch] = label
      })
  }
  return best.map((label, patch) => (unlabelled[patch]! > most[patch]! ? -1 : label))
}

/** [height,width,4] bytes: channel c is white where the pixel has the c-th of the labels. */
function paint(indices: Uint8Array, labels: readonly number[]): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(4 * indices.length)
  const channels = new Int8Array(noLabel + 1).fill(-1)
  for (const [channel, label] of labels.entries()) channels[label] = channel
  for (let pixel = 0; pixel < indices.length; pixel++) {
    rgba[4 * pixel + 3] = 255
    const channel = channels[indices[pixel]!]!
    if (channel >= 0) rgba[4 * pixel + channel] = 255
  }
  return rgba
}

/** [rows·columns] share of each patch that is white in a channel. */
function coverage({ width, height, rgba }: ImageCrop, rows: number, columns: number, channel: number): Float32Array {
  const shares = new Float32Array(rows * columns)
  const [high, wide] = [Math.floor(height / rows), Math.floor(width / columns)]
  for (let y = 0; y < high * rows; y++)
    for (let x = 0; x < wide * columns; x++)
      shares[Math.floor(y / high) * columns + Math.floor(x / wide)]! +=
        rgba[4 * (y * width + x) + channel]! / (255 * high * wide)
  return shares
}
