import type { GpuDevice } from './device'
import { Pacer } from './pacer'
import { stepBytes, writeSteps } from './steps'
import code from './umap.wgsl?raw'

/** The symmetric graph of neighbours, as the CPU made it. */
export interface GpuGraph {
  count: number
  /** [count + 1] start of each point's edges */
  starts: Uint32Array
  /** The other point of each edge, and the weight (0 in paddings). */
  edgePoints: Uint32Array
  edgeWeights: Float32Array
  /** [count] sum of each point's weights */
  degrees: Float32Array
}

export interface GpuLayoutSettings {
  dims: 2 | 3
  /** The curve 1 / (1 + a·d^2b). */
  a: number
  b: number
  epochs: number
  /** Step and hash of (seed, head, epoch) of each epoch. */
  rateOf(epoch: number): number
  streamOf(epoch: number): number
}

type Pause = (done: number, total: number) => Promise<void>

const pointsPerGroup = 8

/** The layout of UMAP on the GPU. */
export class GpuUmapLayout {
  readonly #gpu: GpuDevice
  readonly #layout: GPUBindGroupLayout
  readonly #plane: GPUComputePipeline
  readonly #space: GPUComputePipeline
  readonly #now: () => number

  private constructor(
    gpu: GpuDevice,
    layout: GPUBindGroupLayout,
    plane: GPUComputePipeline,
    space: GPUComputePipeline,
    now: () => number,
  ) {
    this.#gpu = gpu
    this.#layout = layout
    this.#plane = plane
    this.#space = space
    this.#now = now
  }

  /** Throws NOT_AVAILABLE when the driver refuses the kernel. */
  static async create(gpu: GpuDevice, now: () => number): Promise<GpuUmapLayout> {
    const layout = await gpu.checked(() =>
      gpu.bindings(['uniform', 'step', 'read', 'read', 'read', 'read', 'read', 'write']),
    )
    const [plane, space] = await Promise.all([
      gpu.pipeline('umap', `alias Point = vec2f;\n${code}`, 'layoutPoints', layout),
      gpu.pipeline('umap', `alias Point = vec4f;\n${code}`, 'layoutPoints', layout),
    ])
    return new GpuUmapLayout(gpu, layout, plane, space, now)
  }

  /**
   * Positions [count,dims] of points that start at `start` [count,dims], after all epochs.
   * Throws OUT_OF_MEMORY, DEVICE_LOST, NOT_AVAILABLE.
   */
  async run(graph: GpuGraph, start: Float32Array, settings: GpuLayoutSettings, pause: Pause): Promise<Float32Array> {
    const { count } = graph
    const { dims, epochs } = settings
    if (count === 0) return start.slice()
    const width = dims === 2 ? 2 : 4
    const gpu = this.#gpu
    const buffers: GPUBuffer[] = []
    try {
      let [source, target] = await gpu.checked(() => {
        const keep = (buffer: GPUBuffer) => (buffers.push(buffer), buffer)
        const positions = new Float32Array(count * width)
        for (let at = 0; at < start.length; at++) positions[Math.floor(at / dims) * width + (at % dims)] = start[at]!
        const first = keep(gpu.storage(positions.byteLength))
        gpu.device.queue.writeBuffer(first, 0, positions)
        const second = keep(gpu.storage(positions.byteLength))
        const params = keep(gpu.buffer(16, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST))
        const floats = new Float32Array([0, Math.log2(settings.a), settings.b, 0])
        new Uint32Array(floats.buffer)[0] = count
        gpu.device.queue.writeBuffer(params, 0, floats)
        const steps = keep(
          writeSteps(gpu, epochs, (epoch, floats, integers) => {
            integers[0] = settings.streamOf(epoch)
            floats[1] = settings.rateOf(epoch)
          }),
        )
        const arrays = [graph.starts, graph.edgePoints, graph.edgeWeights, graph.degrees]
        const shared = arrays.map((values) => keep(gpu.upload(values)))
        const step = { buffer: steps, size: 16 }
        return [
          { positions: first, group: gpu.group(this.#layout, [params, step, ...shared, first, second]) },
          { positions: second, group: gpu.group(this.#layout, [params, step, ...shared, second, first]) },
        ] as const
      })
      const pipeline = dims === 2 ? this.#plane : this.#space
      const pacer = new Pacer(1, this.#now)
      for (let from = 0; from < epochs;) {
        const to = Math.min(epochs, from + pacer.begin())
        await gpu.compute((pass) => {
          pass.setPipeline(pipeline)
          for (let epoch = from; epoch < to; epoch++) {
            pass.setBindGroup(0, source.group, [epoch * stepBytes])
            pass.dispatchWorkgroups(Math.ceil(count / pointsPerGroup))
            ;[source, target] = [target, source]
          }
        })
        pacer.end(to - from)
        from = to
        await pause(to, epochs)
      }
      const positions = new Float32Array(await gpu.read(source.positions, count * width * 4))
      return start.map((_, at) => positions[Math.floor(at / dims) * width + (at % dims)]!)
    } finally {
      gpu.free(buffers)
    }
  }
}
