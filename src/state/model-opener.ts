import { isAppError, type AppError } from '../core/errors'
import type { ModelInfo, Progress } from '../core/types'
import type { ModelSpec, RequestRecord } from '../rpc/contracts'
import type { ModelPort } from './dependencies'
import { specKey } from './model-choice'
import { superseded } from './pass'

interface Opening {
  key: string
  promise: Promise<ModelInfo>
  /** null while it is being opened. */
  info: ModelInfo | null
}

/** Opens one model at a time: asked for the same again it gives the same, asked for another it ends the running download. */
export class ModelOpener {
  readonly #model: ModelPort
  readonly #events: { onProgress(progress: Progress): void; onOpened(spec: ModelSpec, info: ModelInfo): void }
  readonly requests: RequestRecord[] = []
  #opening: Opening | null = null

  constructor(
    model: ModelPort,
    events: { onProgress(progress: Progress): void; onOpened(spec: ModelSpec, info: ModelInfo): void },
  ) {
    this.#model = model
    this.#events = events
  }

  /** The model, once it is loaded and self-tested. @throws AppError all of ModelService.open; CANCELLED where another one was asked for */
  open(spec: ModelSpec): Promise<ModelInfo> {
    const key = specKey(spec)
    if (this.#opening?.key === key) return this.#opening.promise
    if (this.isOpening) this.#model.cancel()
    const opening: Opening = { key, info: null, promise: this.#start(spec, key) }
    this.#opening = opening
    opening.promise.catch(() => {
      if (this.#opening === opening) this.#opening = null
    })
    return opening.promise
  }

  isOpen(spec: ModelSpec): boolean {
    return this.#opening?.key === specKey(spec) && this.#opening.info !== null
  }

  get isOpening(): boolean {
    return this.#opening !== null && this.#opening.info === null
  }

  /** Ends what runs; the next `open` starts afresh. */
  drop(): void {
    this.#opening = null
    this.#model.cancel()
  }

  async #start(spec: ModelSpec, key: string): Promise<ModelInfo> {
    const wanted = () => this.#opening?.key === key
    const info = await this.#model.open(
      spec,
      (progress) => {
        if (wanted()) this.#events.onProgress(progress)
      },
      (record) => this.requests.push(record),
    )
    if (!this.#opening || !wanted()) throw superseded()
    this.#opening.info = info
    this.#events.onOpened(spec, info)
    return info
  }
}

/** The same model; `onDead` is called when a call shows that the open model can't be used any more. */
export function watchModel(model: ModelPort, onDead: (problem: AppError) => void): ModelPort {
  const watch = async <T>(promise: Promise<T>): Promise<T> => {
    try {
      return await promise
    } catch (problem) {
      if (isAppError(problem) && (problem.code === 'DEVICE_LOST' || problem.code === 'OUT_OF_MEMORY')) onDead(problem)
      throw problem
    }
  }
  return {
    open: (spec, onProgress, onRequest) => watch(model.open(spec, onProgress, onRequest)),
    prepareTexts: (lines) => watch(model.prepareTexts(lines)),
    prepareImages: (blobs) => watch(model.prepareImages(blobs)),
    labelImage: (blob, map) => watch(model.labelImage(blob, map)),
    run: (inputs) => watch(model.run(inputs)),
    attention: (input, layer) => watch(model.attention(input, layer)),
    cancel: () => model.cancel(),
  }
}
