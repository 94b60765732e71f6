import code from './covariance.wgsl?raw'
import type { GpuDevice } from './device'

const blockQuads = 8
const rowsPerPart = 512
const mostParts = 32

/** Scatter matrices on the GPU. */
export class GpuCovariance {
  readonly #gpu: GpuDevice
  readonly #layout: GPUBindGroupLayout
  readonly #pipeline: GPUComputePipeline

  private constructor(gpu: GpuDevice, layout: GPUBindGroupLayout, pipeline: GPUComputePipeline) {
    this.#gpu = gpu
    this.#layout = layout
    this.#pipeline = pipeline
  }

  /** Throws NOT_AVAILABLE when the driver refuses the kernel. */
  static async create(gpu: GpuDevice): Promise<GpuCovariance> {
    const layout = await gpu.checked(() => gpu.bindings(['uniform', 'read', 'write']))
    return new GpuCovariance(gpu, layout, await gpu.pipeline('covariance', code, 'addScatter', layout))
  }

  /**
   * Σ (row − means)ᵀ · (row − means) of `rows` [count,dim]: [dim,dim], both triangles. Rows are centred in float64 and summed
   * in float32 over parts of some hundred rows. `dim` is a multiple of 4. Throws OUT_OF_MEMORY, DEVICE_LOST, NOT_AVAILABLE.
   */
  async findScatter(rows: Float32Array, count: number, dim: number, means: Float64Array): Promise<Float64Array> {
    const scatter = new Float64Array(dim * dim)
    if (count === 0) return scatter
    const quads = dim / 4
    const parts = Math.min(mostParts, Math.ceil(count / rowsPerPart))
    const blocks = Math.ceil(quads / blockQuads)
    const bytes = parts * dim * dim * 4
    const gpu = this.#gpu
    const buffers: GPUBuffer[] = []
    try {
      const [sums, group] = await gpu.checked(() => {
        const keep = (buffer: GPUBuffer) => (buffers.push(buffer), buffer)
        const params = keep(gpu.buffer(16, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST))
        gpu.device.queue.writeBuffer(params, 0, new Uint32Array([count, quads, Math.ceil(count / parts), 0]))
        const centred = keep(gpu.upload(rows.map((value, at) => value - means[at % dim]!)))
        const result = keep(gpu.storage(bytes))
        return [result, gpu.group(this.#layout, [params, centred, result])] as const
      })
      await gpu.compute((pass) => {
        pass.setPipeline(this.#pipeline)
        pass.setBindGroup(0, group)
        pass.dispatchWorkgroups(blocks, blocks, parts)
      })
      const partial = new Float32Array(await gpu.read(sums, bytes))
      for (let row = 0; row < dim; row++) {
        for (let column = row; column < dim; column++) {
          let sum = 0
          for (let part = 0; part < parts; part++) sum += partial[(part * dim + row) * dim + column]!
          scatter[row * dim + column] = scatter[column * dim + row] = sum
        }
      }
      return scatter
    } finally {
      gpu.free(buffers)
    }
  }
}
