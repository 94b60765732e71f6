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

/** The cache, but never in the way: a browser that does not answer in time counts as one without storage from then on. */
export function patientCache(cache: CachePort, clock: ClockPort): CachePort {
  let isDead = false
  const wait = async <T>(work: () => Promise<T>, milliseconds: number, fallback: T): Promise<T> => {
    if (isDead) return fallback
    const late = Symbol('late')
    const answer = await within<T | typeof late>(
      clock,
      work().catch(() => fallback),
      milliseconds,
      late,
    )
    if (answer !== late) return answer as T
    isDead = true
    return fallback
  }
  return {
    get: (key) => wait(() => cache.get(key), 10_000, null),
    put: (key, entry, protectSince) => wait(() => cache.put(key, entry, protectSince), 10_000, false),
  }
}
