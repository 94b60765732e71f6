import { proxy, wrap } from 'comlink'
import { AppError } from '../core/errors'
import type { LabelMap } from '../core/label-map'
import type { Progress } from '../core/types'
import type { ModelSpec, RequestRecord, SegmentationInfo, SegmentationService } from './contracts'
import type { WorkerLike } from './model-client'
import { rasteriseVector } from './rasterise-svg'
import { installErrorTransport, onWorkerFailure, pageLocks, type WorkerLocks } from './transport'

export interface SegmentationClientOptions {
  createWorker: () => WorkerLike
  /** Called before the model is fetched; what it returns is called when that is over. */
  duringOpen?: (spec: ModelSpec) => () => void
  /** The page's locks, by which the end of a worker is seen at once; null: there are none. */
  locks?: WorkerLocks | null
}

/** An open segmentation model in a worker of its own. */
export interface Segmenting {
  readonly info: SegmentationInfo
  /** @throws AppError as Segmentation.segment; WORKER_CRASHED, CANCELLED */
  segment(blob: Blob): Promise<LabelMap>
  /** Ends the worker, and gives its memory back. */
  close(): void
}

/** The page's end of segmentation: each model gets a worker of its own, which ends with it. */
export class SegmentationClient {
  readonly #options: Required<SegmentationClientOptions>

  constructor({ createWorker, duringOpen = () => () => undefined, locks = pageLocks() }: SegmentationClientOptions) {
    installErrorTransport()
    this.#options = { createWorker, duringOpen, locks }
  }

  /**
   * @param signal ends the worker at once, whatever it does
   * @throws AppError as Segmentation.open; WORKER_CRASHED, CANCELLED
   */
  async open(
    spec: ModelSpec,
    onProgress: (progress: Progress) => void,
    onRequest: (record: RequestRecord) => void,
    signal: AbortSignal,
  ): Promise<Segmenting> {
    const { createWorker, duringOpen, locks } = this.#options
    const worker = createWorker()
    const service = wrap<SegmentationService>(worker as Worker)
    let failed: AppError | null = null
    let tell: (error: AppError) => void = () => undefined
    const end = (error: AppError) => {
      if (failed) return
      failed = error
      worker.terminate()
      tell(error)
    }
    const cancel = () =>
      end(new AppError('CANCELLED', 'Labelling was stopped. The labels that were there already stay.'))
    const crash = () =>
      end(
        new AppError('WORKER_CRASHED', 'The segmentation model’s worker stopped: try again, or with a smaller model.'),
      )
    onWorkerFailure(worker, crash, locks)
    signal.addEventListener('abort', cancel)
    const call = <T>(answer: () => Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        if (signal.aborted) cancel()
        tell = reject
        if (failed) reject(failed)
        else answer().then(resolve, reject)
      })
    const close = () => {
      signal.removeEventListener('abort', cancel)
      cancel()
    }
    const over = duringOpen(spec)
    try {
      const info = await call(() => service.open(spec, proxy(onProgress), proxy(onRequest)))
      const segment = async (blob: Blob) => {
        const raster = await rasteriseVector(blob)
        return call(() => service.segment(raster))
      }
      return { info, segment, close }
    } catch (error) {
      close()
      throw error
    } finally {
      over()
    }
  }
}
