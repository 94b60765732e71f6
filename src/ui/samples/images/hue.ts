import { along, eighths, hsl, type Plan } from './render'

/** The whole circle of hues in eight directions, at one saturation and lightness. */
export const huePlans: readonly Plan[] = eighths.map((angle) => ({
  name: `hue ${angle}°`,
  colorAt: (x, y) => hsl(360 * along(x, y, angle), 0.85, 0.55),
}))
