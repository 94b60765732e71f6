import { AppError } from '../core/errors'
import { hashUniform } from '../core/random'
import type { JointVectors } from '../core/types'
import type { GpuKernels } from '../gpu/kernels'
import { mostTsnePoints } from '../gpu/tsne'
import { findNeighbors } from './backend'
import { blendStarts, fitPicture, followInput } from './follow'
import { takeGraph } from './gpu-graph'
import { type Kernel, loadKernel } from './kernel'
import { type Neighbors, NeighborSearch, type Pause } from './neighbors'
import { computePca } from './pca'
import { alignTo } from './procrustes'
import type { HeadContext, Projection } from './types'

interface TsneExports {
  graphBytes(count: number, k: number): number
  beginGraph(indices: number, distances: number, count: number, k: number, workspace: number): void
  weighAffinities(from: number, to: number, perplexity: number): void
  joinAffinities(): number
  graphStarts(): number
  graphPoints(): number
  graphWeights(): number
  layoutBytes(count: number): number
  beginLayout(count: number, workspace: number): void
  findField(positions: number): void
  fieldSum(): number
  fieldSlopes(): number
  movePoints(
    from: number,
    to: number,
    source: number,
    target: number,
    exaggeration: number,
    momentum: number,
    rate: number,
  ): void
  centre(positions: number): void
}

const defaultEpochs = 350
/** Share of the epochs in which attraction is exaggerated. */
const earlyShare = 100 / 350
const exaggeration = 12
const earlyMomentum = 0.5
const lateMomentum = 0.8
const leastRate = 50
/** Standard deviation of the start along its widest axis: small, so that points can still pass each other. */
const startSpread = 0.01
/** Spread of a start that follows attention, for the fourth root of the number of points: about that of a finished layout. */
export const followSpread = 2.05
const rowsPerSlice = 4096

/** t-SNE in the plane in WASM. One run at a time; the memory is kept for the next one. */
export class TsneLayout {
  readonly #kernel: Kernel<TsneExports>

  constructor(kernel: Kernel<TsneExports>) {
    this.#kernel = kernel
  }

  static async load(): Promise<TsneLayout> {
    return new TsneLayout(await loadKernel<TsneExports>(new URL('../kernels/build/tsne.wasm', import.meta.url)))
  }

  /**
   * The repelling field of `points` [count,2]: Σ over i ≠ j of w = 1/(1 + |yi − yj|²), and for each point Σ over j of
   * w²·(yi − yj). For tests against the sums themselves.
   */
  measureField(points: Float32Array): { sum: number; forces: Float32Array } {
    const kernel = this.#kernel
    const { exports } = kernel
    const count = points.length / 2
    kernel.reset()
    const graph = kernel.allocate(exports.graphBytes(count, 0) >>> 0)
    const layout = kernel.allocate(exports.layoutBytes(count) >>> 0)
    const positions = kernel.allocate(count * 8)
    kernel.float32(positions, count * 2).set(points)
    exports.beginGraph(0, 0, count, 0, graph)
    exports.beginLayout(count, layout)
    exports.findField(positions)
    const forces = kernel.float32(exports.fieldSlopes(), count * 2).map((slope) => -0.5 * slope)
    return { sum: exports.fieldSum(), forces }
  }

  /**
   * Positions [count,2] of points that start at `start` [count,2]. `slice` rows are moved between two pauses; it can't change
   * the result. With `gpu` the layout is done there, up to `mostTsnePoints` points.
   */
  async run(
    neighbors: Neighbors,
    start: Float32Array,
    perplexity: number,
    epochs: number,
    pause: Pause,
    slice = rowsPerSlice,
    gpu: GpuKernels | null = null,
  ): Promise<Float32Array> {
    const { count, k } = neighbors
    if (k === 0) return start.slice()
    const kernel = this.#kernel
    const { exports } = kernel
    kernel.reset()
    const indices = kernel.allocate(count * k * 4)
    const distances = kernel.allocate(count * k * 4)
    const graph = kernel.allocate(exports.graphBytes(count, k) >>> 0)
    const layout = kernel.allocate(exports.layoutBytes(count) >>> 0)
    let source = kernel.allocate(count * 8)
    let target = kernel.allocate(count * 8)
    kernel.int32(indices, count * k).set(neighbors.indices)
    kernel.float32(distances, count * k).set(neighbors.distances)
    kernel.float32(source, count * 2).set(start)

    exports.beginGraph(indices, distances, count, k, graph)
    for (let from = 0; from < count; from += slice) {
      exports.weighAffinities(from, Math.min(count, from + slice), Math.min(perplexity, k))
      await pause(0, 1)
    }
    exports.joinAffinities()

    const early = Math.round(epochs * earlyShare)
    const rate = Math.max(count / exaggeration, leastRate)
    const stepOf = (epoch: number): [exaggeration: number, momentum: number] =>
      epoch < early ? [exaggeration, earlyMomentum] : [1, lateMomentum]
    if (gpu && count <= mostTsnePoints) {
      const graph = takeGraph(kernel, count)
      return (await gpu.tsne()).run(graph, start, { epochs, rate, stepOf }, pause)
    }
    exports.beginLayout(count, layout)
    for (let epoch = 0; epoch < epochs; epoch++) {
      exports.findField(source)
      for (let from = 0; from < count; from += slice) {
        const to = Math.min(count, from + slice)
        const [factor, momentum] = stepOf(epoch)
        exports.movePoints(from, to, source, target, factor, momentum, rate)
        await pause(epoch + to / count, epochs)
      }
      exports.centre(target)
      ;[source, target] = [target, source]
    }
    return kernel.float32(source, count * 2).slice()
  }
}

