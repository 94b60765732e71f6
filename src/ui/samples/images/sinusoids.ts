import { grey, type Plan } from './render'

export const cycles = [2, 5, 10, 20] as const
export const angles = [0, 45, 90, 135] as const

/** Grey waves: cycles across the picture × direction in which they run. */
export const sinusoidPlans: readonly Plan[] = cycles.flatMap((cycle) =>
  angles.map((angle) => {
    const radians = (angle * Math.PI) / 180
    const [cos, sin] = [Math.cos(radians), Math.sin(radians)]
    return {
      name: `waves ${cycle} at ${angle}°`,
      colorAt: (x: number, y: number) => grey(0.5 + 0.45 * Math.sin(2 * Math.PI * cycle * (x * cos + y * sin))),
    }
  }),
)
