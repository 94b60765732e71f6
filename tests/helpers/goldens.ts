import { readFileSync } from 'node:fs'
import path from 'node:path'

interface TensorEntry {
  name: string
  shape: number[]
  offset_floats: number
}

export interface GoldenInput {
  text: string
  input_ids: number[]
  tokens: string[]
}

export interface Golden {
  scale: number
  sha256: string
  layers: number
  heads: number
  kvHeads: number
  headDim: number
  attentionLayers: number[]
  inputs: GoldenInput[]
  /** Values computed with PyTorch; undefined where the golden has none. */
  tensor(name: string): { shape: number[]; data: Float32Array } | undefined
}

/** Reads tests/goldens/NAME.json and .f32 (see tests/goldens/README.md). */
export function readGolden(name: string): Golden {
  const folder = path.resolve(import.meta.dirname, '../goldens')
  const meta = JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')) as {
    scale: number
    sha256: string
    num_layers: number
    num_heads: number
    num_kv_heads: number
    head_dim: number
    attn_layers: number[]
    inputs: GoldenInput[]
    tensors: TensorEntry[]
  }
  const blob = readFileSync(path.join(folder, `${name}.f32`))
  const floats = new Float32Array(blob.buffer.slice(blob.byteOffset, blob.byteOffset + blob.byteLength))
  const entries = new Map(meta.tensors.map((entry) => [entry.name, entry]))
  return {
    scale: meta.scale,
    sha256: meta.sha256,
    layers: meta.num_layers,
    heads: meta.num_heads,
    kvHeads: meta.num_kv_heads,
    headDim: meta.head_dim,
    attentionLayers: meta.attn_layers,
    inputs: meta.inputs,
    tensor(tensorName) {
      const entry = entries.get(tensorName)
      if (!entry) return undefined
      const size = entry.shape.reduce((a, b) => a * b, 1)
      return { shape: entry.shape, data: floats.subarray(entry.offset_floats, entry.offset_floats + size) }
    },
  }
}

/** Largest absolute difference; Infinity when the lengths differ or a number is missing. */
export function worstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN))
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference
  }
  return worst
}

export const largestMagnitude = (values: ArrayLike<number>): number => {
  let largest = 0
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] ?? 0))
  return largest
}
