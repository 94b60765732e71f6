import type { ModelInput } from '../core/types'
import { hashBytes } from './sources/hash'

/** Layers are fetched together up to this many bytes of an input. */
export const togetherBytes = 16 * 1024 * 1024
const keptBytes = 64 * 1024 * 1024

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)

async function keyOf(input: ModelInput): Promise<string> {
  if (input.kind === 'image') return `${input.shape.join('×')} ${await hashBytes(bytesOf(input.pixels))}`
  return `${input.ids.join(' ')}|${input.typeIds?.join(' ') ?? ''}`
}

/**
 * The model's own weights of the last inputs, all layers of each: whoever asks for one layer asks for the others soon, and a run
 * gives all of them at the price of one.
 */
export class OwnWeights {
  readonly #inputs = new Map<string, Float32Array[]>()
  #bytes = 0

  /** A copy of one layer's weights, [H,n,m]. @param compute all layers */
  async get(input: ModelInput, layer: number, compute: () => Promise<Float32Array[]>): Promise<Float32Array> {
    const key = await keyOf(input)
    const known = this.#inputs.get(key)
    if (known) return known[layer]!.slice()
    const layers = await compute()
    if (!this.#inputs.has(key)) {
      this.#inputs.set(key, layers)
      this.#bytes += sizeOf(layers)
    }
    for (const [oldest, weights] of this.#inputs) {
      if (this.#bytes <= keptBytes) break
      this.#inputs.delete(oldest)
      this.#bytes -= sizeOf(weights)
    }
    return layers[layer]!.slice()
  }

  forget(): void {
    this.#inputs.clear()
    this.#bytes = 0
  }
}

const sizeOf = (layers: readonly Float32Array[]) => layers.reduce((sum, { byteLength }) => sum + byteLength, 0)
