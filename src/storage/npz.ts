import { AppError } from '../core/errors'
import { readZip, writeZip } from './zip'

export type NpyType = '<f4' | '<i4' | '|u1'

/** One array of an NPZ file. `chunks` together hold the elements in row-major order. */
export interface NpyPart {
  name: string
  type: NpyType
  shape: readonly number[]
  chunks: Iterable<ArrayBufferView> | AsyncIterable<ArrayBufferView>
}

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
  async function* chunksOf(part: NpyPart) {
    yield npyHeader(part.type, part.shape)
    let written = 0
    for await (const chunk of part.chunks) {
      yield chunk
      written += chunk.byteLength
    }
    if (written !== bytesOf(part))
      throw new AppError(
        'SHAPE_SURPRISE',
        `The array ${part.name} has ${written} bytes where its shape needs ${bytesOf(part)}: please report this.`,
      )
  }
  return writeZip(
    parts.map((part) => ({ name: `${part.name}.npy`, chunks: chunksOf(part) })),
    pause,
  )
}

/**
 * The float32 arrays of an NPZ file that `writeNpz` wrote, flat.
 * @throws AppError BAD_SESSION for anything else
 */
export function readFloats(bytes: Uint8Array): Record<string, Float32Array> {
  const files = readZip(bytes, (name) => /^[a-z]+[A-Z]?\d*\.npy$/.test(name))
  return Object.fromEntries([...files].map(([name, file]) => [name.slice(0, -4), readFloatNpy(file)]))
}

function readFloatNpy(file: Uint8Array): Float32Array {
  const headerEnd = 10 + (file[8] ?? 0) + (file[9] ?? 0) * 256
  const header = new TextDecoder('latin1').decode(file.subarray(10, headerEnd))
  const [, tuple] = /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n$/.exec(header) ?? []
  const shape = (tuple ?? '').split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]))
  const count = shape.reduce((product, size) => product * size, 1)
  if (tuple === undefined || file.length - headerEnd !== count * 4)
    throw new AppError('BAD_SESSION', 'This session file is damaged: an array in it is not as long as it says.')
  return new Float32Array(file.slice(headerEnd).buffer)
}
