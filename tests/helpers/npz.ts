import { unzipSync } from 'fflate'
import { readFileSync } from 'node:fs'

export interface NpyArray {
  shape: number[]
  data: Float32Array
}

/** Arrays of an NPZ file, integers and doubles as float32 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
export function readNpz(path: string): Record<string, NpyArray> {
  const files = unzipSync(new Uint8Array(readFileSync(path)))
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name.replace(/\.npy$/, ''), readNpy(bytes)]))
}

function readNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isFirst = bytes[6] === 1
  const headerLength = isFirst ? view.getUint16(8, true) : view.getUint32(8, true)
  const start = (isFirst ? 10 : 12) + headerLength
  const header = new TextDecoder().decode(bytes.subarray(isFirst ? 10 : 12, start))
  const type = header.match(/'descr': '([^']+)'/)![1]!
  if (/'fortran_order': True/.test(header)) throw new Error('Fortran order is not supported')
  const shape = header
    .match(/'shape': \(([^)]*)\)/)![1]!
    .split(',')
    .filter((part) => part.trim())
    .map(Number)
  const count = shape.reduce((product, dim) => product * dim, 1)
  const body = bytes.slice(start).buffer
  const read: Record<string, () => ArrayLike<number>> = {
    '<f4': () => new Float32Array(body, 0, count),
    '<f8': () => new Float64Array(body, 0, count),
    '<i4': () => new Int32Array(body, 0, count),
    '<i8': () => Array.from(new BigInt64Array(body, 0, count), Number),
  }
  const reader = read[type]
  if (!reader) throw new Error(`dtype ${type} is not supported`)
  return { shape, data: Float32Array.from(reader()) }
}
