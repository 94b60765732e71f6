import { proxy, wrap, type Remote } from 'comlink'
import { AppError, isAppError, type ErrorCode } from '../core/errors'
import type { LabelMap } from '../core/label-map'
import type { ModelInfo, ModelInput, Progress, SequenceVectors } from '../core/types'
import type { ModelService, ModelSpec, PreparedInput, RequestRecord } from './contracts'
import { rasteriseVector } from './rasterise-svg'
import { installErrorTransport, onWorkerFailure, pageLocks, type WorkerLocks } from './transport'

/** The part of a Worker that is used: tests give a MessagePort that looks like one. */
export type WorkerLike = Pick<Worker, 'postMessage' | 'addEventListener' | 'removeEventListener' | 'terminate'>

/** Timers, injected so that tests need not wait. */
export interface Clock {
  setTimeout(action: () => void, milliseconds: number): unknown
  clearTimeout(timer: unknown): void
}

export const systemClock: Clock = {
  setTimeout: (action, milliseconds) => globalThis.setTimeout(action, milliseconds),
  clearTimeout: (timer) => globalThis.clearTimeout(timer as ReturnType<typeof setTimeout>),
}

export interface ModelClientOptions {
  createWorker: () => WorkerLike
  clock?: Clock
  /**
   * A worker that shows no sign of life for so long during a call is ended. One run of a big model in one thread can block
   * its worker for a while, so this is generous.
   */
  silenceMs?: number
  /** How long `open` waits for a call of the earlier model before it ends that model's worker. */
  patienceMs?: number
  /** The page's locks, by which the end of a worker is seen at once; null: there are none. */
  locks?: WorkerLocks | null
  /** Called before a model is fetched; what it returns is called when that is over. */
  duringOpen?: (spec: ModelSpec) => () => void
}

interface Connection {
  worker: WorkerLike
  service: Remote<ModelService>
  /** Ends the running call and the worker. */
  fail: (error: AppError) => void
}

/** What is waiting or running; a change of generation cancels it. */
interface Ticket {
  generation: number
}

/** WASM memory only grows: after a model of more than this a fresh worker gives it back; below, a new one would cost more time. */
const reusableBytes = 50_000_000

/** After these a worker is of no use any more. */
const fatalCodes: ReadonlySet<ErrorCode> = new Set(['DEVICE_LOST', 'OUT_OF_MEMORY'])

const restartHint = 'It was ended and starts afresh with the next call.'

/**
 * The page's end of the model worker: one call at a time, and a watchdog that the worker can't block. A worker that dies
 * without a word, even in the middle of a run, lets go of its lock (`lifeline`) and is seen at once. After a crash, a time-out
 * or `cancel` the next call gets a new worker, which has no model yet unless `open` was called before: then the same model is
 * opened again first.
 */
export class ModelClient implements ModelService {
  readonly #options: Required<ModelClientOptions>
  #connection: Connection | null = null
  #queue: Promise<unknown> = Promise.resolve()
  #generation = 0
  #running = 0
  #signOfLife: () => void = () => undefined
  #reopen: (() => Promise<unknown>) | null = null
  /** What the present worker can't be asked to change. */
  #worn: { threads: number | null; bytes: number } | null = null

  constructor({
    createWorker,
    clock = systemClock,
    silenceMs = 180_000,
    patienceMs = 3000,
    locks = pageLocks(),
    duringOpen = () => () => undefined,
  }: ModelClientOptions) {
    installErrorTransport()
    this.#options = { createWorker, clock, silenceMs, patienceMs, locks, duringOpen }
  }

