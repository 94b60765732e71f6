/** Slow, fast, slow; 0 … 1 onto 0 … 1. */
export const easeInOut = (t: number): number => (t < 0.5 ? 4 * t * t * t : 1 - (2 - 2 * t) ** 3 / 2)

/** How far a motion that began at `startMs` has come, 0 … 1; done at once where the duration is 0. */
export const progressOf = (startMs: number, durationMs: number, nowMs: number): number =>
  durationMs <= 0 ? 1 : Math.min(1, Math.max(0, (nowMs - startMs) / durationMs))
