import { easeInOut, progressOf } from './easing'

/** Something on its way. It begins with its first frame (until then `startMs` is ∞), so that work before that does not eat it up. */
export interface Motion {
  startMs: number
}

/** What motions need to know: the time, and how long they take. */
export interface Clock {
  readonly durationMs: number
  now(): number
}

export const begin = (motion: Motion | null, nowMs: number): void => {
  if (motion && motion.startMs === Infinity) motion.startMs = nowMs
}

export const isOver = (startMs: number, clock: Clock, nowMs: number): boolean =>
  progressOf(startMs, clock.durationMs, nowMs) >= 1

export const easedOf = (startMs: number, clock: Clock, nowMs: number): number =>
  easeInOut(progressOf(startMs, clock.durationMs, nowMs))
