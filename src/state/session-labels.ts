import { isImageLabels, noLabel, type ImageLabels } from '../core/label-map'
import type { CacheEntry } from '../storage/cache'
import type { ImageInput } from './dependencies'
import { labelsKey } from './label-reader'
import { misfit, readBytes, readCount, readList, readObject, readText, type Plain } from './session-checks'

/** Labels of images in a session file: what was brought along, and the names that the patches got from it. */

const what = 'labels'

/** Largest side of a map that is read. */
const longestMapPx = 4096

/** One image's labels as JSON; the pixels of a map as bytes, four to a number. */
export function packLabels(labels: ImageLabels): { json: object; pixels: Float32Array | null } {
  const by = labels.by === undefined ? {} : { by: labels.by }
  if ('patches' in labels) return { json: { ...by, patches: labels.patches }, pixels: null }
  const { width, height, names, indices } = labels.map
  const bytes = new Uint8Array(4 * Math.ceil(indices.length / 4))
  bytes.set(indices)
  return { json: { ...by, map: { width, height, names } }, pixels: new Float32Array(bytes.buffer) }
}

/** @param key for labels that nobody else has @throws AppError BAD_SESSION */
export function readLabels(value: unknown, pixels: Float32Array | undefined, key: string): ImageLabels {
  const json = readObject(value, what)
  const by = json['by'] === undefined ? {} : { by: readText(json['by'], what) }
  const labels: unknown =
    json['map'] === undefined
      ? { key, ...by, patches: json['patches'] }
      : { key, ...by, map: readMap(json['map'], pixels) }
  if (!isImageLabels(labels)) throw misfit(what)
  return labels
}

function readMap(value: unknown, pixels: Float32Array | undefined) {
  const map = readObject(value, what)
  const [width, height] = [map['width'], map['height']].map((side) => readCount(side, what, 1, longestMapPx)) as [
    number,
    number,
  ]
  const names = readList(map['names'], what, (name) => readText(name, what))
  const bytes = readBytes(pixels, 4 * Math.ceil((width * height) / 4), what)
  const indices = new Uint8Array(bytes.buffer, 0, width * height).slice()
  if (indices.some((index) => index !== noLabel && index >= names.length)) throw misfit(what)
  return { width, height, names, indices }
}

/** [t] names of a sequence's tokens, or null. @throws AppError BAD_SESSION */
export function readTokenLabels(value: unknown, tokens: number): (string | null)[] | null {
  if (value === undefined || value === null) return null
  const names = readList(value, what, (name) => (name === null ? null : readText(name, what)))
  if (names.length !== tokens) throw misfit(what)
  return names
}

/** The patches' names for the cache, so that no model is needed to read them off a map again. */
export function labelEntries(
  sha256: string,
  images: readonly ImageInput[],
  sequences: readonly { grid?: { rows: number; columns: number } }[],
  names: readonly (readonly (string | null)[] | null)[],
): Map<string, CacheEntry> {
  const entries = new Map<string, CacheEntry>()
  for (const [index, image] of images.entries()) {
    const grid = sequences[index]?.grid
    const found = names[index]
    if (!image.labels || !grid || !found) continue
    const json = found.slice(found.length - grid.rows * grid.columns)
    entries.set(labelsKey(sha256, image.key, image.labels, grid), { json, arrays: {} })
  }
  return entries
}

/** What a session's JSON says of its images' labels, by image. @throws AppError BAD_SESSION */
export const readAllLabels = (
  images: readonly Plain[],
  pixels: Readonly<Record<string, Float32Array>>,
  session: string,
): (ImageLabels | null)[] =>
  images.map(({ labels }, index) =>
    labels === undefined ? null : readLabels(labels, pixels[`map${index}`], `session:${session}:${index}`),
  )
