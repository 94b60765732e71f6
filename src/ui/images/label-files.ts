import type { ImageLabels, PatchLabel } from '../../core/label-map'
import { headed, looksHeaded } from '../../tables/choose'
import type { Table } from '../../tables/types'

const withoutEnding = (name: string): string => name.replace(/\.[^.]*$/, '')

const maskEnding = /[._ -](masks?|labels?|labelmap|seg|segmentation|annotations?)$/i

/**
 * The image that a PNG of this name is the mask of: `cat.mask.png`, `cat_labels.png` … belong to `cat.jpg`. null: it is no mask, or
 * its image is not there.
 */
export function imageOfMask(name: string, images: readonly string[]): string | null {
  const stem = withoutEnding(name)
  if (!/\.(png|gif|bmp|webp)$/i.test(name) || !maskEnding.test(stem)) return null
  const bare = stem.replace(maskEnding, '').toLowerCase()
  return images.find((image) => image !== name && [image, withoutEnding(image)].some(isNamed(bare))) ?? null
}

const isNamed =
  (wanted: string) =>
  (name: string): boolean =>
    name.toLowerCase() === wanted

export type LabelTable =
  | { kind: 'patches'; images: ReadonlyMap<string, readonly PatchLabel[]>; unread: number }
  /** Names for the colours of masks, `#rrggbb` → name. */
  | { kind: 'colors'; names: ReadonlyMap<string, string>; unread: number }

const columnNames = {
  image: /^(images?|file|file_?name|picture)$/i,
  row: /^(row|patch_?row|y)$/i,
  column: /^(col|column|patch_?col(umn)?|x)$/i,
  label: /^(labels?|class|category|name)$/i,
  color: /^(colou?r|hex|rgb)$/i,
}

/** A table of labels: `image,row,col,label`, or `color,label`. null: it is another table. */
export function readLabelTable(table: Table): LabelTable | null {
  if (table.names === null && !looksHeaded(table)) return null
  const { names, rows } = headed(table, true)
  const place = (pattern: RegExp): number => names.findIndex((name) => pattern.test(name.trim()))
  const [image, row, column, label] = [columnNames.image, columnNames.row, columnNames.column, columnNames.label].map(
    place,
  ) as [number, number, number, number]
  const color = place(columnNames.color)
  if (label < 0) return null
  const cell = (cells: readonly (string | null)[], at: number): string => (cells[at] ?? '').trim()
  let unread = 0
  if (color >= 0 && image < 0) {
    const colors = new Map<string, string>()
    for (const cells of rows) {
      const hex = /^#?([0-9a-f]{6})$/i.exec(cell(cells, color))?.[1]?.toLowerCase()
      if (hex && cell(cells, label)) colors.set(`#${hex}`, cell(cells, label))
      else unread += 1
    }
    return { kind: 'colors', names: colors, unread }
  }
  if (image < 0 || row < 0 || column < 0) return null
  const images = new Map<string, PatchLabel[]>()
  for (const cells of rows) {
    const patch = { row: toIndex(cell(cells, row)), column: toIndex(cell(cells, column)), label: cell(cells, label) }
    if (cell(cells, image) === '' || patch.row < 0 || patch.column < 0 || patch.label === '') {
      unread += 1
      continue
    }
    const list = images.get(cell(cells, image)) ?? []
    list.push(patch)
    images.set(cell(cells, image), list)
  }
  return { kind: 'patches', images, unread }
}

const toIndex = (text: string): number => (/^\d{1,5}$/.test(text) ? Number(text) : -1)

/** The image that a table means: its file name, with or without ending. null: it is not there. */
export function imageOfCell(name: string, images: readonly string[]): string | null {
  const wanted = name.toLowerCase()
  return images.find(isNamed(wanted)) ?? images.find((image) => withoutEnding(image).toLowerCase() === wanted) ?? null
}

/** A map with other names for its colours; null: none of them is among its colours. */
export function renameColors(labels: ImageLabels | undefined, names: ReadonlyMap<string, string>): ImageLabels | null {
  if (!labels || !('map' in labels) || !labels.map.names.some((name) => names.has(name))) return null
  const map = { ...labels.map, names: labels.map.names.map((name) => names.get(name) ?? name) }
  return { key: crypto.randomUUID(), map }
}
