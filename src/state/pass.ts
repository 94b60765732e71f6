import { AppError } from '../core/errors'
import type { Progress } from '../core/types'

/** One pass from the inputs to the pictures, as its helpers see it. */
export interface Pass {
  /** Aborts when a newer pass takes over. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** @throws AppError CANCELLED once a newer pass took over */
  check(): void
  step(progress: Progress): void
}

export const superseded = (): AppError => new AppError('CANCELLED', 'A later call took the place of this one.')

/** For work that someone asked for by itself: nothing takes over, nothing is shown. */
export const quietPass = (now: number): Pass => ({
  signal: new AbortController().signal,
  startedAt: now,
  check: () => undefined,
  step: () => undefined,
})
