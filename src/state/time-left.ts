import type { Progress } from '../core/types'

/** How long a stage still takes, from how long its part so far took. */
export class TimeLeft {
  #stage: Progress['stage'] | null = null
  #startedAt = 0
  #doneAtStart = 0

  /** Milliseconds; null while nothing can be said. `now` in milliseconds. */
  estimate(progress: Progress | null, now: number): number | null {
    if (progress?.leftMs !== undefined) return progress.leftMs
    if (!progress || progress.stage !== this.#stage) {
      this.#stage = progress?.stage ?? null
      this.#startedAt = now
      this.#doneAtStart = progress?.done ?? 0
      return null
    }
    const elapsed = now - this.#startedAt
    const done = progress.done - this.#doneAtStart
    if (progress.total <= 0 || done <= 0 || elapsed < 500) return null
    return (elapsed / done) * Math.max(0, progress.total - progress.done)
  }
}
