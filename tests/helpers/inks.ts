import type { Page } from '@playwright/test'

type Rgb = [number, number, number]

interface Inks {
  /** Pixels that are clearly coloured. */
  colored: number
  blue: number
  orange: number
  green: number
  pink: number
}

/** Counts inks on the drawn canvas by hue, whatever its shade: anti-aliasing and alpha change how strong a colour is, not which. */
export async function countInks(page: Page): Promise<Inks> {
  const box = (await page.locator('canvas.scene').boundingBox())!
  const png = await page.screenshot({ clip: { x: box.x, y: box.y, width: box.width, height: box.height } })
  const pixels = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d')!
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, image.width, image.height)
    const strong: number[] = []
    for (let at = 0; at < data.length; at += 4) {
      const [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!]
      if (Math.max(r, g, b) - Math.min(r, g, b) > 70) strong.push(r, g, b)
    }
    return strong
  }, png.toString('base64'))
  const inks: Inks = { colored: pixels.length / 3, blue: 0, orange: 0, green: 0, pink: 0 }
  for (let at = 0; at < pixels.length; at += 3) {
    const [r, g, b] = pixels.slice(at, at + 3) as Rgb
    if (b > r + 40 && b >= g) inks.blue += 1
    else if (g > r + 20 && g > b) inks.green += 1
    else if (r > b + 40 && g > b) inks.orange += 1
    else if (r > g + 40) inks.pink += 1
  }
  return inks
}

/** When two looks in a row agree: motions are over. */
export async function settled(page: Page): Promise<Inks> {
  let last = await countInks(page)
  for (let look = 0; look < 20; look += 1) {
    const next = await countInks(page)
    if (next.colored === last.colored && next.blue === last.blue) return next
    last = next
  }
  throw new Error('The picture does not come to rest.')
}
