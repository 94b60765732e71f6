import { transferHandlers, type TransferHandler } from 'comlink'
import { AppError, errorCodes, isAppError, type ErrorCode } from '../core/errors'

interface Thrown {
  value: unknown
}

/** What crosses the boundary: structured clones keep neither a class nor its fields. */
interface ThrownMessage {
  code: ErrorCode
  message: string
  details: string | undefined
}

const isCode = (value: unknown): value is ErrorCode => (errorCodes as readonly unknown[]).includes(value)

/** Anything thrown, as the message that crosses. What is no AppError is a fault of the worker's own code. */
export function packError(value: unknown): ThrownMessage {
  if (isAppError(value)) return { code: value.code, message: value.message, details: value.details }
  const { code, message } = (typeof value === 'object' && value !== null ? value : {}) as {
    code?: unknown
    message?: unknown
  }
  const text = typeof message === 'string' ? message : String(value)
  if (isCode(code)) return { code, message: text, details: undefined }
  const details = value instanceof Error ? value.stack : undefined
  return {
    code: 'WORKER_CRASHED',
    message: `Something failed in the background: ${text}. Try again; if it stays, report it.`,
    details,
  }
}

export function unpackError({ code, message, details }: ThrownMessage): AppError {
  return new AppError(code, message, details === undefined ? {} : { details })
}

let installed = false

/** Makes Comlink carry AppErrors whole, in both directions. Each side calls it before its first message; again is harmless. */
export function installErrorTransport(): void {
  if (installed) return
  installed = true
  const original = transferHandlers.get('throw')
  if (!original) return
  const handler: TransferHandler<Thrown, ThrownMessage> = {
    canHandle: (value): value is Thrown => original.canHandle(value),
    serialize: ({ value }) => [packError(value), []],
    deserialize: (packed) => {
      throw unpackError(packed)
    },
  }
  transferHandlers.set('throw', handler)
}

/** What a worker posts, besides its answers, to show that it is not stuck. */
export const signOfLife = { sign: 'alive' } as const

/** How often a worker shows that it is alive, in milliseconds. */
export const heartbeatMs = 1000

/**
 * Takes a lock that this worker holds as long as it lives, and says its name: whoever asks for the lock gets it when the worker
 * has gone, however that came about. Does nothing where there are no locks.
 */
export function holdLifeline(scope: { navigator: object; postMessage(message: unknown): void }): void {
  const { locks } = scope.navigator as { locks?: LockManager }
  if (!locks) return
  const lifeline = `attention-atlas-worker-${crypto.randomUUID()}`
  locks
    .request(lifeline, () => {
      scope.postMessage({ ...signOfLife, lifeline })
      return new Promise<never>(() => undefined)
    })
    .catch(() => undefined)
}

export type WorkerLocks = Pick<LockManager, 'request'>

/** The page's locks, by which the end of a worker is seen; null: there are none. */
export const pageLocks = (): WorkerLocks | null =>
  typeof navigator === 'undefined' ? null : ((navigator as { locks?: LockManager }).locks ?? null)

/**
 * Tells when a worker fails: by an error that nothing caught, a message that can't be read, or (with `locks`) at once when it is gone
 * without a word, which the lock of `holdLifeline` shows.
 */
export function onWorkerFailure(
  worker: Pick<Worker, 'addEventListener'>,
  tell: (reason?: string) => void,
  locks: WorkerLocks | null = null,
): void {
  const fail = (event: Event) => {
    event.preventDefault()
    tell((event as Partial<ErrorEvent>).message)
  }
  worker.addEventListener('error', fail)
  worker.addEventListener('messageerror', fail)
  if (!locks) return
  worker.addEventListener('message', (event: Event) => {
    const lifeline = lifelineOf((event as MessageEvent).data)
    // Granted only once the worker has gone.
    if (lifeline !== null) locks.request(lifeline, () => tell()).catch(() => undefined)
  })
}

/** The name of the lock in a message of `holdLifeline`; null for every other message. */
function lifelineOf(message: unknown): string | null {
  const { lifeline } = (typeof message === 'object' && message !== null ? message : {}) as { lifeline?: unknown }
  return typeof lifeline === 'string' ? lifeline : null
}
