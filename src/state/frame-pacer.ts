import type { ClockPort } from './dependencies'

const busyFrameMs = 120

/** Asks for one frame at a time; during a run less often, so that drawing leaves room for the work. */
export class FramePacer {
  readonly #clock: ClockPort
  readonly #draw: () => void
  /** null: no frame was asked for. `timer`: waits before it asks. */
  #asked: { timer: unknown } | null = null
  #drawnAt = 0

  constructor(clock: ClockPort, draw: () => void) {
    this.#clock = clock
    this.#draw = draw
  }

  ask(isBusy: boolean): void {
    if (this.#asked) return
    const wait = isBusy ? this.#drawnAt + busyFrameMs - this.#clock.now() : 0
    this.#asked = { timer: wait > 0 ? this.#clock.setTimer(() => this.#askNow(), wait) : null }
    if (wait <= 0) this.#askNow()
  }

  /** What waits to be drawn is drawn with the next frame. */
  hurry(): void {
    if (!this.#asked || this.#asked.timer === null) return
    this.#clock.clearTimer(this.#asked.timer)
    this.#askNow()
  }

  #askNow(): void {
    if (this.#asked) this.#asked.timer = null
    this.#clock.nextFrame(() => {
      this.#asked = null
      this.#drawnAt = this.#clock.now()
      this.#draw()
    })
  }
}
