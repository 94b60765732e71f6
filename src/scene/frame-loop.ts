import { Quality } from './quality'

/** A thinned picture is completed after so long without a change. */
const quietMs = 250
/** A device that has not answered by then is not waited for: some drivers never do. */
const longestWaitMs = 3000

export interface FrameHost {
  /** Draws a part of all points; says which part it was and whether something still moves. */
  draw(fraction: number): { drawn: number; isMoving: boolean }
  /** The device is still at work on the last frame. */
  isBusy(): boolean
}

export interface FrameTimers {
  now(): number
  requestFrame(draw: () => void): number
  cancelFrame(handle: number): void
  setTimer(action: () => void, ms: number): ReturnType<typeof setTimeout>
  clearTimer(handle: ReturnType<typeof setTimeout>): void
}

export const browserTimers: FrameTimers = {
  now: () => performance.now(),
  requestFrame: (draw) => requestAnimationFrame(draw),
  cancelFrame: (handle) => cancelAnimationFrame(handle),
  setTimer: (action, ms) => setTimeout(action, ms),
  clearTimer: (handle) => clearTimeout(handle),
}

/**
 * Decides when to draw: only after a change, one frame at a time (a device that is still busy gets no other, so that nothing lags
 * behind the hand), thinned out while things change if full frames are slow, and completed when it is quiet.
 */
export class FrameLoop {
  private readonly quality = new Quality()
  private frame: number | null = null
  private timer: ReturnType<typeof setTimeout> | null = null
  private isStale = false
  private isPaused = false
  private changedMs = 0
  private inWork: { fraction: number; startMs: number } | null = null

  constructor(
    private readonly host: FrameHost,
    private readonly timers: FrameTimers,
  ) {}

  /** Something changed: draws with the next frame. */
  invalidate(): void {
    this.isStale = true
    this.changedMs = this.timers.now()
    this.request()
  }

  /** Draws at once. */
  drawNow(fraction = this.quality.draftFraction): void {
    if (this.isPaused) return
    this.isStale = false
    const startMs = this.timers.now()
    const { drawn, isMoving } = this.host.draw(fraction)
    this.inWork = { fraction: drawn, startMs }
    if (isMoving) this.invalidate()
    else this.request() // to learn when the device is done
    if (drawn < 1) this.completeWhenQuiet()
  }

  /** Without a device nothing is drawn. */
  pause(): void {
    this.isPaused = true
    this.inWork = null
    if (this.frame !== null) this.timers.cancelFrame(this.frame)
    if (this.timer !== null) this.timers.clearTimer(this.timer)
    this.frame = this.timer = null
  }

  resume(): void {
    this.isPaused = false
    this.invalidate()
  }

  private request(): void {
    if (this.frame !== null || this.isPaused) return
    this.frame = this.timers.requestFrame(() => {
      this.frame = null
      this.tick()
    })
  }

  private tick(): void {
    const waitedMs = this.inWork ? this.timers.now() - this.inWork.startMs : 0
    if (this.host.isBusy() && waitedMs < longestWaitMs) return this.request()
    if (this.inWork) this.quality.record(this.inWork.fraction, waitedMs)
    this.inWork = null
    if (this.isStale) this.drawNow()
  }

  private completeWhenQuiet(): void {
    if (this.timer !== null || this.isPaused) return
    this.timer = this.timers.setTimer(() => {
      this.timer = null
      const isQuiet = !this.isStale && !this.host.isBusy() && this.timers.now() - this.changedMs >= quietMs
      if (isQuiet) this.drawNow(1)
      else this.completeWhenQuiet()
    }, quietMs)
  }
}
