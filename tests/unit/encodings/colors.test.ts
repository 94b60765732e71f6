import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  mixColors,
  parseHex,
  rampColor,
  paletteRamps,
  paletteRoles,
  paperSteps,
  type Rgb,
} from '../../../src/encodings/colors'

const backgrounds: Record<'light' | 'dark', Rgb> = { light: [255, 255, 255], dark: [15, 17, 21] }

const linear = (channel: number): number => {
  const value = channel / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}
const luminance = ([r, g, b]: Rgb): number => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
const contrast = (a: Rgb, b: Rgb): number => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

/** Viénot, Brettel and Mollon (1999): what people without one kind of cone see, in linear RGB. */
const blindness = {
  protan: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deutan: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
} as const

const seenBy = (matrix: readonly (readonly number[])[], color: Rgb): number[] =>
  matrix.map((row) => row.reduce((sum, weight, channel) => sum + weight * linear(color[channel] ?? 0), 0))

const cases = (['default', 'contrast'] as const).flatMap((id) =>
  (['light', 'dark'] as const).map((shade) => [id, shade] as const),
)

describe.each(cases)('%s colours on %s', (id, shade) => {
  const query = parseHex(paletteRoles[id][shade].query)
  const key = parseHex(paletteRoles[id][shade].key)

  it('stand out from the background', () => {
    const least = id === 'contrast' ? 5 : 3
    expect(contrast(query, backgrounds[shade])).toBeGreaterThan(least)
    expect(contrast(key, backgrounds[shade])).toBeGreaterThan(least)
  })

  it.each(Object.entries(blindness))('tell queries from keys under %s vision', (_, matrix) => {
    const a = seenBy(matrix, query)
    const b = seenBy(matrix, key)
    expect(Math.hypot(...a.map((value, index) => value - (b[index] ?? 0)))).toBeGreaterThan(0.3)
  })

  it('ramps gain contrast all the way', () => {
    for (const ramp of [paletteRamps[id][shade].query, paletteRamps[id][shade].key]) {
      const contrasts = Array.from({ length: 21 }, (_, step) =>
        contrast(rampColor(ramp, step / 20), backgrounds[shade]),
      )
      for (let step = 1; step < contrasts.length; step++) {
        expect(contrasts[step]!).toBeGreaterThan(contrasts[step - 1]!)
      }
    }
  })
})

it('mixing ends at the colours themselves', () => {
  const from: Rgb = [31, 111, 209]
  const to: Rgb = [221, 107, 16]
  expect(mixColors(from, to, 0)).toEqual(from)
  expect(mixColors(from, to, 1)).toEqual(to)
  expect(rampColor(['#000000', '#808080', '#ffffff'], 0.5)).toEqual([128, 128, 128])
  expect(rampColor(['#000000', '#ffffff'], 7)).toEqual([255, 255, 255])
})

it('has the colours of the paper', () => {
  expect(paletteRoles.paper.light).toEqual({ query: '#5fb96c', key: '#e3378f' })
  expect(paperSteps.query).toEqual(['#e3378f', '#edb50e', '#5fb96c', '#528ddb', '#a144db'])
  expect(paperSteps.key).toEqual(['#f5c0ca', '#f0d6a5', '#c4d6b8', '#c8dded', '#d6bae3'])
})

it('has the same role colours in the style sheet', () => {
  const css = readFileSync('src/app.css', 'utf8').toLowerCase()
  for (const { light, dark } of Object.values(paletteRoles))
    for (const color of [light.query, light.key, dark.query, dark.key]) expect(css).toContain(color)
})
