import type { ScreenRect } from './api'

/** Room that tiles leave for the labels of layers (left) and heads (top), in CSS pixels. */
export const sceneMargins = { left: 40, top: 28, right: 16, bottom: 16 } as const

/** Width / height of a tile: free within these bounds, so that any grid fills any canvas well. */
const aspectBounds = { narrowest: 0.6, widest: 1.6 }

/** Where the tiles lie on the canvas while the matrix is not zoomed: CSS pixels. */
export interface Grid {
  columns: number
  rows: number
  tileWidth: number
  tileHeight: number
  gap: number
  /** Top left corner of the first tile. */
  x: number
  y: number
}

/**
 * Fits `rows` × `columns` equal tiles into a canvas, centred inside the margins.
 * @param width of the canvas in CSS pixels, as `height`
 */
export function layoutGrid(rows: number, columns: number, width: number, height: number): Grid {
  const availableWidth = Math.max(1, width - sceneMargins.left - sceneMargins.right)
  const availableHeight = Math.max(1, height - sceneMargins.top - sceneMargins.bottom)
  if (rows === 0 || columns === 0) {
    return { columns, rows, tileWidth: 0, tileHeight: 0, gap: 0, x: sceneMargins.left, y: sceneMargins.top }
  }
  const pitch = Math.min(availableWidth / columns, availableHeight / rows)
  const gap = rows * columns === 1 ? 0 : Math.min(8, Math.max(1, Math.round(pitch * 0.08)))
  const widest = Math.max(1, (availableWidth - gap * (columns - 1)) / columns)
  const highest = Math.max(1, (availableHeight - gap * (rows - 1)) / rows)
  const tileWidth = Math.min(widest, highest * aspectBounds.widest)
  const tileHeight = Math.min(highest, widest / aspectBounds.narrowest)
  const gridWidth = tileWidth * columns + gap * (columns - 1)
  const gridHeight = tileHeight * rows + gap * (rows - 1)
  return {
    columns,
    rows,
    tileWidth,
    tileHeight,
    gap,
    x: sceneMargins.left + (availableWidth - gridWidth) / 2,
    y: sceneMargins.top + (availableHeight - gridHeight) / 2,
  }
}

/** Rectangle around all tiles. */
export function gridBounds(grid: Grid): ScreenRect {
  return {
    x: grid.x,
    y: grid.y,
    width: Math.max(0, grid.columns * (grid.tileWidth + grid.gap) - grid.gap),
    height: Math.max(0, grid.rows * (grid.tileHeight + grid.gap) - grid.gap),
  }
}

/** Rectangle of the tile at a place (row · columns + column). */
export function placeRect(grid: Grid, place: number): ScreenRect {
  const row = Math.floor(place / grid.columns)
  const column = place - row * grid.columns
  return {
    x: grid.x + column * (grid.tileWidth + grid.gap),
    y: grid.y + row * (grid.tileHeight + grid.gap),
    width: grid.tileWidth,
    height: grid.tileHeight,
  }
}

/** The place under a point of the unzoomed canvas; −1 in gaps and outside. */
export function placeAt(grid: Grid, x: number, y: number): number {
  const column = Math.floor((x - grid.x) / (grid.tileWidth + grid.gap))
  const row = Math.floor((y - grid.y) / (grid.tileHeight + grid.gap))
  if (!(column >= 0 && column < grid.columns && row >= 0 && row < grid.rows)) return -1
  const insideX = x - grid.x - column * (grid.tileWidth + grid.gap)
  const insideY = y - grid.y - row * (grid.tileHeight + grid.gap)
  return insideX <= grid.tileWidth && insideY <= grid.tileHeight ? row * grid.columns + column : -1
}

/** Place of each head, −1 where the order leaves a head out. The first of several places counts. */
export function invertOrder(order: Int32Array, heads: number): Int32Array {
  const places = new Int32Array(heads).fill(-1)
  for (let place = 0; place < order.length; place++) {
    const head = order[place]!
    if (head >= 0 && head < heads && places[head] === -1) places[head] = place
  }
  return places
}
