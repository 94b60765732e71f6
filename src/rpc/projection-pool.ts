import { proxy, transfer, wrap, type Remote } from 'comlink'
import { AppError, isAppError, toAppError } from '../core/errors'
import type { HeadRef } from '../core/types'
import type { ProjectionAnswer, ProjectionJob, ProjectionService, TakeFloats } from './contracts'
import { systemClock, type Clock, type WorkerLike } from './model-client'
import { SpareMemory } from './spare-memory'
import { installErrorTransport, onWorkerFailure } from './transport'

/** One head to be projected. */
export interface ProjectionTask {
  head: HeadRef
  /**
   * Makes the job when a worker takes it (again after a crash), so that waiting heads cost no memory. Its q, k and points
   * are transferred: give copies, q and k best in memory from `take`.
   */
  createJob(take: TakeFloats): ProjectionJob
  onDone(answer: ProjectionAnswer): void
  /** CANCELLED (once, at once), WORKER_CRASHED, or what the projection threw. */
  onFailed(error: AppError): void
  onProgress?(done: number, total: number): void
  /** Smaller comes first; asked anew whenever a worker is free. Absent: the pool's priority of the head. */
  rank?(): number
}

export interface ProjectionHandle {
  readonly id: number
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
  cancel(): void
}

export interface ProjectionPoolOptions {
  /** Starts `workers/projection.worker.ts`. */
  createWorker(): WorkerLike
  /** `poolSize(navigator.hardwareConcurrency)`. */
  size: number
  clock?: Clock
  /** A cancelled worker that has not stopped after so long is ended and replaced. */
  patienceMs?: number
  /**
   * A worker that shows no sign of life for so long during a job is ended, and its head done again elsewhere. Generous: a reference
   * implementation may compute for a while without a pause.
   */
  silenceMs?: number
  /** How the worker is spoken to; tests give their own. */
  connect?(worker: WorkerLike): ProjectionService
}

/** min(8, cores), at least 2. */
export const poolSize = (cores: number | undefined): number => Math.max(2, Math.min(8, cores ?? 2))

interface Job {
  id: number
  task: ProjectionTask
  state: ProjectionHandle['state']
  crashes: number
}

interface Seat {
  worker: WorkerLike
  service: ProjectionService
  job: Job | null
  /** A cancelled job still runs in the worker until this timer or its end. */
  timer: unknown
  /** Looks after the running job from time to time. */
  watch: unknown
  /** A message came since the last look. */
  heard: boolean
  gone: boolean
}

const crashLimit = 2

/**
 * The page's side of the projection workers: one head a job, the most wanted head first whenever a worker is free, results
 * by callback. Workers start with the first jobs and stay. A worker that crashed or fell silent is replaced and its head done once
 * more.
 */
export class ProjectionPool {
  readonly #options: Required<ProjectionPoolOptions>
  readonly #seats: Seat[] = []
  readonly #waiting = new Set<Job>()
  /** A q and a k for each worker, as long as heads wait. */
  readonly #spare: SpareMemory
  #priority: (head: HeadRef) => number = () => 0
  #limit: number
  #nextId = 1
  #done = 0
  #total = 0
  #disposed = false

  constructor({
    createWorker,
    size,
    clock = systemClock,
    patienceMs = 100,
    silenceMs = 60_000,
    connect = connectWorker,
  }: ProjectionPoolOptions) {
    this.#options = { createWorker, size, clock, patienceMs, silenceMs, connect }
    this.#limit = size
    this.#spare = new SpareMemory(2 * size)
  }

