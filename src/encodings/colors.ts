import type { Shade } from './types'

import type { PaletteId } from './types'

export type Rgb = readonly [red: number, green: number, blue: number]

/** Blue and orange: told apart under every common colour blindness, and of like weight on either background. */
export const roleColors: Record<Shade, { query: string; key: string }> = {
  light: { query: '#1f6fd1', key: '#dd6b10' },
  dark: { query: '#5aa5f7', key: '#f59a3c' },
}

/** Ramps run towards more contrast with the background, so that the end of a text stands out in both themes. */
export const roleRamps: Record<Shade, { query: readonly string[]; key: readonly string[] }> = {
  light: { query: ['#86d3dc', '#2f86d6', '#2b2a86'], key: ['#f6c445', '#e2711d', '#86193f'] },
  dark: { query: ['#3a4bb0', '#3d95f0', '#a9f1ee'], key: ['#a3304c', '#ee7f2d', '#ffe48a'] },
}

/** Okabe and Ito's colours, tuned per background: first five for steps of five, ten in all. */
export const categoryColors: Record<Shade, readonly string[]> = {
  light: ['#0072b2', '#d55e00', '#009e73', '#b0489a', '#a87c00', '#3fa0d8', '#7a5cc7', '#5d6470', '#8a3b12', '#3c7a1e'],
  dark: ['#4ba3e3', '#f58442', '#2fc79b', '#df84c4', '#e8c33c', '#8fd0f5', '#a995f0', '#a3abb8', '#cf8a5f', '#94c973'],
}

/** Role colours of every palette; the paper's are those of its figures (Yeh et al. 2023). */
export const paletteRoles: Record<PaletteId, typeof roleColors> = {
  default: roleColors,
  paper: {
    light: { query: '#5fb96c', key: '#e3378f' },
    dark: { query: '#5fb96c', key: '#e3378f' },
  },
  contrast: {
    light: { query: '#0b3fb3', key: '#b34700' },
    dark: { query: '#7cc7ff', key: '#ffb000' },
  },
}

/** YlGn and PuRd of ColorBrewer from a quarter on, as the paper has them; turned round on a dark background. */
const paperRamps = {
  query: ['#d9f0a3', '#addd8e', '#78c679', '#41ab5d', '#238443', '#006837', '#004529'],
  key: ['#d4b9da', '#c994c7', '#df65b0', '#e7298a', '#ce1256', '#980043', '#67001f'],
} as const

export const paletteRamps: Record<PaletteId, typeof roleRamps> = {
  default: roleRamps,
  paper: {
    light: paperRamps,
    dark: { query: paperRamps.query.toReversed(), key: paperRamps.key.toReversed() },
  },
  contrast: {
    light: { query: ['#6aa5f0', '#0b3fb3', '#04153f'], key: ['#e08a3c', '#b34700', '#3f1500'] },
    dark: { query: ['#3f7fe0', '#7cc7ff', '#f4fbff'], key: ['#d9720a', '#ffb000', '#fff9e0'] },
  },
}

/** The paper's colours of position modulo five: strong for queries, pale for keys. */
export const paperSteps = {
  query: ['#e3378f', '#edb50e', '#5fb96c', '#528ddb', '#a144db'],
  key: ['#f5c0ca', '#f0d6a5', '#c4d6b8', '#c8dded', '#d6bae3'],
} as const

/** What has no value of the kind that is shown. */
export const mutedColors: Record<Shade, string> = { light: '#9aa1ab', dark: '#6d7480' }

export function parseHex(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

const toLinear = (channel: number): number => {
  const value = channel / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

const fromLinear = (value: number): number => {
  const clamped = Math.min(1, Math.max(0, value))
  return Math.round(255 * (clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * clamped ** (1 / 2.4) - 0.055))
}

/** OKLab (Ottosson 2020): even steps look even. */
function toOklab([red, green, blue]: Rgb): Rgb {
  const [r, g, b] = [toLinear(red), toLinear(green), toLinear(blue)]
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

function fromOklab([lightness, a, b]: Rgb): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    fromLinear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    fromLinear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    fromLinear(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

/** The colour at `share` (0 … 1) between two, mixed in OKLab. */
export function mixColors(from: Rgb, to: Rgb, share: number): Rgb {
  const a = toOklab(from)
  const b = toOklab(to)
  return fromOklab([a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share])
}

/** The colour at `share` (0 … 1) along evenly spaced stops. */
export function rampColor(stops: readonly string[], share: number): Rgb {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1)
  const index = Math.min(stops.length - 2, Math.floor(place))
  return mixColors(parseHex(stops[index] ?? '#000000'), parseHex(stops[index + 1] ?? '#000000'), place - index)
}

export const toCss = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`
