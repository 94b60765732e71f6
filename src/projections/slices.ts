import { AppError } from '../core/errors'

export interface SliceClock {
  now(): number
  /** Lets the event loop deliver what waits (a cancel message, for instance). */
  yieldToMessages(): Promise<void>
}

/** A message to oneself: timers would wait for 4 ms. */
function yieldToMessages(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}

export const systemSliceClock: SliceClock = { now: () => performance.now(), yieldToMessages }

const sliceMs = 15
const reportMs = 50

/** Keeps one long job polite: progress at most every 50 ms, messages let in every 15 ms, a stop where it was cancelled. */
export class Slices {
  readonly #clock: SliceClock
  readonly #onProgress: ((done: number, total: number) => void) | null
  #sliceStart: number
  #lastReport = -Infinity
  #cancelled = false

  constructor(onProgress: ((done: number, total: number) => void) | null, clock: SliceClock = systemSliceClock) {
    this.#onProgress = onProgress
    this.#clock = clock
    this.#sliceStart = clock.now()
  }

  cancel(): void {
    this.#cancelled = true
  }

  /** Throws CANCELLED when the job was cancelled. */
  check(): void {
    if (this.#cancelled) throw new AppError('CANCELLED', 'This projection was cancelled.')
  }

  /** Throws CANCELLED when the job was cancelled. */
  async pause(done: number, total: number): Promise<void> {
    this.check()
    const now = this.#clock.now()
    if (done === total || now - this.#lastReport >= reportMs) {
      this.#lastReport = now
      this.#onProgress?.(done, total)
    }
    if (now - this.#sliceStart < sliceMs) return
    await this.#clock.yieldToMessages()
    this.#sliceStart = this.#clock.now()
    this.check()
  }
}
