/** A browser that has not started its graphics process by then will not do so sooner for a worker. */
const limitMs = 4000

/**
 * Resolves when the browser's graphics process runs. Asked for a first WebGL context, a page waits for the start of that
 * process inside the call, for more than half a second where drawing is done in software; here only a worker waits. Never
 * rejects: the page then asks by itself, and waits.
 * @param createWorker starts `workers/wake-graphics.worker.ts`, which posts one message when it has a context, or can't
 */
export function wakeGraphics(createWorker: () => Worker): Promise<void> {
  return new Promise((resolve) => {
    let worker: Worker | null = null
    const done = () => {
      clearTimeout(timer)
      worker?.terminate()
      resolve()
    }
    const timer = setTimeout(done, limitMs)
    try {
      worker = createWorker()
      worker.onmessage = done
      worker.onerror = done
    } catch {
      done()
    }
  })
}
