import { describe, expect, it } from 'vitest'
import { Quality } from '../../../src/scene/quality'

describe('Quality', () => {
  it('saves nothing on a fast device', () => {
    const quality = new Quality()
    expect(quality.draftFraction).toBe(1)
    quality.record(1, 20)
    expect(quality.draftFraction).toBe(1)
  })

  it('thins frames out on a slow device until full frames are fast again', () => {
    const quality = new Quality()
    quality.record(1, 800)
    expect(quality.draftFraction).toBeCloseTo(0.05)
    quality.record(0.05, 16)
    expect(quality.draftFraction).toBeCloseTo(0.05)
    quality.record(1, 30)
    expect(quality.draftFraction).toBe(1)
  })

  it('notices when even thin frames are slow', () => {
    const quality = new Quality()
    quality.record(1, 100)
    quality.record(0.5, 200)
    expect(quality.draftFraction).toBeCloseTo(0.1)
  })
})
