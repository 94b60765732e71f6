import { AppError, toAppError } from '../core/errors'
import type { FindLabels, ImageLabels, LabelMap } from '../core/label-map'
import type { Progress } from '../core/types'
import type { ModelSpec, RequestRecord, SegmentationInfo } from '../rpc/contracts'
import type { ImageInput } from './dependencies'
import type { OpenRequest } from './open-request'

/** What is needed of rpc/segmentation-client.ts. */
export interface SegmentationPort {
  open(
    spec: ModelSpec,
    onProgress: (progress: Progress) => void,
    onRequest: (record: RequestRecord) => void,
    signal: AbortSignal,
  ): Promise<{ readonly info: SegmentationInfo; segment(blob: Blob): Promise<LabelMap>; close(): void }>
}

/** What of an image a labelling looks at. */
type LabelledImage = Pick<ImageInput, 'id' | 'name' | 'blob' | 'labels'>

interface Parts {
  port: SegmentationPort
  /** @throws AppError BAD_ARGUMENT */
  specOf: (request: OpenRequest) => ModelSpec
  images: () => readonly LabelledImage[]
  label: (find: FindLabels) => void
  onRequest: (record: RequestRecord) => void
}

/** So many images get their labels at once: each time the list of images is written down anew. */
const together = 8

/** How far a labelling is; `images` counts images, `bytes` the download. */
export interface SegmentProgress {
  stage: 'download' | 'load' | 'label'
  done: number
  total: number
  unit: 'bytes' | 'images'
}

/** Labels the patches of the images by a segmentation model: one at a time, the latest call. */
export class Segmenter {
  #progress = $state.raw<SegmentProgress | null>(null)
  readonly #parts: Parts
  #running: AbortController | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** null: nothing is being labelled. */
  get progress(): SegmentProgress | null {
    return this.#progress
  }

  /** Images that a model may label: those without labels of the user's own that it has not labelled yet. */
  waiting(by: string): readonly LabelledImage[] {
    return this.#parts.images().filter(({ labels }) => !labels || (labels.by !== undefined && labels.by !== by))
  }

  /**
   * Opens a model, labels what waits for it, and lets go of the model. What was labelled before an error stays.
   * @returns how many images got labels, and why some did not
   * @throws AppError INPUT_EMPTY where there are no images; BAD_ARGUMENT; those of SegmentationPort; CANCELLED
   */
  async run(request: OpenRequest): Promise<{ labelled: number; problems: string[] }> {
    const { port, specOf, images, onRequest } = this.#parts
    this.cancel()
    const spec = specOf(request)
    if (images().length === 0)
      throw new AppError('INPUT_EMPTY', 'There are no images to label yet: drop, paste or pick some first.')
    if (this.waiting(spec.id).length === 0) return { labelled: 0, problems: [] }
    const controller = (this.#running = new AbortController())
    const isMine = () => this.#running === controller
    const show = (progress: SegmentProgress) => {
      if (isMine()) this.#progress = progress
    }
    show({ stage: 'load', done: 0, total: 0, unit: 'images' })
    try {
      const model = await port.open(spec, (progress) => show(shownOf(progress)), onRequest, controller.signal)
      try {
        return await this.#label(model, show)
      } finally {
        model.close()
      }
    } finally {
      if (isMine()) {
        this.#running = null
        this.#progress = null
      }
    }
  }

  /** Stops what runs; its call rejects CANCELLED. */
  cancel(): void {
    this.#running?.abort()
    this.#running = null
    this.#progress = null
  }

  async #label(
    { info, segment }: Awaited<ReturnType<SegmentationPort['open']>>,
    show: (progress: SegmentProgress) => void,
  ): Promise<{ labelled: number; problems: string[] }> {
    const waiting = this.waiting(info.id)
    const problems: string[] = []
    let labelled = 0
    let found: { image: string; labels: ImageLabels }[] = []
    const hand = () => {
      // The user may have labelled or removed images meanwhile.
      const open = this.waiting(info.id).map(({ id }) => id)
      const ready = found.filter(({ image }) => open.includes(image))
      found = []
      labelled += ready.length
      if (ready.length > 0) this.#parts.label(({ id }) => ready.find(({ image }) => image === id)?.labels)
    }
    try {
      for (const [done, { id, name, blob }] of waiting.entries()) {
        show({ stage: 'label', done, total: waiting.length, unit: 'images' })
        try {
          found.push({ image: id, labels: { key: `segment:${info.sha256}`, by: info.id, map: await segment(blob) } })
        } catch (problem) {
          // One picture that can't be read any more keeps nobody from the others.
          const error = toAppError(problem, 'IMAGE_FAILED')
          if (error.code !== 'IMAGE_FAILED') throw error
          problems.push(error.message.includes(name) ? error.message : `${name}: ${error.message}`)
        }
        if (found.length === together) hand()
      }
    } finally {
      hand()
    }
    return { labelled, problems }
  }
}

const shownOf = ({ stage, done, total, unit }: Progress): SegmentProgress =>
  unit === 'bytes'
    ? { stage: 'download', done, total, unit }
    : { stage: stage === 'download' ? stage : 'load', done, total, unit: 'images' }
