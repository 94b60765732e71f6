import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { holdsHtml, judgeImage, largestImageBytes, readImageHeader } from '../../../src/core/image-file'

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : part)))
const file = (path: string) => new Uint8Array(readFileSync(new URL(`../../../${path}`, import.meta.url)))
const word = (value: number) => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
const box = (kind: string, ...content: number[]) => [...word(8 + content.length), ...bytes(kind), ...content]

describe('format and size of a picture', () => {
  it('are read from real files', () => {
    expect(readImageHeader(file('public/pictures/pagoda.jpg'))).toEqual({
      format: 'jpeg',
      size: { width: 448, height: 299 },
    })
    expect(readImageHeader(file('tests/goldens/dinov2-small.rings.png'))?.format).toBe('png')
  })

  it.each([
    ['gif', bytes('GIF89a', [0x40, 0x01, 0xf0, 0x00]), 320, 240],
    ['webp', bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8X', [10, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0x7f, 0, 0]), 256, 128],
    ['webp', bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8L', [0, 0, 0, 0, 0x2f, 0xff, 0xc0, 0x3f, 0x00]), 256, 256],
    ['webp', bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8 ', [0, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 64, 0, 32, 0]), 64, 32],
    ['bmp', bytes('BM', new Array<number>(16).fill(0), [64, 0, 0, 0, 32, 0, 0, 0, 0]), 64, 32],
  ] as const)('are read from a %s', (format, data, width, height) => {
    expect(readImageHeader(data)).toEqual({ format, size: { width, height } })
  })

  it('tells AVIF from HEIC, and takes the largest size of the container', () => {
    const ispe = (width: number, height: number) => box('ispe', 0, 0, 0, 0, ...word(width), ...word(height), 0, 0)
    const brands = (name: string) => box('ftyp', ...bytes(name), ...word(0), ...bytes('mif1', name))
    const container = (name: string) => Uint8Array.from([...brands(name), ...ispe(64, 64), ...ispe(800, 600)])
    expect(readImageHeader(container('avif'))).toEqual({ format: 'avif', size: { width: 800, height: 600 } })
    expect(readImageHeader(container('heic'))).toEqual({ format: 'heic', size: { width: 800, height: 600 } })
  })

  it.each([
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '<?xml version="1.0"?>\n<!-- made by hand -->\n<svg width="3">',
    '\ufeff<!DOCTYPE svg>\n<svg>',
  ])('finds a vector picture: %s', (text) => {
    expect(readImageHeader(new TextEncoder().encode(text))).toEqual({ format: 'svg', size: null })
  })

  it.each(['', 'plain text', '<html><svg></svg></html>', '\xff\xd8', 'RIFF0000WAVE'])('finds none in %j', (text) => {
    expect(readImageHeader(bytes(text))).toBeNull()
  })

  it('ends on damaged files of any length', () => {
    const jpeg = file('public/pictures/cat.jpg')
    for (let length = 0; length < 700; length += 7)
      expect(() => readImageHeader(jpeg.subarray(0, length))).not.toThrow()
    expect(readImageHeader(bytes([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))?.size).toBeNull()
  })
})

describe('what is refused before it is decoded', () => {
  const png = (width: number, height: number) =>
    readImageHeader(bytes([0x89], 'PNG', [13, 10, 26, 10], [0, 0, 0, 13], 'IHDR', word(width), word(height)))

  it.each([
    ['none', 1000, png(10_000, 7_999)],
    ['big', 1000, png(10_000, 8_001)],
    ['big', largestImageBytes + 1, png(8, 8)],
    ['empty', 0, null],
    ['unknown', 12, null],
    ['heic', 1000, { format: 'heic', size: null }],
  ] as const)('%s', (problem, size, header) => {
    expect(judgeImage(size, header)).toBe(problem)
  })
})

it('tells vector pictures that hold HTML', () => {
  const svg = (inside: string) => `<svg xmlns="http://www.w3.org/2000/svg">${inside}</svg>`
  expect(holdsHtml(svg('<g><foreignObject width="9"><p>text</p></foreignObject></g>'))).toBe(true)
  expect(holdsHtml(svg('<svg:FOREIGNOBJECT/>'))).toBe(true)
  expect(holdsHtml(svg('<text>foreignObject</text><foreignObjects/>'))).toBe(false)
})
