export type ImageFormat = 'jpeg' | 'png' | 'gif' | 'webp' | 'avif' | 'svg' | 'bmp' | 'heic'

/** What the first bytes of a file say. */
export interface ImageHeader {
  format: ImageFormat
  /** Pixels; null: not to be seen there. */
  size: { width: number; height: number } | null
}

/** Larger files are refused before they are read. */
export const largestImageBytes = 64 * 2 ** 20
/** Larger pictures are refused before they are decoded: four bytes a pixel. */
export const largestImagePixels = 80e6
/** So much of a file is looked at. */
export const imageHeaderBytes = 256 * 1024

const ascii = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length))

const at16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
const at32 = (bytes: Uint8Array, at: number): number => at16(bytes, at) * 65536 + at16(bytes, at + 2)
const little16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
const little24 = (bytes: Uint8Array, at: number): number => little16(bytes, at) | ((bytes[at + 2] ?? 0) << 16)

/** Format and size of a picture from the first bytes of its file; null: no picture that is known. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return { format: 'jpeg', size: jpegSize(bytes) }
  if (at32(bytes, 0) === 0x89504e47) return { format: 'png', size: sizeOf(at32(bytes, 16), at32(bytes, 20)) }
  if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6)))
    return { format: 'gif', size: sizeOf(little16(bytes, 6), little16(bytes, 8)) }
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP') return { format: 'webp', size: webpSize(bytes) }
  if (ascii(bytes, 0, 2) === 'BM' && bytes.length > 26)
    return { format: 'bmp', size: sizeOf(little16(bytes, 18), little16(bytes, 22)) }
  if (ascii(bytes, 4, 4) === 'ftyp') return boxedHeader(bytes)
  return isSvg(bytes) ? { format: 'svg', size: null } : null
}

const sizeOf = (width: number, height: number) => (width > 0 && height > 0 ? { width, height } : null)

/** The frame header (SOF0 … SOF15) holds the size. */
function jpegSize(bytes: Uint8Array): ImageHeader['size'] {
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) return null
    const marker = bytes[at + 1] ?? 0
    if (marker === 0xff) at += 1
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
      return sizeOf(at16(bytes, at + 7), at16(bytes, at + 5))
    else at += 2 + Math.max(2, at16(bytes, at + 2))
  }
  return null
}

function webpSize(bytes: Uint8Array): ImageHeader['size'] {
  const kind = ascii(bytes, 12, 4)
  if (kind === 'VP8X') return sizeOf(little24(bytes, 24) + 1, little24(bytes, 27) + 1)
  if (kind === 'VP8 ') return sizeOf(little16(bytes, 26) & 0x3fff, little16(bytes, 28) & 0x3fff)
  if (kind !== 'VP8L') return null
  const bits = little24(bytes, 21) + (bytes[24] ?? 0) * 2 ** 24
  return sizeOf((bits % 0x4000) + 1, (Math.floor(bits / 0x4000) % 0x4000) + 1)
}

/** AVIF and HEIC share a container; the brands tell which, `ispe` boxes hold sizes (the largest is the whole picture). */
function boxedHeader(bytes: Uint8Array): ImageHeader | null {
  const brands = ascii(bytes, 8, Math.min(64, Math.max(0, at32(bytes, 0) - 8)))
  const format = /avi[fs]/.test(brands) ? 'avif' : /hei[cxms]|hev[cx]|mif1|msf1/.test(brands) ? 'heic' : null
  if (!format) return null
  let size: ImageHeader['size'] = null
  for (let at = 0; at + 16 < Math.min(bytes.length, 65536); at++) {
    if (bytes[at] !== 0x69 || ascii(bytes, at, 4) !== 'ispe') continue
    const next = sizeOf(at32(bytes, at + 8), at32(bytes, at + 12))
    if (next && (!size || next.width * next.height > size.width * size.height)) size = next
  }
  return { format, size }
}

function isSvg(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes.subarray(0, 4096))
  return /^\s*(<\?xml[^>]*>|<!--[\s\S]*?-->|<!DOCTYPE[^>]*>|\s)*<svg[\s>]/i.test(text)
}

/** Whether a vector picture holds HTML: browsers let nobody read what they drew of it. */
export const holdsHtml = (svg: string): boolean => /<(?:[\w.-]+:)?foreignObject[\s/>]/i.test(svg)

export type ImageProblem = 'none' | 'html' | 'heic' | 'big' | 'unknown' | 'empty' | 'broken'

/** Why a file is not worth decoding; `none`: it is. */
export function judgeImage(fileBytes: number, header: ImageHeader | null): ImageProblem {
  if (fileBytes === 0) return 'empty'
  if (fileBytes > largestImageBytes) return 'big'
  if (!header) return 'unknown'
  if (header.format === 'heic') return 'heic'
  return header.size && header.size.width * header.size.height > largestImagePixels ? 'big' : 'none'
}
