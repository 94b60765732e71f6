import { isAppError } from '../core/errors'
import { hashUniform } from '../core/random'
import type { Backend, MetricId } from '../core/types'
import { isSoftwareAdapter, requestAdapter } from '../gpu/adapter'
import { GpuDevice } from '../gpu/device'
import { GpuKernels } from '../gpu/kernels'
import { mostExactPoints, NeighborSearch, type Neighbors, type Pause } from './neighbors'

export type BackendWish = Backend | 'auto'

/** What computes a head, and why. */
export interface BackendChoice {
  backend: Backend
  /** null: WASM. */
  gpu: GpuKernels | null
  /** One sentence for people. */
  reason: string
}

/** How a backend is found out about; tests give their own. */
export interface BackendPorts {
  /** null: no WebGPU here. */
  probe(): Promise<{ software: boolean } | null>
  /** Throws NOT_AVAILABLE. */
  open(): Promise<GpuKernels>
  /** Milliseconds of the same small work in WASM and on the GPU. */
  calibrate(gpu: GpuKernels): Promise<{ wasmMs: number; gpuMs: number }>
}

/** Below, waiting for the GPU's answers takes longer than the work. */
const leastPoints = 1000

const lossReason = 'The GPU went away during the work, so WASM took over.'

/** Decides what computes the heads of one worker. There is one GPU device a worker, and one measurement. */
export class BackendChooser {
  readonly #ports: BackendPorts
  #opened: Promise<GpuKernels> | null = null
  #automatic: Promise<BackendChoice> | null = null

  constructor(ports: BackendPorts = systemPorts()) {
    this.#ports = ports
  }

  /** For a head of `points` points. Throws NOT_AVAILABLE when the GPU is asked for and there is none. */
  async choose(wish: BackendWish, points = Infinity): Promise<BackendChoice> {
    if (wish === 'wasm') return { backend: 'wasm', gpu: null, reason: 'WASM was asked for.' }
    if (wish === 'webgpu') return { backend: 'webgpu', gpu: await this.#open(), reason: 'The GPU was asked for.' }
    if (points < leastPoints) {
      const reason = `Heads of fewer than ${leastPoints.toLocaleString('en')} points are done sooner in WASM.`
      return { backend: 'wasm', gpu: null, reason }
    }
    this.#automatic ??= this.#findFaster()
    const choice = await this.#automatic
    if (!choice.gpu?.device.lost) return choice
    this.#automatic = Promise.resolve({ backend: 'wasm', gpu: null, reason: lossReason })
    return this.#automatic
  }

  /**
   * Does `work` on the backend that `wish` leads to. Where the GPU fails (lost, full, refused by its driver), the work is
   * done once more in WASM, and the choice that comes back says so.
   */
  async run<Result>(
    wish: BackendWish,
    points: number,
    work: (gpu: GpuKernels | null) => Promise<Result>,
  ): Promise<{ result: Result; choice: BackendChoice }> {
    const choice = await this.choose(wish, points)
    try {
      return { result: await work(choice.gpu), choice }
    } catch (error) {
      if (!choice.gpu || !isAppError(error) || !gpuFailures.has(error.code)) throw error
      const reason = choice.gpu.device.lost ? lossReason : `The GPU failed, so WASM took over: ${error.message}`
      return { result: await work(null), choice: { backend: 'wasm', gpu: null, reason } }
    }
  }

  /** Gives the device back. A later choice opens it again. */
  async dispose(): Promise<void> {
    this.#automatic = null
    await this.#close()
  }

  async #close(): Promise<void> {
    const opened = this.#opened
    this.#opened = null
    const gpu = await opened?.catch(() => null)
    gpu?.dispose()
  }

  /** One device for all jobs; a new one after a loss or a failure. */
  async #open(): Promise<GpuKernels> {
    const opened = (this.#opened ??= this.#ports.open())
    const gpu = await opened.catch(() => null)
    if (gpu && !gpu.device.lost) return gpu
    gpu?.dispose()
    if (this.#opened === opened) this.#opened = null
    if (!gpu) return opened // throws why
    return (this.#opened ??= this.#ports.open())
  }

  async #findFaster(): Promise<BackendChoice> {
    const wasm = (reason: string): BackendChoice => ({ backend: 'wasm', gpu: null, reason })
    const adapter = await this.#ports.probe()
    if (!adapter) return wasm('This browser offers no WebGPU here.')
    if (adapter.software) return wasm('The WebGPU of this browser computes on the processor, where WASM is faster.')
    try {
      const gpu = await this.#open()
      const { wasmMs, gpuMs } = await this.#ports.calibrate(gpu)
      const figures = `${gpuMs.toFixed(1)} ms on the GPU, ${wasmMs.toFixed(1)} ms in WASM for the same neighbours`
      if (gpuMs < wasmMs) return { backend: 'webgpu', gpu, reason: `The GPU is faster: ${figures}.` }
      await this.#close()
      return wasm(`WASM is faster: ${figures}.`)
    } catch (error) {
      return wasm(`The GPU could not be used: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

const gpuFailures: ReadonlySet<string> = new Set(['DEVICE_LOST', 'OUT_OF_MEMORY', 'NOT_AVAILABLE'])

/** Above this share of rows that float32 can't tell apart, the search is done again in WASM, which measures in float64. */
const mostUncertain = 0.02

/** Nearest neighbours: exact ones on the GPU where there is one and float32 is enough, else in WASM, where many points get near ones. */
export async function findNeighbors(
  gpu: GpuKernels | null,
  search: NeighborSearch,
  rows: Float32Array,
  count: number,
  dim: number,
  k: number,
  metric: MetricId,
  pause: Pause,
): Promise<Neighbors> {
  if (gpu) {
    const { uncertain, ...found } = await (await gpu.neighbors()).find(rows, count, dim, k, metric, pause)
    if (uncertain <= mostUncertain) return found
  }
  if (count > mostExactPoints) return search.findNear(rows, count, dim, k, metric, pause)
  return search.find(rows, count, dim, k, metric, pause)
}

const now = (): number => performance.now()

/** The problem that both backends solve: about 10 ms of one core. */
const trial = { count: 2048, dim: 64, k: 15 }
const trialMs = 25

function systemPorts(): BackendPorts {
  return {
    async probe() {
      const adapter = await requestAdapter()
      return adapter && { software: isSoftwareAdapter(adapter) }
    },
    open: async () => new GpuKernels(await GpuDevice.open(), now),
    calibrate: (gpu) => calibrate(gpu),
  }
}

/** Least milliseconds of the trial on both; compiling and the first run of each are left out. */
export async function calibrate(gpu: GpuKernels, count = trial.count): Promise<{ wasmMs: number; gpuMs: number }> {
  const { dim, k } = trial
  const rows = Float32Array.from({ length: count * dim }, (_, at) => hashUniform(at) - 0.5)
  const pause: Pause = () => Promise.resolve()
  const [wasm, webgpu] = await Promise.all([NeighborSearch.load(), gpu.neighbors()])
  const gpuMs = await leastMs(() => webgpu.find(rows, count, dim, k, 'euclidean', pause))
  const wasmMs = await leastMs(() => wasm.find(rows, count, dim, k, 'euclidean', pause))
  return { wasmMs, gpuMs }
}

async function leastMs(work: () => Promise<unknown>): Promise<number> {
  await work()
  const began = now()
  let least = Infinity
  let last = began
  do {
    const from = last
    await work()
    last = now()
    least = Math.min(least, last - from)
  } while (last - began < trialMs)
  return least
}
