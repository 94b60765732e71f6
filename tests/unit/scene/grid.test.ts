import { describe, expect, it } from 'vitest'
import { gridBounds, invertOrder, layoutGrid, placeAt, placeRect, sceneMargins } from '../../../src/scene/grid'

describe('layoutGrid', () => {
  it.each([
    [12, 12, 1440, 900],
    [1, 1, 800, 600],
    [48, 64, 1440, 900],
    [6, 12, 390, 844],
    [2, 2, 2560, 400],
  ])('keeps %i × %i tiles inside the margins of %i × %i', (rows, columns, width, height) => {
    const grid = layoutGrid(rows, columns, width, height)
    const bounds = gridBounds(grid)
    expect(bounds.x).toBeGreaterThanOrEqual(sceneMargins.left - 1e-9)
    expect(bounds.y).toBeGreaterThanOrEqual(sceneMargins.top - 1e-9)
    expect(bounds.x + bounds.width).toBeLessThanOrEqual(width - sceneMargins.right + 1e-9)
    expect(bounds.y + bounds.height).toBeLessThanOrEqual(height - sceneMargins.bottom + 1e-9)
    const aspect = grid.tileWidth / grid.tileHeight
    expect(aspect).toBeGreaterThanOrEqual(0.6 - 1e-9)
    expect(aspect).toBeLessThanOrEqual(1.6 + 1e-9)
    // One direction is used to the full.
    const usedWidth = bounds.width / (width - sceneMargins.left - sceneMargins.right)
    const usedHeight = bounds.height / (height - sceneMargins.top - sceneMargins.bottom)
    expect(Math.max(usedWidth, usedHeight)).toBeCloseTo(1, 6)
  })

  it('has no tiles for no heads', () => {
    const grid = layoutGrid(0, 0, 800, 600)
    expect(gridBounds(grid)).toMatchObject({ width: 0, height: 0 })
    expect(placeAt(grid, 100, 100)).toBe(-1)
  })
})

describe('placeAt', () => {
  it('is the inverse of placeRect and misses the gaps', () => {
    const grid = layoutGrid(5, 7, 1000, 700)
    for (let place = 0; place < 35; place++) {
      const rect = placeRect(grid, place)
      expect(placeAt(grid, rect.x + 0.5, rect.y + 0.5)).toBe(place)
      expect(placeAt(grid, rect.x + rect.width - 0.5, rect.y + rect.height - 0.5)).toBe(place)
      expect(placeAt(grid, rect.x - grid.gap / 2, rect.y + 1)).toBe(-1)
      expect(placeAt(grid, rect.x + 1, rect.y + rect.height + grid.gap / 2)).toBe(-1)
    }
  })
})

describe('invertOrder', () => {
  it('finds the place of each head; left out ones have none', () => {
    expect([...invertOrder(Int32Array.of(2, -1, 0, 9), 3)]).toEqual([2, -1, 0])
  })
})
