import type { RawImage } from '@huggingface/transformers'
import { AppError } from '../core/errors'
import { imageHeaderBytes, judgeImage, readImageHeader } from '../core/image-file'
import { fitInto } from '../core/label-map'
import type { ImageCrop, ModelInput, Token } from '../core/types'

type ImageInput = Extract<ModelInput, { kind: 'image' }>

/** What a class of the library gives for a list of pictures, as far as it is used. */
type Processor = (images: RawImage[]) => Promise<{ pixel_values: { data: ArrayLike<number>; dims: number[] } }>

/** How pixels were normalised: value = (byte · factor − mean) ÷ deviation, for each channel. */
export interface Normalisation {
  factor: number
  mean: readonly number[]
  deviation: readonly number[]
}

/** Reads what a `preprocessor_config.json` says of normalisation; what it leaves out is the libraries' default. */
export function readNormalisation(json: unknown): Normalisation {
  const config = (json ?? {}) as Record<string, unknown>
  const numbers = (value: unknown, otherwise: number): number[] =>
    Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'number')
      ? value
      : [typeof value === 'number' ? value : otherwise]
  const isNormalised = config['do_normalize'] !== false
  return {
    factor: config['do_rescale'] === false ? 1 : numbers(config['rescale_factor'], 1 / 255)[0]!,
    mean: isNormalised ? numbers(config['image_mean'], 0.5) : [0],
    deviation: isNormalised ? numbers(config['image_std'], 0.5) : [1],
  }
}

/** The pixels of one input as an opaque picture: normalisation undone, rounded to bytes. One channel gives grey. */
export function toCrop({ pixels, shape }: ImageInput, { factor, mean, deviation }: Normalisation): ImageCrop {
  const [channels, height, width] = shape
  const area = height * width
  const rgba = new Uint8ClampedArray(4 * area).fill(255)
  for (let color = 0; color < 3; color++) {
    const channel = Math.min(color, channels - 1)
    const add = mean[channel] ?? mean[0] ?? 0
    const times = deviation[channel] ?? deviation[0] ?? 1
    for (let at = 0; at < area; at++)
      rgba[4 * at + color] = Math.round((pixels[channel * area + at]! * times + add) / factor)
  }
  return { width, height, rgba }
}

/** A decoded picture: [height,width,4] bytes, opaque. */
export interface Pixels {
  rgba: Uint8ClampedArray
  width: number
  height: number
}

/** Turns pictures into the pixels that one model wants. */
export class PictureProcessor {
  readonly #process: Processor
  readonly #Image: typeof RawImage
  readonly #normalisation: Normalisation

  constructor(process: Processor, Image: typeof RawImage, normalisation: Normalisation) {
    this.#process = process
    this.#Image = Image
    this.#normalisation = normalisation
  }

