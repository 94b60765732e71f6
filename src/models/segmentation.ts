import { AppError } from '../core/errors'
import type { LabelMap } from '../core/label-map'
import type { Progress } from '../core/types'
import { readModel } from '../onnx/wire'
import type { ModelSpec, RequestRecord, SegmentationInfo, SegmentationService } from '../rpc/contracts'
import { toFloat16Bits, type Feed } from './feeds'
import { decodePicture, nameOf, unreadable, type PictureProcessor, type Pixels } from './image-processor'
import { readConfig, readExternal, readPictures, readWeightFile } from './model-files'
import { SerialQueue } from './queue'
import type { RuntimeProvider } from './runtime'
import { labelMapOf, measureSight, scoresOf, type Plane, type Scores, type Sight } from './segment-map'
import { TapSession } from './session'
import { openSource, type ModelSource, type SourceEnvironment } from './sources'
import { hashBytes } from './sources/hash'
import { chooseWeightFile } from './weight-file'

export interface SegmentationOptions extends Omit<SourceEnvironment, 'onRequest'> {
  provider: Pick<RuntimeProvider, 'load'>
  /** Requests of the process that go past `fetch` (the runtime's own files). */
  otherRequests?: () => RequestRecord[]
  /** These two need a browser's canvas; tests give their own. */
  decode?: (blob: Blob, name: string, longestPx: number) => Promise<Pixels>
  readPictures?: (source: ModelSource, signal: AbortSignal) => Promise<Processor>
}

/** Larger pictures are made smaller first: segmentation models look at some 500 pixels a side. */
const longestPx = 1024

/** Side of the mask that DETR's exports want beside the pixels, where the file leaves it open. */
const pixelMaskSide = 64

const [float32, float16] = [1, 10]

type Processor = Pick<PictureProcessor, 'toInput'>

interface Opened {
  session: TapSession
  pictures: Processor
  pixels: { name: string; elementType: number }
  mask: { name: string; dims: readonly (number | string | null)[] } | null
  outputs: readonly string[]
  names: readonly string[]
}

/** Says what is in a picture, pixel by pixel, by any semantic segmentation model in ONNX. Runs in WebAssembly. */
export class Segmentation implements SegmentationService {
  readonly #options: SegmentationOptions
  readonly #queue = new SerialQueue()
  #opened: Opened | null = null
  /** What the processor shows of pictures of one size. */
  readonly #sights = new Map<string, Sight>()

  constructor(options: SegmentationOptions) {
    this.#options = options
  }

