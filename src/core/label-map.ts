/** What the pixels of a picture are: a mask, or what a segmentation model says. */
export interface LabelMap {
  width: number
  height: number
  /** [height,width] index into `names`; `noLabel`: none. */
  indices: Uint8Array<ArrayBuffer>
  names: readonly string[]
}

/** A label given for one patch, counted from 0 in the model's own grid. */
export interface PatchLabel {
  row: number
  column: number
  label: string
}

/**
 * What is known of one image's patches. `key` is another for other labels, so that what was worked out from them is found again. `by`:
 * the segmentation model that says it; absent: the user.
 */
export type ImageLabels = { key: string; by?: string } & ({ map: LabelMap } | { patches: readonly PatchLabel[] })

/** The labels of an image; null: none any more, undefined: they stay as they are. */
export type FindLabels = (image: { id: string; name: string }, index: number) => ImageLabels | null | undefined

export const noLabel = 255

/** More colours than this are a photograph, not a mask. */
export const mostLabels = 64

/** Longest side of a mask that is kept: still 16 pixels or more a patch for grids of 64 patches. */
export const longestMaskPx = 1024

/**
 * A picture in which one colour is one label: names are `#rrggbb`, transparent pixels have none.
 * @param rgba [height,width,4] bytes
 * @returns null where there are more than `mostLabels` colours
 */
export function readMask(rgba: Uint8ClampedArray, width: number, height: number): LabelMap | null {
  const places = new Map<number, number>()
  const indices = new Uint8Array(width * height).fill(noLabel)
  for (let pixel = 0; pixel < indices.length; pixel += 1) {
    const at = 4 * pixel
    if (rgba[at + 3]! < 128) continue
    const color = rgba[at]! * 65536 + rgba[at + 1]! * 256 + rgba[at + 2]!
    let place = places.get(color)
    if (place === undefined) {
      if (places.size === mostLabels) return null
      place = places.size
      places.set(color, place)
    }
    indices[pixel] = place
  }
  return { width, height, indices, names: [...places.keys()].map((color) => `#${color.toString(16).padStart(6, '0')}`) }
}

/** The map at another size, each pixel as the one under its middle: labels can't be mixed. */
export function resizeMap(map: LabelMap, width: number, height: number): LabelMap {
  if (map.width === width && map.height === height) return map
  const indices = new Uint8Array(width * height)
  for (let y = 0; y < height; y += 1) {
    const from = map.width * Math.floor(((y + 0.5) * map.height) / height)
    for (let x = 0; x < width; x += 1)
      indices[y * width + x] = map.indices[from + Math.floor(((x + 0.5) * map.width) / width)]!
  }
  return { ...map, width, height, indices }
}

/** Labels that a map has, ascending. */
export function labelsIn({ indices }: LabelMap): number[] {
  const found = new Uint8Array(256)
  for (const index of indices) found[index] = 1
  return [...found.keys()].filter((index) => index !== noLabel && found[index] === 1)
}

/** Size of a picture whose longer side is at most `longest`, in the same proportions. */
export function fitInto(width: number, height: number, longest: number): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0

/** Whether something that was stored is what it should be. */
export function isImageLabels(value: unknown): value is ImageLabels {
  const { key, by, map, patches } = (value ?? {}) as {
    key?: unknown
    by?: unknown
    map?: Partial<LabelMap>
    patches?: Partial<PatchLabel>[]
  }
  if (typeof key !== 'string' || (by !== undefined && typeof by !== 'string')) return false
  if (Array.isArray(patches))
    return patches.every(({ row, column, label }) => isCount(row) && isCount(column) && typeof label === 'string')
  return (
    map?.indices instanceof Uint8Array &&
    map.indices.length === Number(map.width) * Number(map.height) &&
    Array.isArray(map.names) &&
    map.names.every((name) => typeof name === 'string')
  )
}
