import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applyToRect,
  clampView,
  mapRect,
  mixAffine,
  panView,
  viewedRect,
  wholeView,
  zoomView,
} from '../../../src/scene/camera'

const home = { x: 40, y: 28, width: 900, height: 600 }

describe('views', () => {
  it('at zoom 1 lie at home', () => {
    expect(viewedRect(home, wholeView)).toEqual(home)
    expect(panView(home, wholeView, 50, -30, 10)).toEqual(wholeView)
  })

  it('zoom at the cursor: what is under it stays, unless a bound forbids it', () => {
    const before = { zoom: 3, centerX: 0.5, centerY: 0.5 }
    const after = zoomView(home, before, 600, 300, 1.5, 20)
    const place = (view: typeof before): [number, number] => {
      const rect = viewedRect(home, view)
      return [(600 - rect.x) / rect.width, (300 - rect.y) / rect.height]
    }
    expect(after.zoom).toBeCloseTo(4.5)
    expect(place(after)[0]).toBeCloseTo(place(before)[0], 9)
    expect(place(after)[1]).toBeCloseTo(place(before)[1], 9)
  })

  it('pan by screen pixels', () => {
    const before = { zoom: 4, centerX: 0.5, centerY: 0.5 }
    const after = panView(home, before, 30, -12, 20)
    expect(viewedRect(home, after).x - viewedRect(home, before).x).toBeCloseTo(30, 9)
    expect(viewedRect(home, after).y - viewedRect(home, before).y).toBeCloseTo(-12, 9)
  })

  it('always cover their home and stay within the zoom bounds', () => {
    const number = fc.double({ min: -1e4, max: 1e4, noNaN: true })
    fc.assert(
      fc.property(
        number,
        number,
        fc.double({ min: 0.001, max: 1000, noNaN: true }),
        number,
        number,
        (x, y, factor, dx, dy) => {
          const view = panView(home, zoomView(home, wholeView, x, y, factor, 12), dx, dy, 12)
          const rect = viewedRect(home, view)
          expect(view.zoom).toBeGreaterThanOrEqual(1)
          expect(view.zoom).toBeLessThanOrEqual(12)
          expect(rect.x).toBeLessThanOrEqual(home.x + 1e-6)
          expect(rect.y).toBeLessThanOrEqual(home.y + 1e-6)
          expect(rect.x + rect.width).toBeGreaterThanOrEqual(home.x + home.width - 1e-6)
          expect(rect.y + rect.height).toBeGreaterThanOrEqual(home.y + home.height - 1e-6)
        },
      ),
      { seed: 1 },
    )
  })

  it('clamp to the middle at zoom 1', () => {
    expect(clampView({ zoom: 0.2, centerX: 9, centerY: -9 }, 5)).toEqual(wholeView)
  })
})

describe('affine maps', () => {
  const tile = { x: 100, y: 80, width: 60, height: 40 }
  const canvas = { x: 0, y: 0, width: 1440, height: 900 }

  it('put one rectangle on another', () => {
    const rect = applyToRect(mapRect(tile, canvas), tile)
    expect(rect.x).toBeCloseTo(0, 9)
    expect(rect.width).toBeCloseTo(1440, 9)
    expect(rect.height).toBeCloseTo(900, 9)
  })

  it('mixed, carry a tile from here to there without a jump', () => {
    const from = mapRect(tile, tile)
    const to = mapRect(tile, canvas)
    const widths = [0, 0.25, 0.5, 0.75, 1].map((t) => applyToRect(mixAffine(from, to, t), tile).width)
    expect(widths[0]).toBeCloseTo(60, 9)
    expect(widths[4]).toBeCloseTo(1440, 9)
    for (let i = 1; i < widths.length; i++) expect(widths[i]!).toBeGreaterThan(widths[i - 1]!)
  })
})