  /**
   * @throws AppError NOT_SEGMENTATION for other models and for those whose classes have no names; BAD_ARGUMENT, MODEL_NOT_FOUND,
   * NO_ONNX_FILE, NETWORK, TRUNCATED, WRONG_HASH, EXTERNAL_DATA_MISSING, NOT_ONNX, UNSUPPORTED_OP, IMAGE_FAILED, TOO_BIG, OUT_OF_MEMORY
   */
  async open(
    spec: ModelSpec,
    onProgress: (progress: Progress) => void,
    onRequest: (record: RequestRecord) => void,
  ): Promise<SegmentationInfo> {
    const { signal } = new AbortController() // a worker of its own: whoever wants no more of it ends the worker
    const { provider } = this.#options
    try {
      const source = await openSource(spec, { signal }, { ...this.#options, onRequest })
      const names = classNames(await readConfig(source, signal), source.id)
      const file = await chooseWeightFile(source, { dtype: spec.dtype, file: spec.file, backend: 'wasm' }, { signal })
      const bytes = await readWeightFile(source, file, signal, onProgress)
      const { graph } = readModel(bytes)
      const weights = new Set(graph.initializers.map(({ name }) => name))
      const inputs = graph.inputs.filter(({ name }) => !weights.has(name))
      const pixels = inputs.find(
        ({ dims, elementType }) => dims?.length === 4 && [float32, float16].includes(elementType),
      )
      const mask = inputs.find(({ name }) => name === 'pixel_mask') ?? null
      if (!pixels || inputs.some((input) => input !== pixels && input !== mask))
        throw notSegmentation(source.id, 'it does not take a picture alone')
      const locations = [...new Set(graph.initializers.flatMap(({ location }) => location ?? []))]
      const external = await readExternal(source, file, locations, signal, onProgress)
      const pictures = await (this.#options.readPictures ?? readPictures)(source, signal)
      onProgress({ stage: 'load', done: 0, total: 1, unit: 'steps' })
      const runtime = await provider.load('wasm', spec.threads)
      const session = await TapSession.create({ model: bytes, external }, runtime, this.#queue)
      const outputs = graph.outputs.map(({ name }) => name)
      this.#opened = {
        session,
        pictures,
        pixels,
        mask: mask && { name: mask.name, dims: mask.dims ?? [] },
        outputs,
        names,
      }
      onProgress({ stage: 'load', done: 1, total: 1, unit: 'steps' })
      return { id: spec.id, sha256: await hashBytes(bytes) }
    } finally {
      for (const record of this.#options.otherRequests?.() ?? []) onRequest(record)
    }
  }

  /** @throws AppError IMAGE_FAILED; NOT_SEGMENTATION where the outputs turn out to be something else; those of a session's run */
  async segment(blob: Blob): Promise<LabelMap> {
    const opened = this.#opened
    if (!opened) throw new AppError('NOT_AVAILABLE', 'No segmentation model is open: open one first.')
    const name = nameOf(blob)
    const failed = (error: unknown): never => {
      throw unreadable(name, error)
    }
    const picture = await (this.#options.decode ?? decodePicture)(blob, name, longestPx)
    const { pictures, pixels, mask, outputs, names } = opened
    const { pixels: data, shape } = await pictures.toInput(picture.rgba, picture.width, picture.height).catch(failed)
    const feeds: Record<string, Feed> = { [pixels.name]: pixelFeed(data, [1, ...shape], pixels.elementType) }
    if (mask) feeds[mask.name] = maskFeed(mask.dims)
    const answers = await opened.session.run(feeds, outputs)
    const scores = scoresOf(answers.values())
    if (!scores || scores.classes < 2)
      throw notSegmentation('This model', 'it gives no scores of classes for each pixel')
    checkNames(scores, names)
    return labelMapOf(scores, await this.#sightOf(pictures, picture).catch(failed), picture, names)
  }

  async #sightOf(pictures: Processor, { width, height }: Pixels): Promise<Sight> {
    const key = `${width}×${height}`
    const known = this.#sights.get(key)
    if (known) return known
    const show = async (brightness: (x: number, y: number) => number): Promise<Plane> => {
      const { pixels, shape } = await pictures.toInput(paint(width, height, brightness), width, height)
      const [, rows, columns] = shape
      return { data: pixels.subarray(0, rows * columns), height: rows, width: columns }
    }
    const sight = measureSight(
      await show(() => 0),
      await show(() => 1),
      await show((x) => (x + 0.5) / width),
      await show((_, y) => (y + 0.5) / height),
    )
    this.#sights.set(key, sight)
    return sight
  }
}

const notSegmentation = (what: string, why: string) =>
  new AppError(
    'NOT_SEGMENTATION',
    `${what} is no semantic segmentation model: ${why}. Choose one such as Xenova/segformer-b0-finetuned-ade-512-512.`,
  )

/** The classes of a `config.json`, in the order of their numbers. @throws AppError NOT_SEGMENTATION where it has none */
export function classNames(config: unknown, id: string): string[] {
  const { id2label } = (config ?? {}) as { id2label?: unknown }
  const names = typeof id2label === 'object' && id2label !== null ? Object.entries(id2label) : []
  const list: string[] = []
  for (const [index, name] of names) if (/^\d{1,5}$/.test(index) && typeof name === 'string') list[Number(index)] = name
  if (list.length === 0) throw notSegmentation(id, 'its config.json has no names of classes (id2label)')
  return list
}

function checkNames({ classes }: Scores, names: readonly string[]): void {
  for (let each = 0; each < classes; each++)
    if (names[each] === undefined)
      throw notSegmentation(
        'This model',
        `it scores ${classes} classes, but its config.json (id2label) has no name for class ${each}`,
      )
}

function pixelFeed(data: Float32Array, dims: number[], elementType: number): Feed {
  return elementType === float16
    ? { type: 'float16', data: toFloat16Bits(data), dims }
    : { type: 'float32', data, dims }
}

/** Ones: all pixels count. */
function maskFeed(wanted: readonly (number | string | null)[]): Feed {
  const dims = wanted.map((dim, axis) => (typeof dim === 'number' && dim > 0 ? dim : axis === 0 ? 1 : pixelMaskSide))
  return { type: 'int64', data: new BigInt64Array(dims.reduce((size, dim) => size * dim, 1)).fill(1n), dims }
}

/** [height,width,4] bytes of an opaque grey picture. @param brightness 0 … 1 */
function paint(width: number, height: number, brightness: (x: number, y: number) => number): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rgba.fill(255 * brightness(x, y), 4 * (y * width + x), 4 * (y * width + x) + 3)
  return rgba
}
