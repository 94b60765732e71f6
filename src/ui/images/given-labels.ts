import { AppError } from '../../core/errors'
import type { ImageLabels, PatchLabel } from '../../core/label-map'
import { renameColors } from './label-files'
import { readMaskFile } from './read-mask'

/** Labels that a script gives for one image: a mask, or single patches. null and undefined: it keeps what it has. */
export type GivenLabels = Blob | readonly { row: number; column: number; label: string }[] | null | undefined

/**
 * Reads labels of a script, one entry an image. An empty list takes labels away.
 * @param names of the masks' colours, by `#rrggbb`
 * @returns null: no labels any more; undefined: what it has
 * @throws AppError BAD_ARGUMENT; IMAGE_FAILED for a mask that is none
 */
export async function readGivenLabels(
  given: readonly GivenLabels[],
  names: ReadonlyMap<string, string>,
  readMask: (file: Blob) => Promise<ImageLabels | null> = readMaskFile,
): Promise<(ImageLabels | null | undefined)[]> {
  const read: (ImageLabels | null | undefined)[] = []
  for (const [index, labels] of given.entries()) {
    if (labels === null || labels === undefined) read.push(undefined)
    else if (labels instanceof Blob) read.push(await readOneMask(labels, index, names, readMask))
    else if (Array.isArray(labels) && labels.every(isPatch))
      read.push(labels.length > 0 ? { key: crypto.randomUUID(), patches: labels.map(toPatch) } : null)
    else throw wrongLabels()
  }
  return read
}

/** @throws AppError BAD_ARGUMENT */
export function readColorNames(value: unknown): ReadonlyMap<string, string> {
  if (value === null || value === undefined) return new Map()
  const entries = typeof value === 'object' ? Object.entries(value) : null
  if (!entries?.every(([color, name]) => /^#[0-9a-f]{6}$/i.test(color) && typeof name === 'string'))
    throw new AppError('BAD_ARGUMENT', 'Names of colours are an object such as {"#ff0000": "cat"}.')
  return new Map(entries.map(([color, name]) => [color.toLowerCase(), name as string]))
}

async function readOneMask(
  file: Blob,
  index: number,
  names: ReadonlyMap<string, string>,
  readMask: (file: Blob) => Promise<ImageLabels | null>,
): Promise<ImageLabels> {
  const labels = await readMask(file).catch(() => {
    throw new AppError('IMAGE_FAILED', `Mask ${index} could not be read as a picture: give a PNG.`)
  })
  if (!labels)
    throw new AppError(
      'IMAGE_FAILED',
      `Mask ${index} has more than 64 colours, so it is no mask: save it without smooth edges.`,
    )
  return renameColors(labels, names) ?? labels
}

const isIndex = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 0

const isPatch = (value: unknown): value is PatchLabel => {
  const { row, column, label } = (value ?? {}) as Partial<Record<keyof PatchLabel, unknown>>
  return isIndex(row) && isIndex(column) && typeof label === 'string' && label !== ''
}

const toPatch = ({ row, column, label }: PatchLabel): PatchLabel => ({ row, column, label })

const wrongLabels = () =>
  new AppError(
    'BAD_ARGUMENT',
    'Labels are a list with one entry an image: a mask (Blob), [{row: 0, column: 3, label: "ear"}], [] for none, or null to leave it.',
  )
