import { deflateSync } from 'node:zlib'

/** Picture files that browsers don't write. */

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

function chunk(kind: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), content])
  return Buffer.concat([word(content.length), body, word(crc(body))])
}

/** CRC-32 of a PNG chunk. */
function crc(bytes: Buffer): number {
  let value = 0xffffffff
  for (const byte of bytes) {
    value ^= byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  }
  return (value ^ 0xffffffff) >>> 0
}

function greyPng(side: number, depth: 8 | 16, left: number, right: number): Buffer {
  const bytes = depth / 8
  const rows = Buffer.alloc(side * (1 + side * bytes)) // each row begins with its filter, 0
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      rows.writeUIntBE(x < side / 2 ? left : right, y * (1 + side * bytes) + 1 + x * bytes, bytes)
  const header = Buffer.concat([word(side), word(side), Buffer.from([depth, 0, 0, 0, 0])])
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** A grey picture of 16 bits a pixel, left half one value and right half another. */
export const pngOf16Bit = (side: number, left: number, right: number): Buffer => greyPng(side, 16, left, right)

/** The same of 8 bits a pixel. */
export const pngOfGrey = (side: number, left: number, right: number): Buffer => greyPng(side, 8, left, right)

/** A JPEG whose EXIF says how it is to be turned: 3 upside down, 6 its left edge is the top. */
export function jpegTurned(jpeg: Uint8Array, orientation: 3 | 6 = 6): Buffer {
  const tiff = Buffer.from(
    `4d4d002a00000008${'0001'}${'0112'}${'0003'}${'00000001'}000${orientation}0000${'00000000'}`,
    'hex',
  )
  const content = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff])
  const length = Buffer.alloc(2)
  length.writeUInt16BE(content.length + 2)
  return Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe1]), length, content, jpeg.subarray(2)])
}

/** A moving picture: the first frame one colour, the second another. Codes stay at 8 bits, as the table is cleared in time. */
export function gifOfTwoFrames(side: number, first: readonly number[], second: readonly number[]): Buffer {
  const little = (value: number) => [value & 255, value >> 8]
  const palette = Buffer.alloc(3 * 128)
  palette.set(first, 0)
  palette.set(second, 3)
  const frame = (color: number): Buffer => {
    const codes: number[] = []
    for (let pixel = 0; pixel < side * side; pixel++) {
      if (pixel % 100 === 0) codes.push(128)
      codes.push(color)
    }
    codes.push(129)
    const blocks: number[] = []
    for (let at = 0; at < codes.length; at += 255) {
      const part = codes.slice(at, at + 255)
      blocks.push(part.length, ...part)
    }
    const control = [0x21, 0xf9, 4, 0, ...little(10), 0, 0]
    return Buffer.from([...control, 0x2c, 0, 0, 0, 0, ...little(side), ...little(side), 0, 7, ...blocks, 0])
  }
  return Buffer.concat([
    Buffer.from('GIF89a', 'latin1'),
    Buffer.from([...little(side), ...little(side), 0xf6, 0, 0]),
    palette,
    frame(0),
    frame(1),
    Buffer.from([0x3b]),
  ])
}

/** An AVIF of 32 × 32 pixels, 4:4:4: left half rgb(220 30 30), right half rgb(20 40 210). */
export const avifOfHalves: Buffer = Buffer.from(
  [
    'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcG',
    'l0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAANQAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABq',
    'aXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAIAAAACAAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBIAAAAAAAE2NvbHJuY2x4AAEADQAGgAAAAB',
    'dpcG1hAAAAAAAAAAEAAQQBAoMEAAAAPW1kYXQSAAoIOBE/9pAQ0GkyJxECI1KAAPIAAMTgfayDHpay9yjefl051FPmIjYp1HYfzskiwKtg0A==',
  ].join(''),
  'base64',
)
