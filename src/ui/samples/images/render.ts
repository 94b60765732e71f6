import type { Rgb } from '../../../encodings/colors'

/** A picture as a function of its place: x to the right, y down, both 0 … 1. */
export interface Plan {
  /** File name without its ending. */
  name: string
  colorAt(x: number, y: number): Rgb
}

/** Sides of generated pictures in pixels: what most vision models take, so that nothing is resampled. */
export const planSidePx = 224

/** [side,side,4] bytes; the colour of a pixel is that of its middle. */
export function renderPlan({ colorAt }: Plan, side = planSidePx): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * side * side)
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++)
      rgba.set([...colorAt((column + 0.5) / side, (row + 0.5) / side), 255], 4 * (row * side + column))
  return rgba
}

/** Plans as PNG files. */
export const drawPlans = (plans: readonly Plan[]): Promise<File[]> =>
  Promise.all(
    plans.map(async (plan) => {
      const canvas = new OffscreenCanvas(planSidePx, planSidePx)
      canvas.getContext('2d')!.putImageData(new ImageData(renderPlan(plan), planSidePx), 0, 0)
      const name = `${plan.name}.png`
      return new File([await canvas.convertToBlob({ type: 'image/png' })], name, { type: 'image/png' })
    }),
  )

/** Share 0 … 1 of the way across the square in a direction (0°: to the right, 90°: down). */
export function along(x: number, y: number, degrees: number): number {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  const reach = (Math.abs(cos) + Math.abs(sin)) / 2
  return 0.5 + ((x - 0.5) * cos + (y - 0.5) * sin) / (2 * reach)
}

/** Hue, saturation and lightness (degrees, 0 … 1, 0 … 1) as bytes. */
export function hsl(hue: number, saturation: number, lightness: number): Rgb {
  const most = saturation * Math.min(lightness, 1 - lightness)
  const channel = (offset: number): number => {
    const k = (((offset + hue / 30) % 12) + 12) % 12
    return Math.round(255 * (lightness - most * Math.max(-1, Math.min(k - 3, 9 - k, 1))))
  }
  return [channel(0), channel(8), channel(4)]
}

export const grey = (share: number): Rgb => {
  const value = Math.round(255 * Math.min(1, Math.max(0, share)))
  return [value, value, value]
}

export const eighths = [0, 45, 90, 135, 180, 225, 270, 315] as const