  /** What the model sees of a picture. */
  cropOf(input: ImageInput): ImageCrop {
    return toCrop(input, this.#normalisation)
  }

  /**
   * Decodes (with EXIF orientation; a moving picture's first frame), crops and normalises.
   * @throws AppError IMAGE_FAILED, NOT_AVAILABLE where this browser can't read pictures in a worker
   */
  async prepare(blob: Blob): Promise<ImageInput> {
    const name = nameOf(blob)
    const { rgba, width, height } = await decodePicture(blob, name)
    try {
      return await this.toInput(rgba, width, height)
    } catch (error) {
      throw unreadable(name, error)
    }
  }

  /** Width and height of a picture as it is seen, turned. @throws AppError IMAGE_FAILED */
  async sizeOf(blob: Blob): Promise<{ width: number; height: number }> {
    try {
      const bitmap = await createImageBitmap(blob)
      const { width, height } = bitmap
      bitmap.close()
      return { width, height }
    } catch (error) {
      throw new AppError('IMAGE_FAILED', 'This picture can’t be read any more: add it again.', { cause: error })
    }
  }

  /** Crops and normalises opaque pixels, [height,width,4] bytes. */
  async toInput(rgba: Uint8ClampedArray, width: number, height: number): Promise<ImageInput> {
    const { pixel_values: pixels } = await this.#process([new this.#Image(rgba, width, height, 4).rgb()])
    const [, channels, rows, columns] = pixels.dims
    if (pixels.dims.length !== 4 || !channels || !rows || !columns)
      throw new Error(`pixels of shape ${pixels.dims.join('×')}`)
    return { kind: 'image', pixels: Float32Array.from(pixels.data), shape: [channels, rows, columns] }
  }
}

/** What a picture is called in messages. */
export const nameOf = (blob: Blob): string => (blob instanceof File && blob.name ? `“${blob.name}”` : 'This picture')

/** A picture that something could not be done with: its own fault, so that others go on. */
export const unreadable = (name: string, error: unknown): AppError =>
  new AppError(
    'IMAGE_FAILED',
    `${name} could not be read as a picture: use a JPEG, PNG, WebP, AVIF, GIF or SVG file.`,
    {
      cause: error,
      details: String(error),
    },
  )

/**
 * The pixels of a picture on grey, turned as its EXIF says (a moving picture's first frame).
 * @param longestPx where its longer side has more, it is made smaller
 * @throws AppError IMAGE_FAILED, NOT_AVAILABLE where this browser can't read pictures in a worker
 */
export async function decodePicture(blob: Blob, name: string, longestPx = Infinity): Promise<Pixels> {
  if (typeof OffscreenCanvas === 'undefined')
    throw new AppError(
      'NOT_AVAILABLE',
      'This browser has no OffscreenCanvas, which reading pictures needs: text works here; update the browser for pictures.',
    )
  try {
    const header = readImageHeader(new Uint8Array(await blob.slice(0, imageHeaderBytes).arrayBuffer()))
    if (judgeImage(blob.size, header) === 'big')
      throw new AppError('IMAGE_FAILED', `${name} is larger than 64 MB or 80 megapixels: scale it down first.`)
    const bitmap = await createImageBitmap(blob)
    const { width, height } = fitInto(bitmap.width, bitmap.height, longestPx)
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
    if (!context) throw new Error('no 2D canvas')
    context.fillStyle = '#808080' // what transparent pictures lie on: nearest to what models take as nothing
    context.fillRect(0, 0, width, height)
    context.imageSmoothingQuality = 'high'
    context.drawImage(bitmap, 0, 0, width, height)
    bitmap.close()
    return { rgba: context.getImageData(0, 0, width, height).data, width, height }
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(name, error)
  }
}

/**
 * The processor that the model's `preprocessor_config.json` describes.
 * @throws AppError IMAGE_FAILED
 */
export async function createPictureProcessor(json: unknown): Promise<PictureProcessor> {
  const library = await import('@huggingface/transformers')
  try {
    const config = json as { image_processor_type?: string; feature_extractor_type?: string }
    const name = (config.image_processor_type ?? config.feature_extractor_type ?? '').replace(/Fast$/, '')
    const classes = library as unknown as Record<string, (new (config: object) => unknown) | undefined>
    const Class =
      (/(?:ImageProcessor|FeatureExtractor)$/.test(name) ? classes[name] : undefined) ?? classes['ViTImageProcessor']
    if (!Class) throw new Error(`no class ${name}`)
    return new PictureProcessor(new Class(config) as Processor, library.RawImage, readNormalisation(config))
  } catch (error) {
    throw new AppError(
      'IMAGE_FAILED',
      'The picture settings of this model (preprocessor_config.json) could not be used: choose another model.',
      {
        cause: error,
        details: String(error),
      },
    )
  }
}

export interface PatchGrid {
  rows: number
  columns: number
  /** Tokens before the patches: CLS, distillation, registers. */
  prefix: number
}

/**
 * How the tokens of a picture lie: patches row by row, what is left over comes first.
 * @param patchSize side of a patch in pixels; null: the largest square grid that fits
 * @returns null where the tokens can't be a grid
 */
export function findGrid(tokens: number, height: number, width: number, patchSize: number | null): PatchGrid | null {
  if (patchSize !== null) {
    const rows = Math.floor(height / patchSize)
    const columns = Math.floor(width / patchSize)
    return rows > 0 && columns > 0 && tokens >= rows * columns
      ? { rows, columns, prefix: tokens - rows * columns }
      : null
  }
  const side = Math.floor(Math.sqrt(tokens))
  return height === width && side > 0 ? { rows: side, columns: side, prefix: tokens - side * side } : null
}

/** The patches of a picture of another size than the one whose grid is known; null: no patch fits, or their size is not known. */
export function resizeGrid(
  { prefix }: PatchGrid,
  height: number,
  width: number,
  patchSize: number | null,
): PatchGrid | null {
  if (patchSize === null) return null
  const [rows, columns] = [Math.floor(height / patchSize), Math.floor(width / patchSize)]
  return rows > 0 && columns > 0 ? { rows, columns, prefix } : null
}

/** The part of a crop that is cut into patches: what a division leaves over at the right and the bottom no model sees. */
export function trimCrop(crop: ImageCrop, { rows, columns }: PatchGrid, patchSize: number | null): ImageCrop {
  const [height, width] = patchSize === null ? [crop.height, crop.width] : [rows * patchSize, columns * patchSize]
  if (height === crop.height && width === crop.width) return crop
  const rgba = new Uint8ClampedArray(4 * height * width)
  for (let y = 0; y < height; y++)
    rgba.set(crop.rgba.subarray(4 * y * crop.width, 4 * (y * crop.width + width)), 4 * y * width)
  return { width, height, rgba }
}

/**
 * Tokens of a picture: id −1; the ones before the patches are special.
 * @param isDistilled the second token is the teacher's (DeiT), not a register
 */
export function pictureTokens({ rows, columns, prefix }: PatchGrid, isDistilled = false): Token[] {
  const names = ['[CLS]', ...(isDistilled ? ['[DIST]'] : [])]
  const before = Array.from({ length: prefix }, (_, index) => ({
    id: -1,
    text: names[index] ?? `[REG${index - names.length + 1}]`,
    special: true,
  }))
  const patches = Array.from({ length: rows * columns }, (_, index) => ({
    id: -1,
    text: `${Math.floor(index / columns)},${index % columns}`,
    special: false,
  }))
  return [...before, ...patches]
}
