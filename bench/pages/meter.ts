import { median } from './median'

let spentMs = 0
const request = window.requestAnimationFrame.bind(window)
window.requestAnimationFrame = (callback) =>
  request((time) => {
    const began = performance.now()
    callback(time)
    spentMs += performance.now() - began
  })

/** JavaScript of animation frames since the last call. */
export function takeFrameMs(): number {
  const taken = spentMs
  spentMs = 0
  return taken
}

/** Resolves when the device has drawn everything, so that no measured call waits for it. */
export async function deviceIdle(gl: WebGL2RenderingContext): Promise<void> {
  const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0)!
  gl.flush()
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 4))
    const status = gl.getSyncParameter(fence, gl.SYNC_STATUS) as number
    if (status === gl.SIGNALED) break
  }
  gl.deleteSync(fence)
}

/**
 * JavaScript of one frame, median: the call that pans, and every animation frame until it is drawn, one frame at a time. The
 * same meter for every renderer.
 */
export async function panFrames(
  gl: WebGL2RenderingContext,
  pan: (step: number) => void,
  onDrawn: (listener: () => void) => () => void,
  { frames, longestMs }: { frames: number; longestMs: number },
): Promise<{ ms: number; frames: number }> {
  const times: number[] = []
  const endMs = performance.now() + longestMs
  for (let frame = -3; frame < frames && (frame < 5 || performance.now() < endMs); frame++) {
    await deviceIdle(gl)
    takeFrameMs()
    const began = performance.now()
    const drawn = new Promise<void>((resolve) => {
      const stop = onDrawn(() => {
        stop()
        resolve()
      })
    })
    pan(frame)
    const called = performance.now() - began
    await drawn
    // The callback that drew is over with the next one.
    await new Promise((resolve) => request(resolve))
    if (frame >= 0) times.push(called + takeFrameMs())
  }
  return { ms: median(times), frames: times.length }
}
