import { grey, hsl, type Plan } from './render'

const rings = [1, 2, 3, 5, 8, 12] as const
const radiusOf = (x: number, y: number): number => Math.hypot(x - 0.5, y - 0.5) * 2

/** Circles around the middle, from one to twelve, and two whose rings differ in hue. */
export const ringPlans: readonly Plan[] = [
  ...rings.map((count) => ({
    name: `rings ${count}`,
    colorAt: (x: number, y: number) => grey(0.5 + 0.45 * Math.cos(2 * Math.PI * count * radiusOf(x, y))),
  })),
  ...[1, 2].map((turns) => ({
    name: `rings of hue ${turns}`,
    colorAt: (x: number, y: number) => hsl(360 * turns * radiusOf(x, y), 0.8, 0.55),
  })),
]
