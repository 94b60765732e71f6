import type { AppError } from '../core/errors'
import type { Backend } from '../core/types'

/** What a run that failed does by itself: begin again (what was worked out is found again), or begin again on WASM. */
export type Remedy = 'again' | 'wasm'

/** What the run was doing when it failed. */
export interface Circumstances {
  /** As the user chose it. */
  asked: 'auto' | Backend
  /** The one that the model failed on; null: it was not the model, or nobody can tell. */
  used: Backend | null
}

/**
 * One run's way out of what is nobody's mistake: a worker that crashed or a device that was taken away is worth one more try. A
 * device that is lost again or has too little memory gives way to WASM, where the choice of the device was the app's. After
 * that the user decides.
 */
export class Recovery {
  #tries = 0

  /** What to do about an error; null: nothing but to show it. */
  remedyFor({ code }: AppError, { asked, used }: Circumstances): Remedy | null {
    const tries = ++this.#tries
    if (tries === 1 && (code === 'WORKER_CRASHED' || code === 'DEVICE_LOST')) return 'again'
    const canLeave = asked === 'auto' && used === 'webgpu'
    return canLeave && tries <= 2 && (code === 'DEVICE_LOST' || code === 'OUT_OF_MEMORY') ? 'wasm' : null
  }
}
