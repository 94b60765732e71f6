import { unzipSync } from 'fflate'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One array of an npz file. */
export interface NumpyArray {
  shape: number[]
  data: Float32Array
}

function readNpy(bytes: Uint8Array): NumpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const long = bytes[6] !== 1
  const start = (long ? 12 : 10) + (long ? view.getUint32(8, true) : view.getUint16(8, true))
  const header = new TextDecoder().decode(bytes.subarray(10, start))
  const kind = /'descr': '([^']+)'/.exec(header)?.[1] ?? ''
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .filter((part) => part.trim())
    .map(Number)
  const count = shape.reduce((product, size) => product * size, 1)
  const readers: Record<string, { width: number; read: (at: number) => number }> = {
    '<f4': { width: 4, read: (at) => view.getFloat32(at, true) },
    '<f8': { width: 8, read: (at) => view.getFloat64(at, true) },
    '<i8': { width: 8, read: (at) => Number(view.getBigInt64(at, true)) },
    '<i4': { width: 4, read: (at) => view.getInt32(at, true) },
  }
  const reader = readers[kind]
  if (!reader) throw new Error(`npy type ${kind}`)
  return { shape, data: Float32Array.from({ length: count }, (_, index) => reader.read(start + index * reader.width)) }
}

/** What is known of one fixture (tests/fixtures/README.md). */
export interface FixtureTruth {
  id: string
  kind: 'text' | 'vision'
  onnx: string
  text?: string
  tokens?: string[]
  T: number
  layers: number
  heads: number
  kv_heads: number
  d: number
  scale: number
  mask: string[]
  rope: string | null
  verdict: 'exact' | 'bias'
  dtype: 'fp32' | 'q8'
  tol_attn: number
  prefix_tokens?: number
  grid?: [number, number]
}

const truthFolder = new URL('../fixtures/truth/', import.meta.url)

export const fixtures = JSON.parse(
  readFileSync(fileURLToPath(new URL('index.json', truthFolder)), 'utf8'),
) as FixtureTruth[]

export function readTruth(id: string): Record<string, NumpyArray> {
  const parts = unzipSync(readFileSync(fileURLToPath(new URL(`${id}.npz`, truthFolder))))
  return Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name.replace(/\.npy$/, ''), readNpy(bytes)]))
}

export const siteFile = (id: string, file: string) =>
  fileURLToPath(new URL(`../fixtures/site/${id}/${file}`, import.meta.url))
