import { describe, expect, it } from 'vitest'
import { FrameLoop, type FrameHost } from '../../../src/scene/frame-loop'
import { FakeTimers } from './fake-timers'

/** A device that needs `fullMs` for all points. */
class FakeDevice implements FrameHost {
  readonly fractions: number[] = []
  movingFrames = 0
  private doneMs = 0

  constructor(
    private readonly timers: FakeTimers,
    private readonly fullMs: number,
  ) {}

  draw(fraction: number): { drawn: number; isMoving: boolean } {
    this.fractions.push(fraction)
    this.doneMs = this.timers.now() + this.fullMs * fraction
    return { drawn: fraction, isMoving: this.movingFrames-- > 0 }
  }

  isBusy(): boolean {
    return this.timers.now() < this.doneMs
  }
}

function setUp(fullMs: number): { timers: FakeTimers; device: FakeDevice; loop: FrameLoop } {
  const timers = new FakeTimers()
  const device = new FakeDevice(timers, fullMs)
  return { timers, device, loop: new FrameLoop(device, timers) }
}

describe('FrameLoop', () => {
  it('draws once for many changes and then rests', () => {
    const { timers, device, loop } = setUp(5)
    loop.invalidate()
    loop.invalidate()
    timers.steps(20)
    expect(device.fractions).toEqual([1])
    expect(timers.pendingFrames).toBe(0)
    expect(timers.pendingTimers).toBe(0)
  })

  it('draws every frame while something moves', () => {
    const { timers, device, loop } = setUp(5)
    device.movingFrames = 7
    loop.invalidate()
    timers.steps(30)
    expect(device.fractions).toHaveLength(8)
  })

  it('gives a busy device no second frame', () => {
    const { timers, device, loop } = setUp(400)
    for (let i = 0; i < 20; i++) {
      loop.invalidate()
      timers.step()
    }
    expect(device.fractions).toEqual([1])
  })

  it('thins frames out on a slow device and completes the picture when it is quiet', () => {
    const { timers, device, loop } = setUp(400)
    for (let i = 0; i < 100; i++) {
      loop.invalidate()
      timers.step()
    }
    const during = device.fractions.length
    expect(during).toBeGreaterThan(15)
    expect(device.fractions.slice(1).every((fraction) => fraction < 0.15)).toBe(true)
    timers.steps(60)
    expect(device.fractions).toHaveLength(during + 1)
    expect(device.fractions.at(-1)).toBe(1)
    expect(timers.pendingFrames + timers.pendingTimers).toBe(0)
  })

  it('does not wait for ever', () => {
    const { timers, device, loop } = setUp(1e9)
    loop.invalidate()
    timers.step()
    loop.invalidate()
    timers.steps(250)
    expect(device.fractions.length).toBeGreaterThan(1)
  })

  it('pauses without a device and draws when it is back', () => {
    const { timers, device, loop } = setUp(5)
    loop.invalidate()
    loop.pause()
    loop.invalidate()
    timers.steps(5)
    expect(device.fractions).toEqual([])
    loop.resume()
    timers.step()
    expect(device.fractions).toEqual([1])
  })
})
