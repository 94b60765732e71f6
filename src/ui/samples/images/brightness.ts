import { along, eighths, grey, type Plan } from './render'

/** Black to white in eight directions. */
export const brightnessPlans: readonly Plan[] = eighths.map((angle) => ({
  name: `brightness ${angle}°`,
  colorAt: (x, y) => grey(along(x, y, angle)),
}))
