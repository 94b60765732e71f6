import { planSidePx, type Plan } from './render'

export const squaresPx = [4, 7, 8, 14, 16, 28, 32, 56] as const

/** Black and white squares: below, at and above the size of a patch (14, 16 or 32 pixels). */
export const checkerboardPlans: readonly Plan[] = squaresPx.map((square) => ({
  name: `squares of ${square} px`,
  colorAt: (x, y) => {
    const isLight = (Math.floor((x * planSidePx) / square) + Math.floor((y * planSidePx) / square)) % 2 === 0
    return isLight ? [235, 235, 235] : [20, 20, 20]
  },
}))
