import { Zip, ZipPassThrough } from 'fflate'
import { AppError } from '../core/errors'

export type NpyType = '<f4' | '<i4' | '|u1'

/** One array of an NPZ file. `chunks` together hold the elements in row-major order. */
export interface NpyPart {
  name: string
  type: NpyType
  shape: readonly number[]
  chunks: Iterable<ArrayBufferView> | AsyncIterable<ArrayBufferView>
}

const sliceBytes = 4 * 2 ** 20

/** Header of a .npy file, format version 1.0 (numpy.lib.format): magic, length, a Python dictionary padded to 64 bytes. */
export function npyHeader(type: NpyType, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`
  const prefix = 10
  const length = Math.ceil((prefix + dictionary.length + 1) / 64) * 64
  const text = dictionary.padEnd(length - prefix - 1) + '\n'
  const header = new Uint8Array(length)
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 0xff, text.length >> 8])
  header.set(new TextEncoder().encode(text), prefix)
  return header
}

const itemBytes = (type: NpyType) => (type === '|u1' ? 1 : 4)

/**
 * A zip of .npy files that `numpy.load` reads, uncompressed. Works in slices with `pause` between them. Rejects TOO_BIG
 * beyond the 4 GB that a plain zip can hold.
 */
export async function writeNpz(parts: readonly NpyPart[], pause: () => Promise<void>): Promise<Blob> {
  const bytesOf = (part: NpyPart) => part.shape.reduce((product, size) => product * size, itemBytes(part.type))
  if (parts.reduce((sum, part) => sum + bytesOf(part), 0) > 0xf0000000)
    throw new AppError('TOO_BIG', 'The file would be over 4 GB: export fewer sequences, or name heads in the options.')
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let failure: Error | null = null
  const zip = new Zip((error, chunk) => {
    if (error) failure = error
    else pieces.push(chunk as Uint8Array<ArrayBuffer>)
  })
  for (const part of parts) {
    const file = new ZipPassThrough(`${part.name}.npy`)
    file.mtime = new Date(1980, 1, 1) // the same data gives the same file
    zip.add(file)
    file.push(npyHeader(part.type, part.shape))
    let written = 0
    for await (const chunk of part.chunks) {
      const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      for (let start = 0; start < bytes.length; start += sliceBytes) {
        file.push(bytes.slice(start, start + sliceBytes))
        await pause()
      }
      written += bytes.length
    }
    if (written !== bytesOf(part))
      throw new AppError(
        'SHAPE_SURPRISE',
        `The array ${part.name} has ${written} bytes where its shape needs ${bytesOf(part)}: please report this.`,
      )
    file.push(new Uint8Array(0), true)
    if (failure) throw failure
  }
  zip.end()
  return new Blob(pieces, { type: 'application/zip' })
}
