import type { FrameTimers } from '../../../src/scene/frame-loop'

/** Time that moves by hand: a frame every 16 ms, timers in order. */
export class FakeTimers implements FrameTimers {
  private nowMs = 1000
  private handles = 0
  private readonly frames = new Map<number, () => void>()
  private readonly timeouts = new Map<number, { atMs: number; action: () => void }>()

  now = (): number => this.nowMs

  requestFrame = (draw: () => void): number => {
    this.frames.set(++this.handles, draw)
    return this.handles
  }

  cancelFrame = (handle: number): void => {
    this.frames.delete(handle)
  }

  setTimer = (action: () => void, ms: number): ReturnType<typeof setTimeout> => {
    this.timeouts.set(++this.handles, { atMs: this.nowMs + ms, action })
    return this.handles as unknown as ReturnType<typeof setTimeout>
  }

  clearTimer = (handle: ReturnType<typeof setTimeout>): void => {
    this.timeouts.delete(handle as unknown as number)
  }

  get pendingFrames(): number {
    return this.frames.size
  }

  get pendingTimers(): number {
    return this.timeouts.size
  }

  /** One frame: 16 ms pass, due timers and requested frames run. */
  step(): void {
    this.nowMs += 16
    for (const [handle, { atMs, action }] of [...this.timeouts]) {
      if (atMs <= this.nowMs && this.timeouts.delete(handle)) action()
    }
    const due = [...this.frames.values()]
    this.frames.clear()
    for (const draw of due) draw()
  }

  steps(count: number): void {
    for (let i = 0; i < count; i++) this.step()
  }
}