  /** Heads finished (done or failed) and heads asked for since the pool was last idle; cancelled ones count for neither. */
  get progress(): { done: number; total: number } {
    return { done: this.#done, total: this.#total }
  }

  get size(): number {
    return this.#options.size
  }

  /** Smaller comes first, equal ones in the order they came; asked anew whenever a worker is free. */
  setPriority(priority: (head: HeadRef) => number): void {
    this.#priority = priority
  }

  /** At most so many workers take new jobs (at least 1): leaves a core to a running model. */
  setLimit(workers: number): void {
    this.#limit = Math.max(1, Math.min(workers, this.#options.size))
    this.#assign()
  }

  add(task: ProjectionTask): ProjectionHandle {
    const job: Job = { id: this.#nextId++, task, state: 'waiting', crashes: 0 }
    if (this.#isIdle()) this.#done = this.#total = 0
    this.#total++
    this.#waiting.add(job)
    // Later, so that a whole grid can be added before the most wanted head is picked.
    queueMicrotask(() => this.#assign())
    return {
      id: job.id,
      get state() {
        return job.state
      },
      cancel: () => this.#cancelJob(job),
    }
  }

  /** Cancels all jobs, or those of the heads that match: each `onFailed` gets CANCELLED before this returns. */
  cancel(matches: (head: HeadRef) => boolean = () => true): void {
    const jobs = [...this.#waiting, ...this.#seats.flatMap((seat) => seat.job ?? [])]
    for (const job of jobs) if (matches(job.task.head)) this.#cancelJob(job)
  }

  /** Cancels everything and ends the workers. Later jobs fail with CANCELLED. */
  dispose(): void {
    this.#disposed = true
    this.cancel()
    for (const seat of [...this.#seats]) this.#endSeat(seat)
  }

  #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#seats.every((seat) => !isActive(seat))
  }

  #cancelJob(job: Job): void {
    if (job.state !== 'waiting' && job.state !== 'running') return
    const wasRunning = job.state === 'running'
    job.state = 'cancelled'
    this.#total--
    this.#waiting.delete(job)
    this.#dropSpare()
    const seat = wasRunning ? this.#seats.find((other) => other.job === job) : undefined
    if (seat) {
      // The call's own end frees the seat; a worker that can't hear is ended.
      seat.timer = this.#options.clock.setTimeout(() => {
        this.#endSeat(seat)
        this.#assign()
      }, this.#options.patienceMs)
      seat.service.cancel().catch(() => undefined)
    }
    job.task.onFailed(new AppError('CANCELLED', 'This projection was cancelled.'))
  }

  #assign(): void {
    if (this.#disposed) {
      for (const job of [...this.#waiting]) this.#cancelJob(job)
      return
    }
    while (this.#waiting.size > 0 && this.#seats.filter((seat) => seat.job).length < this.#limit) {
      const job = this.#takeNext()
      if (!job) return
      let seat = this.#seats.find((other) => !other.job)
      try {
        seat ??= this.#startSeat()
      } catch (error) {
        this.#finish(job, toAppError(error, 'WORKER_CRASHED'))
        continue
      }
      this.#run(seat, job)
    }
  }

  #takeNext(): Job | undefined {
    let best: Job | undefined
    let lowest = Infinity
    for (const job of this.#waiting) {
      const rank = job.task.rank?.() ?? this.#priority(job.task.head)
      if (best && (rank > lowest || (rank === lowest && job.id > best.id))) continue
      lowest = rank
      best = job
    }
    if (best) this.#waiting.delete(best)
    return best
  }

  #run(seat: Seat, job: Job): void {
    seat.job = job
    job.state = 'running'
    this.#watch(seat)
    let call: Promise<ProjectionAnswer>
    try {
      const { onProgress } = job.task
      const report = onProgress
        ? (done: number, total: number) => {
            seat.heard = true
            if (job.state === 'running') onProgress.call(job.task, done, total)
          }
        : null
      call = seat.service.project(
        job.task.createJob((length) => this.#spare.take(length)),
        report,
      )
    } catch (error) {
      call = Promise.reject(toAppError(error, 'WORKER_CRASHED'))
    }
    call.then(
      (answer) => this.#settle(seat, job, answer),
      (error: unknown) => this.#settle(seat, job, toAppError(error, 'WORKER_CRASHED')),
    )
  }

  /**
   * Ends a seat that was silent at two looks in a row. Two, as a page that was frozen (asleep, in the background) is late for its
   * timers while messages wait.
   */
  #watch(seat: Seat, wasSilent = false): void {
    const { clock, silenceMs } = this.#options
    seat.heard = false
    seat.watch = clock.setTimeout(() => {
      if (!seat.heard && wasSilent) this.#crash(seat, `no sign of life for ${Math.round(silenceMs / 1000)} seconds`)
      else this.#watch(seat, !seat.heard)
    }, silenceMs / 2)
  }

  #settle(seat: Seat, job: Job, outcome: ProjectionAnswer | AppError): void {
    if (seat.gone || seat.job !== job) return
    this.#options.clock.clearTimeout(seat.timer)
    this.#options.clock.clearTimeout(seat.watch)
    seat.job = null
    if (!isAppError(outcome) && outcome.spent) this.#spare.give(outcome.spent)
    try {
      if (job.state === 'running') this.#finish(job, outcome)
    } finally {
      this.#assign()
      this.#dropSpare()
    }
  }

  /** No memory is held for heads that don't wait. */
  #dropSpare(): void {
    if (this.#waiting.size === 0) this.#spare.clear()
  }

  #finish(job: Job, outcome: ProjectionAnswer | AppError): void {
    job.state = isAppError(outcome) ? 'failed' : 'done'
    this.#done++
    if (isAppError(outcome)) job.task.onFailed(outcome)
    else job.task.onDone(outcome)
  }

  #startSeat(): Seat {
    const worker = this.#options.createWorker()
    const seat: Seat = {
      worker,
      service: this.#options.connect(worker),
      job: null,
      timer: undefined,
      watch: undefined,
      heard: false,
      gone: false,
    }
    onWorkerFailure(worker, (reason) => this.#crash(seat, reason))
    worker.addEventListener('message', () => (seat.heard = true))
    this.#seats.push(seat)
    return seat
  }

  #crash(seat: Seat, reason: string | undefined): void {
    if (seat.gone) return
    const { job } = seat
    this.#endSeat(seat)
    if (job?.state === 'running') {
      job.crashes++
      if (job.crashes < crashLimit) {
        job.state = 'waiting'
        this.#waiting.add(job)
      } else {
        const { layer, head } = job.task.head
        this.#finish(
          job,
          new AppError(
            'WORKER_CRASHED',
            `The projection of L${layer} H${head} stopped twice${reason ? ` (${reason})` : ''}: try again, with fewer sequences if it stays.`,
          ),
        )
      }
    }
    this.#assign()
  }

  #endSeat(seat: Seat): void {
    seat.gone = true
    this.#options.clock.clearTimeout(seat.timer)
    this.#options.clock.clearTimeout(seat.watch)
    seat.worker.terminate()
    const index = this.#seats.indexOf(seat)
    if (index >= 0) this.#seats.splice(index, 1)
  }
}

const isActive = (seat: Seat): boolean => seat.job?.state === 'running'

function connectWorker(worker: WorkerLike): ProjectionService {
  installErrorTransport()
  const remote: Remote<ProjectionService> = wrap<ProjectionService>(worker as Worker)
  return {
    project(job, onProgress) {
      const { q, k } = job.vectors
      const buffers = new Set([q.buffer, k.buffer, ...(job.points ? [job.points.buffer] : [])])
      return remote.project(transfer(job, [...buffers]), onProgress ? proxy(onProgress) : null)
    },
    cancel: () => remote.cancel(),
  }
}
