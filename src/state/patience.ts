import type { CachePort, ClockPort } from './dependencies'

/** What the promise gives; `fallback` where it fails or takes longer than `milliseconds`. */
export function within<T>(clock: ClockPort, promise: Promise<T>, milliseconds: number, fallback: T): Promise<T> {
  return new Promise<T>((resolve) => {
    const timer = clock.setTimer(() => resolve(fallback), milliseconds)
    const settle = (value: T) => {
      clock.clearTimer(timer)
      resolve(value)
    }
    promise.then(settle, () => settle(fallback))
  })
}

/** The cache, but never in the way: a browser that does not answer counts as one without storage. */
export const patientCache = (cache: CachePort, clock: ClockPort): CachePort => ({
  get: (key) => within(clock, cache.get(key), 10_000, null),
  put: (key, entry, protectSince) => within(clock, cache.put(key, entry, protectSince), 5000, false),
})
