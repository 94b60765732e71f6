import { along, eighths, hsl, type Plan } from './render'

/** From grey to full colour, eight hues, each in a direction of its own. */
export const saturationPlans: readonly Plan[] = eighths.map((angle) => ({
  name: `saturation, hue ${angle}°`,
  colorAt: (x, y) => hsl(angle, along(x, y, angle), 0.5),
}))
