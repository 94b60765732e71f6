import { AppError } from '../core/errors'
import { isSoftwareAdapter, requestAdapter } from './adapter'

/** Kinds of mistakes that a device reports, the most telling first. */
const filters: readonly GPUErrorFilter[] = ['out-of-memory', 'validation', 'internal']

export type BindingKind = 'uniform' | 'step' | 'read' | 'write'

/** `step`: a uniform whose place is given with each dispatch. */
const bindingTypes: Record<BindingKind, GPUBufferBindingLayout> = {
  uniform: { type: 'uniform' },
  step: { type: 'uniform', hasDynamicOffset: true },
  read: { type: 'read-only-storage' },
  write: { type: 'storage' },
}

const advice = 'choose backend=wasm, which needs no GPU'

/**
 * One GPU device and what went wrong on it. Mistakes arrive late on a GPU: work is done inside `checked`, whose first error
 * wins and is thrown as an AppError. The default limits are enough for every kernel, so none are asked for.
 */
export class GpuDevice {
  readonly device: GPUDevice
  readonly software: boolean
  readonly #buffers = new Set<GPUBuffer>()
  #lost: AppError | null = null
  #uncaught: AppError | null = null
  #disposed = false

  constructor(device: GPUDevice, software: boolean) {
    this.device = device
    this.software = software
    void device.lost.then(({ reason, message }) => {
      if (this.#disposed && reason === 'destroyed') return
      this.#lost = lostError(message)
    })
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault()
      this.#uncaught ??= asAppError(event.error)
    })
  }

  /** Throws NOT_AVAILABLE when there is no adapter, or when it gives no device. */
  static async open(adapter?: GPUAdapter | null): Promise<GpuDevice> {
    const chosen = adapter ?? (await requestAdapter())
    if (!chosen) {
      throw new AppError('NOT_AVAILABLE', 'This browser offers no WebGPU here: choose backend=wasm (or auto) instead.')
    }
    try {
      return new GpuDevice(await chosen.requestDevice(), isSoftwareAdapter(chosen))
    } catch (cause) {
      throw new AppError('NOT_AVAILABLE', `The GPU could not be opened: ${advice}.`, { cause })
    }
  }

  /** Why the device went away; null while it is there. */
  get lost(): AppError | null {
    return this.#lost
  }

  /** Bytes of the buffers that are alive. */
  get bytes(): number {
    let sum = 0
    for (const buffer of this.#buffers) sum += buffer.size
    return sum
  }

  /**
   * Runs `work`, which must do its GPU calls before it returns (scopes are a stack that all jobs share), and waits for the
   * device's verdict. Throws the first error: OUT_OF_MEMORY, NOT_AVAILABLE (the driver refused), DEVICE_LOST.
   */
  async checked<T>(work: () => T): Promise<T> {
    this.#throwPending()
    for (const filter of filters) this.device.pushErrorScope(filter)
    let result: T
    const verdicts: Promise<GPUError | null>[] = []
    try {
      result = work()
    } finally {
      for (let scope = 0; scope < filters.length; scope++) verdicts.push(this.device.popErrorScope())
    }
    let errors: (GPUError | null)[]
    try {
      errors = await Promise.all(verdicts)
    } catch (cause) {
      throw this.#lost ?? lostError(String(cause))
    }
    this.#throwPending()
    const first = errors.reverse().find((error) => error !== null)
    if (first) throw asAppError(first)
    return result
  }

  /** A buffer of at least `bytes` bytes (a multiple of 4 is made of it), freed with `free` or with the device. */
  buffer(bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 4) * 4)
    const limit = usage & GPUBufferUsage.STORAGE ? this.device.limits.maxStorageBufferBindingSize : Infinity
    if (size > Math.min(limit, this.device.limits.maxBufferSize)) {
      throw new AppError(
        'OUT_OF_MEMORY',
        `This head needs ${Math.round(size / 1e6)} MB in one piece on the GPU, which allows less: ${advice}, or use fewer sequences.`,
      )
    }
    const buffer = this.device.createBuffer({ size, usage })
    this.#buffers.add(buffer)
    return buffer
  }

  /** A storage buffer that holds `values`. */
  upload(values: Float32Array | Uint32Array | Int32Array): GPUBuffer {
    const buffer = this.buffer(values.byteLength, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST)
    this.device.queue.writeBuffer(buffer, 0, values.buffer, values.byteOffset, values.byteLength)
    return buffer
  }

  /** A storage buffer that kernels fill and `read` reads. */
  storage(bytes: number): GPUBuffer {
    return this.buffer(bytes, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST)
  }

  free(buffers: Iterable<GPUBuffer>): void {
    for (const buffer of buffers) {
      this.#buffers.delete(buffer)
      buffer.destroy()
    }
  }

  /** Records a compute pass, submits it and waits until it is done. Throws like `checked`. */
  async compute(record: (pass: GPUComputePassEncoder) => void): Promise<void> {
    const verdict = this.checked(() => {
      const encoder = this.device.createCommandEncoder()
      const pass = encoder.beginComputePass()
      record(pass)
      pass.end()
      this.device.queue.submit([encoder.finish()])
    })
    await Promise.all([verdict, this.#finish()]) // one way to the GPU and back, not two
    this.#throwPending()
  }

  /** The first `bytes` bytes of `source`. Throws DEVICE_LOST, OUT_OF_MEMORY. */
  async read(source: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    if (bytes === 0) return new ArrayBuffer(0)
    const copy = await this.checked(() => {
      const buffer = this.buffer(bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST)
      const encoder = this.device.createCommandEncoder()
      encoder.copyBufferToBuffer(source, 0, buffer, 0, Math.ceil(bytes / 4) * 4)
      this.device.queue.submit([encoder.finish()])
      return buffer
    })
    try {
      await copy.mapAsync(GPUMapMode.READ)
      return copy.getMappedRange().slice(0, bytes)
    } catch (cause) {
      throw this.#lost ?? lostError(String(cause))
    } finally {
      this.free([copy])
    }
  }

  /** Group 0 of a kernel: what each binding holds, in order of their numbers. */
  bindings(kinds: readonly BindingKind[]): GPUBindGroupLayout {
    return this.device.createBindGroupLayout({
      entries: kinds.map((kind, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: bindingTypes[kind],
      })),
    })
  }

  group(layout: GPUBindGroupLayout, bindings: readonly (GPUBuffer | GPUBufferBinding)[]): GPUBindGroup {
    return this.device.createBindGroup({
      layout,
      entries: bindings.map((each, binding) => ({
        binding,
        resource: each instanceof GPUBuffer ? { buffer: each } : each,
      })),
    })
  }

  /** A compute pipeline from WGSL. Throws NOT_AVAILABLE with the compiler's messages in its details. */
  async pipeline(
    label: string,
    code: string,
    entryPoint: string,
    layout: GPUBindGroupLayout,
  ): Promise<GPUComputePipeline> {
    this.#throwPending()
    const { device } = this
    const module = await this.checked(() => device.createShaderModule({ label, code }))
    try {
      return await device.createComputePipelineAsync({
        label: `${label} ${entryPoint}`,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint },
      })
    } catch (cause) {
      if (this.#lost) throw this.#lost
      throw new AppError('NOT_AVAILABLE', `The GPU's driver refused the code of ${label}: ${advice}.`, {
        cause,
        details: String(cause),
      })
    }
  }

  /** Frees all buffers and the device. What still runs on it fails with DEVICE_LOST. */
  dispose(): void {
    this.#disposed = true
    this.#lost ??= lostError('it was closed')
    this.free([...this.#buffers])
    this.device.destroy()
  }

  /** Waits until all that was submitted is done. */
  async #finish(): Promise<void> {
    try {
      await this.device.queue.onSubmittedWorkDone()
    } catch (cause) {
      throw this.#lost ?? lostError(String(cause))
    }
  }

  #throwPending(): void {
    if (this.#lost) throw this.#lost
    const error = this.#uncaught
    this.#uncaught = null
    if (error) throw error
  }
}

function lostError(reason: string): AppError {
  return new AppError('DEVICE_LOST', 'The GPU went away during the work: try again, or choose backend=wasm.', {
    details: reason,
  })
}

function asAppError(error: GPUError): AppError {
  if (error instanceof GPUOutOfMemoryError) {
    return new AppError('OUT_OF_MEMORY', `The GPU's memory is full: ${advice}, or use fewer sequences.`, {
      cause: error,
      details: error.message,
    })
  }
  return new AppError('NOT_AVAILABLE', `The GPU refused this work: ${advice}.`, {
    cause: error,
    details: error.message,
  })
}
