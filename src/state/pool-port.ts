import type { AppError } from '../core/errors'
import type { HeadRef } from '../core/types'
import type { ProjectionAnswer, ProjectionJob, TakeFloats } from '../rpc/contracts'
import type { PoolPort } from './dependencies'
import { superseded } from './pass'

/** What is used of rpc/projection-pool.ts. */
interface Pool {
  readonly size: number
  add(task: {
    head: HeadRef
    createJob(take: TakeFloats): ProjectionJob
    onDone(answer: ProjectionAnswer): void
    onFailed(error: AppError): void
    rank?(): number
    onProgress?(done: number, total: number): void
  }): { cancel(): void }
  setLimit(workers: number): void
}

/** The pool with promises. */
export const poolPort = (pool: Pool): PoolPort => ({
  size: pool.size,
  setLimit: (workers) => pool.setLimit(workers),
  run: (head, createJob, signal, options = {}) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(superseded())
        return
      }
      const cancel = () => handle.cancel()
      const settle = () => signal.removeEventListener('abort', cancel)
      const handle = pool.add({
        ...options,
        head,
        createJob,
        onDone: (answer) => {
          settle()
          resolve(answer)
        },
        onFailed: (error) => {
          settle()
          reject(error)
        },
      })
      signal.addEventListener('abort', cancel)
    }),
})
