import { unzipSync, Zip, ZipPassThrough } from 'fflate'
import { AppError } from '../core/errors'

/** One file of a zip. */
export interface ZipPart {
  name: string
  chunks: Iterable<ArrayBufferView> | AsyncIterable<ArrayBufferView>
}

const sliceBytes = 4 * 2 ** 20

/** An uncompressed zip; the same parts give the same bytes. Works in slices with `pause` between them. */
export async function writeZip(parts: readonly ZipPart[], pause: () => Promise<void>): Promise<Blob> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let failure: Error | null = null
  const zip = new Zip((error, chunk) => {
    if (error) failure = error
    else pieces.push(chunk as Uint8Array<ArrayBuffer>)
  })
  for (const part of parts) {
    const file = new ZipPassThrough(part.name)
    file.mtime = new Date(1980, 1, 1)
    zip.add(file)
    for await (const chunk of part.chunks) {
      const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      for (let start = 0; start < bytes.length; start += sliceBytes) {
        file.push(bytes.slice(start, start + sliceBytes))
        await pause()
      }
    }
    file.push(new Uint8Array(0), true)
    if (failure) throw failure
  }
  zip.end()
  return new Blob(pieces, { type: 'application/zip' })
}

/**
 * The files of an uncompressed zip. What is compressed, or says that it holds more than it is long, is refused before anything
 * is unpacked: no zip can become larger than it is.
 * @param isKnown files with other names are refused
 * @throws AppError BAD_SESSION
 */
export function readZip(bytes: Uint8Array, isKnown: (name: string) => boolean): Map<string, Uint8Array> {
  let left = bytes.length
  const names = new Set<string>()
  const refuse = (why: string) => new AppError('BAD_SESSION', `This is no session file, or a damaged one: ${why}.`)
  try {
    const files = unzipSync(bytes, {
      filter: ({ name, compression, size, originalSize }) => {
        if (!isKnown(name)) throw refuse('it holds files that do not belong there')
        if (names.has(name)) throw refuse('it holds the same file twice')
        names.add(name)
        left -= size
        if (compression !== 0 || originalSize !== size || left < 0)
          throw refuse('it is compressed, which session files are not')
        return true
      },
    })
    return new Map(Object.entries(files))
  } catch (problem) {
    if (problem instanceof AppError) throw problem
    throw refuse('it ends too early or is no zip at all')
  }
}