  /**
   * Calls of the earlier model that don't end soon are cancelled, with their worker.
   * @throws AppError all that Inference.open throws; TIMEOUT, WORKER_CRASHED, CANCELLED
   */
  open(
    spec: ModelSpec,
    onProgress: (progress: Progress) => void,
    onRequest: (record: RequestRecord) => void,
  ): Promise<ModelInfo> {
    const ticket: Ticket = { generation: this.#generation }
    const impatient = this.#running > 0 ? this.#cutShort(ticket) : () => undefined
    return this.#enqueue(async () => {
      impatient()
      const open = () => {
        const over = this.#options.duringOpen(spec)
        return this.#call((service) =>
          service.open(
            spec,
            proxy((progress: Progress) => {
              this.#signOfLife()
              onProgress(progress)
            }),
            proxy(onRequest),
          ),
        ).finally(over)
      }
      this.#reopen = null
      if (this.#worn && (this.#worn.threads !== spec.threads || this.#worn.bytes > reusableBytes)) this.#drop()
      this.#worn = { threads: spec.threads, bytes: 0 }
      const info = await open()
      this.#worn = { threads: spec.threads, bytes: info.bytes }
      this.#reopen = open
      return info
    }, ticket).finally(impatient)
  }

  prepareTexts(lines: string[]): Promise<PreparedInput[]> {
    return this.#enqueue(() => this.#callOpened((service) => service.prepareTexts(lines)))
  }

  prepareImages(blobs: Blob[]): Promise<(PreparedInput | { error: { code: string; message: string } })[]> {
    return this.#enqueue(async () => {
      const rasters = await Promise.all(blobs.map(rasteriseVector))
      return this.#callOpened((service) => service.prepareImages(rasters))
    })
  }

  labelImage(blob: Blob, map: LabelMap): Promise<Int16Array> {
    return this.#enqueue(async () => {
      const raster = await rasteriseVector(blob)
      return this.#callOpened((service) => service.labelImage(raster, map))
    })
  }

  run(inputs: ModelInput[]): Promise<SequenceVectors[]> {
    return this.#enqueue(() => this.#callOpened((service) => service.run(inputs)))
  }

  attention(input: ModelInput, layer: number): Promise<Float32Array> {
    return this.#enqueue(() => this.#callOpened((service) => service.attention(input, layer)))
  }

  /** Lets go of the model; the worker stays for the next one. */
  close(): Promise<void> {
    return this.#enqueue(async () => {
      this.#reopen = null
      if (this.#connection) await this.#call((service) => service.close())
    })
  }

  /** Ends whatever runs, at once: running and waiting calls reject CANCELLED. */
  cancel(): void {
    this.#generation += 1
    this.#connection?.fail(new AppError('CANCELLED', 'This work was cancelled.'))
    this.#drop()
  }

  /** Ends the worker and gives back its memory. A later call starts a new one. */
  dispose(): void {
    this.#reopen = null
    this.cancel()
  }

  #enqueue<T>(task: () => Promise<T>, ticket: Ticket = { generation: this.#generation }): Promise<T> {
    this.#running += 1
    const result = this.#queue
      .then(() => {
        if (ticket.generation !== this.#generation)
          throw new AppError('CANCELLED', 'This work was cancelled before it began.')
        return task()
      })
      .finally(() => (this.#running -= 1))
    this.#queue = result.catch(() => undefined)
    return result
  }

  /** Cancels what comes before a ticket, unless it ends soon. @returns stops the waiting */
  #cutShort(ticket: Ticket): () => void {
    const { clock, patienceMs } = this.#options
    const timer = clock.setTimeout(() => {
      if (ticket.generation !== this.#generation) return
      this.cancel()
      ticket.generation = this.#generation
    }, patienceMs)
    return () => clock.clearTimeout(timer)
  }

  async #callOpened<T>(send: (service: Remote<ModelService>) => Promise<T>): Promise<T> {
    if (!this.#connection && this.#reopen) await this.#reopen()
    return await this.#call(send)
  }

  async #call<T>(send: (service: Remote<ModelService>) => Promise<T>): Promise<T> {
    const { clock, silenceMs } = this.#options
    const connection = (this.#connection ??= this.#connect())
    let timer: unknown
    try {
      return await new Promise<T>((resolve, reject) => {
        connection.fail = reject
        this.#signOfLife = () => {
          clock.clearTimeout(timer)
          timer = clock.setTimeout(() => {
            this.#drop()
            reject(
              new AppError(
                'TIMEOUT',
                `The model gave no sign of life for ${Math.round(silenceMs / 1000)} seconds. ${restartHint}`,
              ),
            )
          }, silenceMs)
        }
        this.#signOfLife()
        send(connection.service).then(resolve, reject)
      })
    } catch (error) {
      if (isAppError(error) && fatalCodes.has(error.code) && this.#connection === connection) this.#drop()
      throw error
    } finally {
      clock.clearTimeout(timer)
      this.#signOfLife = () => undefined
      connection.fail = () => undefined
    }
  }

  #connect(): Connection {
    const worker = this.#options.createWorker()
    const connection: Connection = { worker, service: wrap<ModelService>(worker as Worker), fail: () => undefined }
    const end = (reason?: string) => {
      if (this.#connection === connection) this.#drop()
      connection.fail(
        new AppError('WORKER_CRASHED', `The model's worker stopped${reason ? ` (${reason})` : ''}. ${restartHint}`),
      )
    }
    onWorkerFailure(worker, end, this.#options.locks)
    worker.addEventListener('message', () => this.#signOfLife())
    return connection
  }

  #drop(): void {
    this.#connection?.worker.terminate()
    this.#connection = null
    this.#worn = null
  }
}
