import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { wakeGraphics } from '../../../src/scene/wake-graphics'

const createWorker = () => {
  const worker = { terminate: vi.fn(), onmessage: null as null | (() => void), onerror: null as null | (() => void) }
  return { worker, create: () => worker as unknown as Worker }
}

describe('waking the graphics process', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each(['onmessage', 'onerror'] as const)('ends, and the worker with it, at %s', async (event) => {
    const { worker, create } = createWorker()
    const woken = wakeGraphics(create)
    worker[event]!()
    await woken
    expect(worker.terminate).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not keep a page waiting whose worker is silent', async () => {
    const { worker, create } = createWorker()
    const woken = wakeGraphics(create)
    await vi.runAllTimersAsync()
    await woken
    expect(worker.terminate).toHaveBeenCalledOnce()
  })

  it('lets a page go on that may not start workers', async () => {
    await wakeGraphics(() => {
      throw new DOMException('blocked', 'SecurityError')
    })
    expect(vi.getTimerCount()).toBe(0)
  })
})
