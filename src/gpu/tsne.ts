import type { GpuDevice } from './device'
import { Pacer } from './pacer'
import { stepBytes, writeSteps } from './steps'
import code from './tsne.wgsl?raw'
import type { GpuGraph } from './umap'

export interface GpuTsneSettings {
  epochs: number
  rate: number
  /** What changes from epoch to epoch. */
  stepOf(epoch: number): [exaggeration: number, momentum: number]
}

type Pause = (done: number, total: number) => Promise<void>

const groupPoints = 64
const movedPerGroup = 8
const wantedInvocations = 65_536
const mostSegments = 8
/** Above, summing all pairs takes longer than the field on a grid in WASM. */
export const mostTsnePoints = 16_384

/** t-SNE in the plane on the GPU, exact. */
export class GpuTsneLayout {
  readonly #gpu: GpuDevice
  readonly #layout: GPUBindGroupLayout
  readonly #repel: GPUComputePipeline
  readonly #total: GPUComputePipeline
  readonly #move: GPUComputePipeline
  readonly #now: () => number

  private constructor(
    gpu: GpuDevice,
    layout: GPUBindGroupLayout,
    pipelines: readonly [GPUComputePipeline, GPUComputePipeline, GPUComputePipeline],
    now: () => number,
  ) {
    this.#gpu = gpu
    this.#layout = layout
    ;[this.#repel, this.#total, this.#move] = pipelines
    this.#now = now
  }

  /** Throws NOT_AVAILABLE when the driver refuses the kernel. */
  static async create(gpu: GpuDevice, now: () => number): Promise<GpuTsneLayout> {
    const layout = await gpu.checked(() =>
      gpu.bindings(['uniform', 'step', 'read', 'read', 'read', 'read', 'write', 'write', 'write']),
    )
    const make = (entryPoint: string) => gpu.pipeline('tsne', code, entryPoint, layout)
    const pipelines = await Promise.all([make('repel'), make('total'), make('movePoints')])
    return new GpuTsneLayout(gpu, layout, pipelines, now)
  }

  /**
   * The repelling field of `points` [count,2]: Σ over i ≠ j of w = 1/(1 + |yi − yj|²), and for each point Σ over j of
   * w²·(yi − yj). For tests against the sums themselves.
   */
  async measureField(points: Float32Array): Promise<{ sum: number; forces: Float32Array }> {
    const count = points.length / 2
    const graph = emptyGraph(count)
    const settings = { epochs: 1, rate: 0, stepOf: (): [number, number] => [0, 0] }
    const work = await this.#begin(graph, points, settings)
    try {
      await this.#gpu.compute((pass) => this.#record(pass, work, count, 0, 1))
      const values = new Float32Array(await this.#gpu.read(work.forces, (work.segments * count + 1) * 16))
      const forces = points.map((_, at) => {
        let sum = 0
        for (let segment = 0; segment < work.segments; segment++) {
          sum += values[4 * (segment * count + (at >> 1)) + (at & 1)]!
        }
        return sum
      })
      return { sum: values[4 * work.segments * count + 2]!, forces }
    } finally {
      this.#gpu.free(work.buffers)
    }
  }

  /** Positions [count,2] of points that start at `start` [count,2]. Throws OUT_OF_MEMORY, DEVICE_LOST, NOT_AVAILABLE. */
  async run(graph: GpuGraph, start: Float32Array, settings: GpuTsneSettings, pause: Pause): Promise<Float32Array> {
    const { count } = graph
    if (count === 0) return start.slice()
    const gpu = this.#gpu
    const work = await this.#begin(graph, start, settings)
    try {
      const pacer = new Pacer(1, this.#now)
      for (let from = 0; from < settings.epochs;) {
        const to = Math.min(settings.epochs, from + pacer.begin())
        await gpu.compute((pass) => this.#record(pass, work, count, from, to))
        pacer.end(to - from)
        from = to
        await pause(to, settings.epochs)
      }
      const points = new Float32Array(await gpu.read(work.positions[settings.epochs % 2]!, count * 8))
      return centred(points)
    } finally {
      gpu.free(work.buffers)
    }
  }

  async #begin(graph: GpuGraph, start: Float32Array, settings: GpuTsneSettings) {
    const { count } = graph
    const gpu = this.#gpu
    const wanted = Math.ceil(wantedInvocations / count)
    const segments = Math.max(1, Math.min(mostSegments, wanted, Math.ceil(count / 256)))
    const segmentPoints = Math.ceil(count / segments / groupPoints) * groupPoints
    const buffers: GPUBuffer[] = []
    try {
      return await gpu.checked(() => {
        const keep = (buffer: GPUBuffer) => (buffers.push(buffer), buffer)
        const positions = [keep(gpu.storage(count * 8)), keep(gpu.storage(count * 8))] as const
        gpu.device.queue.writeBuffer(positions[0], 0, Float32Array.from(start))
        const params = keep(gpu.buffer(16, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST))
        gpu.device.queue.writeBuffer(params, 0, new Uint32Array([count, segments, segmentPoints, 0]))
        const steps = keep(
          writeSteps(gpu, settings.epochs, (epoch, floats) => {
            floats.set([...settings.stepOf(epoch), settings.rate])
          }),
        )
        const arrays = [graph.starts, graph.edgePoints, graph.edgeWeights].map((values) => keep(gpu.upload(values)))
        const forces = keep(gpu.storage((segments * count + 1) * 16))
        const states = keep(gpu.upload(Float32Array.from({ length: count * 4 }, (_, at) => ((at & 3) < 2 ? 0 : 1))))
        const group = (source: GPUBuffer, target: GPUBuffer) =>
          gpu.group(this.#layout, [params, { buffer: steps, size: 16 }, ...arrays, source, target, forces, states])
        const groups = [group(positions[0], positions[1]), group(positions[1], positions[0])] as const
        return { buffers, positions, forces, segments, groups }
      })
    } catch (error) {
      gpu.free(buffers)
      throw error
    }
  }

  /** Epochs [from,to). */
  #record(
    pass: GPUComputePassEncoder,
    work: { groups: readonly [GPUBindGroup, GPUBindGroup]; segments: number },
    count: number,
    from: number,
    to: number,
  ): void {
    for (let epoch = from; epoch < to; epoch++) {
      pass.setBindGroup(0, work.groups[epoch % 2]!, [epoch * stepBytes])
      pass.setPipeline(this.#repel)
      pass.dispatchWorkgroups(Math.ceil(count / groupPoints), work.segments)
      pass.setPipeline(this.#total)
      pass.dispatchWorkgroups(1)
      pass.setPipeline(this.#move)
      pass.dispatchWorkgroups(Math.ceil(count / movedPerGroup))
    }
  }
}

function emptyGraph(count: number): GpuGraph {
  return {
    count,
    starts: new Uint32Array(count + 1),
    edgePoints: new Uint32Array(0),
    edgeWeights: new Float32Array(0),
    degrees: new Float32Array(count),
  }
}

/** The epochs leave the mean of the last one in. */
function centred(points: Float32Array): Float32Array {
  const count = points.length / 2
  const mean = [0, 0]
  points.forEach((value, at) => (mean[at & 1]! += value / count))
  return points.map((value, at) => value - mean[at & 1]!)
}
