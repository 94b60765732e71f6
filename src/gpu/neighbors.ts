import type { MetricId } from '../core/types'
import type { GpuDevice } from './device'
import code from './neighbors.wgsl?raw'
import { Pacer } from './pacer'
import { measureHalf, prepareRows, type PreparedRows } from './rows'

/** The same shape as the WASM search's answer, nearest first, ties by the lower index. */
export interface GpuNeighbors {
  count: number
  k: number
  /** [count,k] */
  indices: Int32Array
  /** [count,k] Euclidean distances, or 1 − cosine */
  distances: Float32Array
  /** Share of the rows whose neighbours are so near, for how far out they lie, that float32 can't tell them apart. */
  uncertain: number
}

export type GpuPause = (done: number, total: number) => Promise<void>

const groupRows = 64
const columnsPerTile = 16
/** Enough invocations to fill a large GPU. */
const wantedInvocations = 65_536
const mostSegments = 8
const listBytesAtMost = 32 * 2 ** 20
/** Multiplications of the first step: short on the slowest GPU. */
const firstStepProducts = 2e7

/** Exact nearest neighbours on the GPU: brute force in float32. */
export class GpuNeighborSearch {
  readonly #gpu: GpuDevice
  readonly #layout: GPUBindGroupLayout
  readonly #scan: GPUComputePipeline
  readonly #finish: GPUComputePipeline
  /** In products; kept from search to search. */
  readonly #pacer: Pacer

  private constructor(
    gpu: GpuDevice,
    layout: GPUBindGroupLayout,
    scan: GPUComputePipeline,
    finish: GPUComputePipeline,
    now: () => number,
  ) {
    this.#gpu = gpu
    this.#layout = layout
    this.#scan = scan
    this.#finish = finish
    this.#pacer = new Pacer(firstStepProducts, now)
  }

  /** Throws NOT_AVAILABLE when the driver refuses the kernel. */
  static async create(gpu: GpuDevice, now: () => number): Promise<GpuNeighborSearch> {
    const layout = await gpu.checked(() => gpu.bindings(['uniform', 'read', 'write', 'write', 'write']))
    const [scan, finish] = await Promise.all([
      gpu.pipeline('neighbors', code, 'scan', layout),
      gpu.pipeline('neighbors', code, 'finish', layout),
    ])
    return new GpuNeighborSearch(gpu, layout, scan, finish, now)
  }

  /**
   * The `k` nearest neighbours of each row of `rows` [count,dim]; the rows themselves are not among them.
   * Throws VERIFY_FAILED for a value that is not finite, OUT_OF_MEMORY, DEVICE_LOST, NOT_AVAILABLE.
   */
  async find(
    rows: Float32Array,
    count: number,
    dim: number,
    k: number,
    metric: MetricId,
    pause: GpuPause,
  ): Promise<GpuNeighbors> {
    const size = Math.max(0, Math.min(Math.floor(k), count - 1))
    const stride = Math.ceil(count / groupRows) * groupRows
    const prepared = prepareRows(rows, count, dim, stride, metric)
    if (size === 0) {
      return { count, k: 0, indices: new Int32Array(0), distances: new Float32Array(0), uncertain: 0 }
    }
    const segments = Math.max(
      1,
      Math.min(
        mostSegments,
        Math.ceil(wantedInvocations / stride),
        Math.floor(listBytesAtMost / (stride * size * 8)),
        Math.ceil(count / 256),
      ),
    )
    const segmentRows = Math.ceil(count / segments / columnsPerTile) * columnsPerTile

    const gpu = this.#gpu
    const buffers: GPUBuffer[] = []
    try {
      const [params, best, group] = await gpu.checked(() => {
        const keep = (buffer: GPUBuffer) => (buffers.push(buffer), buffer)
        const settings = keep(gpu.buffer(48, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST))
        const values = keep(gpu.upload(prepared.values))
        const lists = keep(gpu.storage(segments * size * stride * 8))
        const lengths = keep(gpu.storage(segments * stride * 4))
        const result = keep(gpu.storage(size * stride * 8))
        return [settings, result, gpu.group(this.#layout, [settings, values, lists, lengths, result])] as const
      })
      const groupProducts = count * prepared.quads * 4 * groupRows
      const groups = stride / groupRows
      for (let from = 0; from < groups;) {
        const to = Math.min(groups, from + Math.max(1, Math.floor(this.#pacer.begin() / groupProducts)))
        await gpu.compute((pass) => {
          const numbers = [count, stride, prepared.quads, size, segments, segmentRows]
          const metricId = metric === 'cosine' ? 0 : 1
          gpu.device.queue.writeBuffer(params, 0, new Uint32Array([...numbers, from * groupRows, metricId]))
          pass.setBindGroup(0, group)
          pass.setPipeline(this.#scan)
          pass.dispatchWorkgroups(to - from, segments)
          pass.setPipeline(this.#finish)
          pass.dispatchWorkgroups(to - from)
        })
        this.#pacer.end((to - from) * groupProducts)
        from = to
        await pause(from, groups)
      }
      const pairs = new Uint32Array(await gpu.read(best, size * stride * 8))
      return collect(pairs, rows, prepared, size)
    } finally {
      gpu.free(buffers)
    }
  }
}

const largestFloat = (2 - 2 ** -23) * 2 ** 127

function collect(pairs: Uint32Array, rows: Float32Array, prepared: PreparedRows, k: number): GpuNeighbors {
  const { count, stride, metric, scale } = prepared
  const floats = new Float32Array(pairs.buffer)
  const indices = new Int32Array(count * k)
  const distances = new Float32Array(count * k)
  /** Parallel rows have so much left in float64. */
  const least = metric === 'cosine' ? 1e-28 : 0
  let uncertain = 0
  for (let row = 0; row < count; row++) {
    for (let place = 0; place < k; place++) {
      const at = 2 * (place * stride + row)
      const half = floats[at]!
      indices[row * k + place] = pairs[at + 1]!
      distances[row * k + place] = metric === 'cosine' ? half : Math.min(Math.sqrt(2 * half) / scale, largestFloat)
    }
    const half = floats[2 * ((k - 1) * stride + row)]!
    const exact = measureHalf(rows, prepared, row, indices[row * k + k - 1]!)
    if (exact > least && Math.abs(half - exact) > 1e-3 * exact) uncertain++
  }
  return { count, k, indices, distances, uncertain: count > 0 ? uncertain / count : 0 }
}