/** Principal coordinates with a small standard deviation along the widest axis, and a seeded jitter. */
function startFrom(pca: Float32Array, seed: number, headIndex: number): Float32Array {
  const count = pca.length / 2
  let widest = 0
  for (let axis = 0; axis < 2; axis++) {
    let square = 0
    for (let at = axis; at < pca.length; at += 2) square += pca[at]! ** 2
    widest = Math.max(widest, Math.sqrt(square / count))
  }
  const scale = widest > 0 ? startSpread / widest : 0
  return pca.map(
    (value, at) => value * scale + 0.01 * startSpread * (hashUniform(seed, headIndex, 0x7fffffff, at) - 0.5),
  )
}

interface Engine {
  search: NeighborSearch
  layout: TsneLayout
}

/** Engines that no job uses at the moment; a second job at the same time gets its own. */
const idle: Engine[] = []

/** t-SNE of queries and keys together, turned onto their principal axes: [n+m,2]. Throws NOT_AVAILABLE for three dimensions. */
export async function computeTsne(joint: JointVectors, context: HeadContext): Promise<Float32Array> {
  const { settings, spans, gpu = null } = context
  const { metric, perplexity } = settings
  const { n, m, dim } = joint
  const count = n + m
  if (settings.dims !== 2) {
    throw new AppError('NOT_AVAILABLE', 't-SNE is drawn in two dimensions only: choose 2-D, or UMAP or PCA for 3-D.')
  }
  const engine = idle.pop() ?? { search: await NeighborSearch.load(), layout: await TsneLayout.load() }
  try {
    const rows = new Float32Array(count * dim)
    rows.set(joint.q.subarray(0, n * dim))
    rows.set(joint.k.subarray(0, m * dim), n * dim)
    const k = Math.ceil(3 * perplexity)
    const findPause: Pause = (done, total) => context.pause(0.3 * done, total)
    const neighbors = await findNeighbors(gpu, engine.search, rows, count, dim, k, metric, findPause)
    const pca = await computePca(joint, metric, 2, spans, gpu)
    const start = findStart(joint, pca, context)
    const epochs = Math.max(1, Math.floor(settings.epochs ?? defaultEpochs))
    const layoutPause: Pause = (done, total) => context.pause(0.3 + (0.7 * done) / total, 1)
    const points = await engine.layout.run(neighbors, start, perplexity, epochs, layoutPause, rowsPerSlice, gpu)
    alignTo(points, pca, 2)
    return points
  } finally {
    idle.push(engine)
  }
}

/** The classic start, or as far as `settings.follow` asks for it one that is fitted to the head's attention. */
function findStart(joint: JointVectors, pca: Float32Array, context: HeadContext): Float32Array {
  const { settings, headIndex } = context
  const { metric, seed, follow } = settings
  const classic = startFrom(pca, seed, headIndex)
  const fitted = follow > 0 ? fitPicture(joint, metric, pca, 2, followInput(context)) : null
  if (!fitted) return classic
  const spread = followSpread * Math.sqrt(Math.sqrt(joint.n + joint.m))
  return blendStarts(classic, startFrom(fitted, seed, headIndex), follow, startSpread, spread)
}

export const projection: Projection = { id: 'tsne', usesGpu: () => true, project: computeTsne }
