import { AppError } from '../core/errors'

/**
 * A WASM kernel and its memory (src/kernels/README.md has the rules). Blocks are handed out one after the other and freed
 * together. Views are valid until the next `allocate`: growing the memory detaches them, so take them last.
 */
export class Kernel<Exports> {
  readonly exports: Exports
  readonly #memory: WebAssembly.Memory
  readonly #base: number
  #top: number

  constructor(instance: WebAssembly.Instance) {
    const { memory, base } = instance.exports as unknown as { memory: WebAssembly.Memory; base: () => number }
    this.exports = instance.exports as Exports
    this.#memory = memory
    this.#base = base()
    this.#top = this.#base
  }

  /** Frees all blocks; the memory itself is kept for the next use. */
  reset(): void {
    this.#top = this.#base
  }

  /**
   * A block of `bytes` bytes, aligned to 16, not cleared. Returns its byte offset.
   * Throws OUT_OF_MEMORY when the memory cannot grow.
   */
  allocate(bytes: number): number {
    const start = Math.ceil(this.#top / 16) * 16
    const missing = start + bytes - this.#memory.buffer.byteLength
    if (missing > 0) {
      try {
        this.#memory.grow(Math.ceil(missing / 65_536))
      } catch (cause) {
        const megabytes = Math.round((start + bytes) / 1e6)
        throw new AppError(
          'OUT_OF_MEMORY',
          `This projection needs ${megabytes} MB in one worker, which the browser refused: use fewer sequences.`,
          { cause },
        )
      }
    }
    this.#top = start + bytes
    return start
  }

  float32(offset: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, offset, length)
  }

  float64(offset: number, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, offset, length)
  }

  int32(offset: number, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, offset, length)
  }

  uint8(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, offset, length)
  }
}

const modules = new Map<string, Promise<WebAssembly.Module>>()

/**
 * A fresh instance of the kernel at `url`; the module is compiled once. Write the address as
 * `new URL('../kernels/build/NAME.wasm', import.meta.url)`, so that the bundler ships the file.
 * Throws NOT_AVAILABLE when the file is missing or this browser has no WebAssembly SIMD.
 */
export async function loadKernel<Exports>(url: URL): Promise<Kernel<Exports>> {
  let module = modules.get(url.href)
  if (!module) {
    module = readBytes(url).then((bytes) => WebAssembly.compile(bytes))
    modules.set(url.href, module)
  }
  try {
    return new Kernel<Exports>(await WebAssembly.instantiate(await module))
  } catch (cause) {
    modules.delete(url.href) // a passing network failure must not stick
    throw new AppError(
      'NOT_AVAILABLE',
      'The projection code could not be loaded: reload the page, in a browser with WebAssembly SIMD.',
      { cause, details: url.href },
    )
  }
}

async function readBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === 'file:') {
    // Tests and benchmarks in Node; the name is kept from the bundler, which would look for a browser's version of it.
    const name = 'node:fs/promises'
    const files = (await import(/* @vite-ignore */ name)) as { readFile(url: URL): Promise<Uint8Array<ArrayBuffer>> }
    return files.readFile(url)
  }
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`)
  return new Uint8Array(await response.arrayBuffer())
}
