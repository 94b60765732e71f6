import type { HeadPicture, Sequence } from '../core/types'

export interface FigureOptions {
  title: string
  /** One line under the title: model, projection, settings. */
  caption: string
  /** Heads in reading order. */
  pictures: readonly HeadPicture[]
  columns: number
  sequences: readonly Sequence[]
  queryColor: string
  keyColor: string
}

const escapeText = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex -- control characters are not allowed in XML
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

const round = (value: number): string => String(Math.round(value * 100) / 100)

const maxLabels = 400

/** Equal scales on both axes, the cloud in the middle of a square of `sizePx`. Three dimensions are seen along z. */
function placePoints(picture: HeadPicture, sizePx: number): { x: Float64Array; y: Float64Array } {
  const count = picture.n + picture.m
  const x = new Float64Array(count)
  const y = new Float64Array(count)
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity]
  for (let point = 0; point < count; point++) {
    x[point] = picture.points[point * picture.dims] ?? 0
    y[point] = picture.points[point * picture.dims + 1] ?? 0
    left = Math.min(left, x[point]!)
    right = Math.max(right, x[point]!)
    bottom = Math.min(bottom, y[point]!)
    top = Math.max(top, y[point]!)
  }
  const factor = (sizePx * 0.9) / Math.max(right - left, top - bottom, 1e-12)
  for (let point = 0; point < count; point++) {
    x[point] = sizePx / 2 + (x[point]! - (left + right) / 2) * factor
    y[point] = sizePx / 2 - (y[point]! - (bottom + top) / 2) * factor
  }
  return { x, y }
}

function drawHead(picture: HeadPicture, sizePx: number, radiusPx: number, options: FigureOptions): string {
  const { x, y } = placePoints(picture, sizePx)
  let circles = ''
  let diamonds = ''
  for (let point = 0; point < picture.n; point++)
    circles += `<circle cx="${round(x[point]!)}" cy="${round(y[point]!)}" r="${round(radiusPx)}"/>`
  const reach = radiusPx * 1.25
  for (let point = picture.n; point < picture.n + picture.m; point++)
    diamonds += `M${round(x[point]!)} ${round(y[point]! - reach)}l${round(reach)} ${round(reach)}l${round(-reach)} ${round(reach)}l${round(-reach)} ${round(-reach)}z`
  const clouds =
    `<g fill="${options.queryColor}" fill-opacity=".75">${circles}</g>` +
    `<path fill="${options.keyColor}" fill-opacity=".75" d="${diamonds}"/>`
  return options.pictures.length === 1 ? clouds + drawLabels(picture, x, y, options) : clouds
}

function drawLabels(picture: HeadPicture, x: Float64Array, y: Float64Array, options: FigureOptions): string {
  const tokens = options.sequences.flatMap((sequence) => sequence.tokens)
  if (picture.n + picture.m > maxLabels) return ''
  let labels = ''
  for (let point = 0; point < picture.n + picture.m; point++) {
    const token = tokens[point < picture.n ? point : point - picture.n]
    if (token)
      labels += `<text x="${round(x[point]! + 6)}" y="${round(y[point]! + 3)}">${escapeText(token.text)}</text>`
  }
  return `<g font-size="9" fill="#444">${labels}</g>`
}

/** An SVG of one head (with its tokens' labels) or of a grid of heads: queries as discs, keys as diamonds, with a legend. */
export function drawFigureSvg(options: FigureOptions): string {
  const { pictures, columns } = options
  const single = pictures.length === 1
  const tilePx = single ? 800 : 120
  const gapPx = 8
  const top = 56
  const left = single ? 16 : 40
  const rows = Math.max(1, Math.ceil(pictures.length / columns))
  const width = left + Math.max(columns, 1) * (tilePx + gapPx) + 16
  const height = top + rows * (tilePx + gapPx + (single ? 0 : 12)) + 16
  const count = pictures[0] ? pictures[0].n + pictures[0].m : 0
  const radiusPx = single ? 3.5 : count > 2000 ? 0.6 : 1.2
  const tiles = pictures.map((picture, index) => {
    const x = left + (index % columns) * (tilePx + gapPx)
    const y = top + Math.floor(index / columns) * (tilePx + gapPx + (single ? 0 : 12))
    const label = single
      ? ''
      : `<text y="${tilePx + 11}" font-size="9" fill="#555">L${picture.layer} H${picture.head}</text>`
    const frame = `<rect width="${tilePx}" height="${tilePx}" fill="none" stroke="#ddd"/>`
    return `<g transform="translate(${x} ${y})">${frame}${drawHead(picture, tilePx, radiusPx, options)}${label}</g>`
  })
  const legend =
    `<g transform="translate(${width - 150} 20)" font-size="12"><circle cx="0" cy="0" r="4" fill="${options.queryColor}"/><text x="9" y="4">query</text>` +
    `<path d="M70 -5l5 5l-5 5l-5 -5z" fill="${options.keyColor}"/><text x="80" y="4">key</text></g>`
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">` +
    `<title>${escapeText(options.title)}</title><rect width="100%" height="100%" fill="#fff"/>` +
    `<text x="${left}" y="24" font-size="15">${escapeText(options.title)}</text><text x="${left}" y="42" font-size="11" fill="#555">${escapeText(options.caption)}</text>` +
    `${legend}${tiles.join('')}</svg>`
  )
}
