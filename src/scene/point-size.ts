/**
 * Diameter of points in CSS pixels: about 2.5 in a tile of 100 pixels, growing with the root of the tile's size to 6–10 when it fills a
 * screen; somewhat larger where there are few of them.
 * @param tileSizePx the tile's shorter side as it is on the screen
 */
export function pointSizePx(tileSizePx: number, pointsInTile: number): number {
  const few = Math.min(1.35, Math.max(0.85, 1.75 - 0.225 * Math.log10(Math.max(10, pointsInTile))))
  return Math.min(11, Math.max(1.3, 2.6 * Math.sqrt(tileSizePx / 100) * few))
}
