import { centreOf, rectOf, type ImageLayout, type Link, type Rect } from './image-grid'
import type { OverlayTheme } from './overlay-theme'
import type { Spot } from './sentence-picture'
import { pixelRatio } from '../ui/pixel-ratio'

export interface ImagePicture {
  layout: ImageLayout
  /** The crop, drawn as it is. */
  image: CanvasImageSource
  theme: OverlayTheme
}

export interface TiledPicture extends ImagePicture {
  /** What the tiles are called. */
  tileNames: readonly string[]
}

/** Makes a canvas as fine as the screen, empty, and measures it in CSS pixels. */
export function startCanvas(canvas: HTMLCanvasElement, { width, height }: ImageLayout): CanvasRenderingContext2D {
  const ratio = pixelRatio()
  canvas.width = Math.max(1, Math.round(width * ratio))
  canvas.height = Math.max(1, Math.round(height * ratio))
  const context = canvas.getContext('2d')!
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  return context
}

/** The image itself, shown at `opacity` over the page. */
export function drawImage(
  context: CanvasRenderingContext2D,
  { layout, image, theme }: ImagePicture,
  opacity: number,
): void {
  const { x, y, width, height } = layout.image
  context.fillStyle = theme.background
  context.fillRect(x, y, width, height)
  context.globalAlpha = opacity
  // Few source pixels on many: sharp edges show what the model sees.
  context.imageSmoothingEnabled = true
  context.imageSmoothingQuality = 'high'
  context.drawImage(image, x, y, width, height)
  context.globalAlpha = 1
}

/** Every patch at the opacity weight ÷ largest; tiles of the tokens before the patches filled likewise. */
export function drawHeatMap(
  context: CanvasRenderingContext2D,
  picture: TiledPicture,
  map: Float32Array,
  largest: number,
): void {
  const { layout, theme } = picture
  drawImage(context, picture, 1)
  context.fillStyle = theme.background
  for (let token = layout.prefix; token < map.length; token += 1) {
    const { x, y, width, height } = snapped(rectOf(layout, token))
    context.globalAlpha = 1 - shareOf(map[token]!, largest)
    context.fillRect(x, y, width, height)
  }
  context.globalAlpha = 1
  drawTiles(context, picture, (token) => shareOf(map[token]!, largest))
}

export const shareOf = (weight: number, largest: number): number => (largest > 0 ? Math.min(1, weight / largest) : 0)

/** Edges on whole pixels, so that neighbours neither overlap nor leave gaps. */
function snapped({ x, y, width, height }: Rect): Rect {
  const [left, top] = [Math.round(x), Math.round(y)]
  return { x: left, y: top, width: Math.round(x + width) - left, height: Math.round(y + height) - top }
}

/** CLS, distillation and register tokens: squares beside the image, filled by a share 0 … 1. */
export function drawTiles(
  context: CanvasRenderingContext2D,
  { layout, theme, tileNames }: TiledPicture,
  fill: (token: number) => number,
): void {
  context.lineWidth = 1
  for (let token = 0; token < layout.prefix; token += 1) {
    const { x, y, width, height } = rectOf(layout, token)
    const share = fill(token)
    context.globalAlpha = share
    context.fillStyle = theme.text
    context.fillRect(x, y, width, height)
    context.globalAlpha = 1
    context.strokeStyle = theme.lineStrong
    context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1)
    if (width < 18) continue
    context.font = `9px ${theme.font}`
    context.textAlign = 'center'
    context.textBaseline = 'middle'
    context.fillStyle = share > 0.5 ? theme.background : theme.text
    context.fillText(tileNames[token] ?? '', x + width / 2, y + height / 2 + 0.5)
  }
}

/** Short names of the tokens before the patches: `[CLS]` CLS, `[DIST]` DIST, `[REG1]` R1. */
export const tileNamesOf = (tokens: readonly { text: string; special: boolean }[]): string[] =>
  tokens.filter(({ special }) => special).map(({ text }) => text.replace(/^\[(.*)\]$/, '$1').replace(/^REG/, 'R'))

