import { wrap, type Remote } from 'comlink'
import type { ClusterRequest, ClusterScore } from '../core/clustering'
import { AppError, toAppError } from '../core/errors'
import type { ClusteringService } from './contracts'
import { systemClock, type Clock, type WorkerLike } from './model-client'
import { installErrorTransport, onWorkerFailure } from './transport'

export interface ClusteringClientOptions {
  /** Starts `workers/clustering.worker.ts`. */
  createWorker(): WorkerLike
  clock?: Clock
  /** A worker that does not answer for so long is ended; a call takes milliseconds. */
  patienceMs?: number
  /** Bytes of coordinates that stay in the worker; pictures beyond are sent with every search. */
  keptBytes?: number
}

interface Connection {
  worker: WorkerLike
  service: Remote<ClusteringService>
  /** Rejects when the worker has crashed. */
  gone: Promise<never>
}

interface Held {
  id: number
  bytes: number
}

/**
 * The page's end of the clustering worker, which starts with the first search. A picture is sent once and stays there for the next
 * searches. After a crash a new worker does the call again, once.
 */
export class ClusteringClient {
  readonly #options: Required<ClusteringClientOptions>
  #connection: Connection | null = null
  /** What the worker has, by index of the head. */
  readonly #held = new Map<number, Held>()
  readonly #ids = new WeakMap<Float32Array, number>()
  #nextId = 1

  constructor({
    createWorker,
    clock = systemClock,
    patienceMs = 10_000,
    keptBytes = 2 ** 27,
  }: ClusteringClientOptions) {
    installErrorTransport()
    this.#options = { createWorker, clock, patienceMs, keptBytes }
  }

  /** One score a head: `points` [2n,dims], queries first. Rejects with WORKER_CRASHED where two workers in a row failed. */
  async score(
    heads: readonly { index: number; points: Float32Array; dims: 2 | 3 }[],
    rows: Int32Array,
    mask: Uint8Array,
  ): Promise<(ClusterScore | null)[]> {
    const ask = (): Promise<(ClusterScore | null)[]> => {
      const connection = this.#connect()
      const call = connection.service.score({ heads: heads.map((head) => this.#parcel(head)), rows, mask })
      return this.#inTime(Promise.race([call, connection.gone])).catch((error: unknown) => {
        if (this.#connection === connection) this.#drop()
        throw toAppError(error, 'WORKER_CRASHED')
      })
    }
    try {
      return await ask()
    } catch {
      return await ask()
    }
  }

  /** Sends points only where the worker has others, or none, for this head. */
  #parcel({
    index,
    points,
    dims,
  }: {
    index: number
    points: Float32Array
    dims: 2 | 3
  }): ClusterRequest['heads'][number] {
    const id = this.#ids.get(points) ?? this.#nextId++
    this.#ids.set(points, id)
    if (this.#held.get(index)?.id === id) return { index, points: null, dims, keep: true }
    this.#held.delete(index)
    let bytes = points.byteLength
    for (const held of this.#held.values()) bytes += held.bytes
    const keep = bytes <= this.#options.keptBytes
    if (keep) this.#held.set(index, { id, bytes: points.byteLength })
    return { index, points, dims, keep }
  }

  #connect(): Connection {
    if (this.#connection) return this.#connection
    const worker = this.#options.createWorker()
    const gone = new Promise<never>((_, reject) => {
      onWorkerFailure(worker, (reason) =>
        reject(new AppError('WORKER_CRASHED', `The comparison of heads stopped${reason ? ` (${reason})` : ''}.`)),
      )
    })
    // Nobody may be waiting when it happens.
    gone.catch(() => undefined)
    this.#connection = { worker, service: wrap<ClusteringService>(worker as Worker), gone }
    return this.#connection
  }

  #inTime<T>(call: Promise<T>): Promise<T> {
    const { clock, patienceMs } = this.#options
    return new Promise<T>((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        const seconds = Math.round(patienceMs / 1000)
        reject(new AppError('WORKER_CRASHED', `The comparison of heads gave no answer for ${seconds} seconds.`))
      }, patienceMs)
      call.then(resolve, reject).finally(() => clock.clearTimeout(timer))
    })
  }

  #drop(): void {
    this.#connection?.worker.terminate()
    this.#connection = null
    this.#held.clear()
  }
}