/** A frame around a token in its role's colour; the pinned one thick with a light edge, so that it stands out on any picture. */
export function drawFrame(
  context: CanvasRenderingContext2D,
  { layout, theme }: ImagePicture,
  { token, role }: Spot,
  isPinned: boolean,
): void {
  const { x, y, width, height } = snapped(rectOf(layout, token))
  const color = role === 'query' ? theme.query : theme.key
  if (isPinned) {
    context.strokeStyle = theme.background
    context.lineWidth = 5
    context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1)
  }
  context.strokeStyle = color
  context.lineWidth = isPinned ? 3 : 1.5
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1)
}

/** The strongest key of each patch: an arrow to it, a loop for itself, a square for CLS or a register. */
export function drawArrows(context: CanvasRenderingContext2D, picture: TiledPicture, links: readonly Link[]): void {
  const { layout, theme } = picture
  drawImage(context, picture, 0.35)
  drawTiles(context, picture, () => 0)
  const side = Math.min(layout.image.width / layout.columns, layout.image.height / layout.rows)
  for (const [width, style] of [
    [3, theme.background],
    [1.25, theme.text],
  ] as const) {
    context.lineWidth = width
    context.strokeStyle = style
    for (const link of links) if (link.query >= layout.prefix) strokeArrow(context, layout, link, side)
  }
}

function strokeArrow(context: CanvasRenderingContext2D, layout: ImageLayout, { query, key }: Link, side: number): void {
  const from = centreOf(layout, query)
  const mark = side * 0.22
  context.beginPath()
  if (key === query) context.arc(from.x, from.y, mark, 0, 2 * Math.PI)
  else if (key < layout.prefix) context.rect(from.x - mark, from.y - mark, 2 * mark, 2 * mark)
  else {
    const to = centreOf(layout, key)
    const angle = Math.atan2(to.y - from.y, to.x - from.x)
    const head = Math.min(6, side * 0.35)
    context.moveTo(from.x, from.y)
    context.lineTo(to.x, to.y)
    for (const turn of [-0.5, 0.5]) {
      context.moveTo(to.x, to.y)
      context.lineTo(to.x - head * Math.cos(angle + turn), to.y - head * Math.sin(angle + turn))
    }
  }
  context.stroke()
}

/** Links as lines from query to key: opacity and width grow with the weight; links to itself are dots. */
export function drawLinks(context: CanvasRenderingContext2D, picture: TiledPicture, links: readonly Link[]): void {
  const { layout, theme } = picture
  drawImage(context, picture, 0.35)
  drawTiles(context, picture, () => 0)
  context.lineCap = 'round'
  for (const { query, key, weight } of links) {
    const from = centreOf(layout, query)
    const to = centreOf(layout, key)
    context.globalAlpha = Math.min(1, Math.max(0.06, weight))
    if (query === key) {
      context.fillStyle = theme.text
      context.beginPath()
      context.arc(from.x, from.y, 1.5 + 3 * weight, 0, 2 * Math.PI)
      context.fill()
      continue
    }
    // Towards the key the line takes the key's colour: it shows the direction.
    const along = context.createLinearGradient(from.x, from.y, to.x, to.y)
    along.addColorStop(0, theme.query)
    along.addColorStop(1, theme.key)
    context.strokeStyle = along
    context.lineWidth = 0.75 + 4 * weight
    context.beginPath()
    context.moveTo(from.x, from.y)
    context.lineTo(to.x, to.y)
    context.stroke()
  }
  context.globalAlpha = 1
  context.lineCap = 'butt'
}

/** One head's map as [rows,columns,4] bytes: the theme's text colour at the opacity weight ÷ the map's largest patch. */
export function heatPixels(
  map: Float32Array,
  prefix: number,
  largest: number,
  [red, green, blue]: readonly [number, number, number],
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * (map.length - prefix))
  for (let patch = 0; patch < map.length - prefix; patch += 1)
    pixels.set([red, green, blue, Math.round(255 * shareOf(map[prefix + patch]!, largest))], 4 * patch)
  return pixels
}
