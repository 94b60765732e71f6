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
import { fillPositions, takePositions } from './positions'
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
  spaceBytes(count: number): number
  beginSpace(count: number, workspace: number): void
  findSpaceField(positions: number): void
  moveSpacePoints: TsneExports['movePoints']
  centreSpace(positions: number): void
}

/** The parts of the kernel that lay points out: on a grid in the plane, or by pairs in space. */
interface Field {
  /** Floats of a point. */
  stride: 2 | 4
  layoutBytes(count: number): number
  beginLayout(count: number, workspace: number): void
  findField(positions: number): void
  movePoints: TsneExports['movePoints']
  centre(positions: number): void
}

export const defaultEpochs = 350
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
/** Exaggeration for a start that follows attention: it is arranged already, and 12 would undo half of that. */
export const followExaggeration = 5
const rowsPerSlice = 4096
/** Up to so many points pairs are done sooner than the grid, in the plane too. */
const fewPoints = 400

const fieldOf = (exports: TsneExports, dims: 2 | 3, count: number): Field =>
  dims === 2 && count > fewPoints
    ? {
        stride: 2,
        layoutBytes: exports.layoutBytes,
        beginLayout: exports.beginLayout,
        findField: exports.findField,
        movePoints: exports.movePoints,
        centre: exports.centre,
      }
    : {
        stride: 4,
        layoutBytes: exports.spaceBytes,
        beginLayout: exports.beginSpace,
        findField: exports.findSpaceField,
        movePoints: exports.moveSpacePoints,
        centre: exports.centreSpace,
      }

/** t-SNE in WASM. One run at a time; the memory is kept for the next one. */
export class TsneLayout {
  readonly #kernel: Kernel<TsneExports>

  constructor(kernel: Kernel<TsneExports>) {
    this.#kernel = kernel
  }

  static async load(): Promise<TsneLayout> {
    return new TsneLayout(await loadKernel<TsneExports>(new URL('../kernels/build/tsne.wasm', import.meta.url)))
  }

  /**
   * The repelling field of `points` [count,dims]: Σ over i ≠ j of w = 1/(1 + |yi − yj|²), and for each point Σ over j of
   * w²·(yi − yj). For tests against the sums themselves.
   */
  measureField(points: Float32Array, dims: 2 | 3 = 2): { sum: number; forces: Float32Array } {
    const kernel = this.#kernel
    const { exports } = kernel
    const count = points.length / dims
    const field = fieldOf(exports, dims, dims === 2 ? Infinity : count)
    kernel.reset()
    const graph = kernel.allocate(exports.graphBytes(count, 0) >>> 0)
    const layout = kernel.allocate(field.layoutBytes(count) >>> 0)
    const positions = kernel.allocate(count * field.stride * 4)
    fillPositions(kernel.float32(positions, count * field.stride), points, dims, field.stride)
    exports.beginGraph(0, 0, count, 0, graph)
    field.beginLayout(count, layout)
    field.findField(positions)
    const slopes = kernel.float32(exports.fieldSlopes(), count * field.stride)
    const forces = takePositions(slopes, count, dims, field.stride).map((slope) => -0.5 * slope)
    return { sum: exports.fieldSum(), forces }
  }

  /**
   * Positions [count,dims] of points that start at `start` [count,dims]. `slice` rows are moved between two pauses; it can't change
   * the result. With `gpu` a layout in the plane is done there, up to `mostTsnePoints` points. `earlyFactor` is the
   * early exaggeration.
   */
  async run(
    neighbors: Neighbors,
    start: Float32Array,
    perplexity: number,
    epochs: number,
    pause: Pause,
    slice = rowsPerSlice,
    gpu: GpuKernels | null = null,
    dims: 2 | 3 = 2,
    earlyFactor = exaggeration,
  ): Promise<Float32Array> {
    const { count, k } = neighbors
    if (k === 0) return start.slice()
    const kernel = this.#kernel
    const { exports } = kernel
    kernel.reset()
    const indices = kernel.allocate(count * k * 4)
    const distances = kernel.allocate(count * k * 4)
    const graph = kernel.allocate(exports.graphBytes(count, k) >>> 0)
    const field = fieldOf(exports, dims, count)
    const { stride } = field
    const layout = kernel.allocate(field.layoutBytes(count) >>> 0)
    let source = kernel.allocate(count * stride * 4)
    let target = kernel.allocate(count * stride * 4)
    kernel.int32(indices, count * k).set(neighbors.indices)
    kernel.float32(distances, count * k).set(neighbors.distances)
    fillPositions(kernel.float32(source, count * stride), start, dims, stride)

    exports.beginGraph(indices, distances, count, k, graph)
    for (let from = 0; from < count; from += slice) {
      exports.weighAffinities(from, Math.min(count, from + slice), Math.min(perplexity, k))
      await pause(0, 1)
    }
    exports.joinAffinities()

    const early = Math.round(epochs * earlyShare)
    const rate = Math.max(count / exaggeration, leastRate)
    const stepOf = (epoch: number): [exaggeration: number, momentum: number] =>
      epoch < early ? [earlyFactor, earlyMomentum] : [1, lateMomentum]
    if (gpu && dims === 2 && count <= mostTsnePoints) {
      const graph = takeGraph(kernel, count)
      return (await gpu.tsne()).run(graph, start, { epochs, rate, stepOf }, pause)
    }
    field.beginLayout(count, layout)
    for (let epoch = 0; epoch < epochs; epoch++) {
      field.findField(source)
      for (let from = 0; from < count; from += slice) {
        const to = Math.min(count, from + slice)
        const [factor, momentum] = stepOf(epoch)
        field.movePoints(from, to, source, target, factor, momentum, rate)
        await pause(epoch + to / count, epochs)
      }
      field.centre(target)
      ;[source, target] = [target, source]
    }
    return takePositions(kernel.float32(source, count * stride), count, dims, stride)
  }
}

/** Principal coordinates with a small standard deviation along the widest axis, and a seeded jitter. */
function startFrom(pca: Float32Array, dims: 2 | 3, seed: number, headIndex: number): Float32Array {
  const count = pca.length / dims
  let widest = 0
  for (let axis = 0; axis < dims; axis++) {
    let square = 0
    for (let at = axis; at < pca.length; at += dims) square += pca[at]! ** 2
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

async function loadEngine(): Promise<Engine> {
  const [search, layout] = await Promise.all([NeighborSearch.load(), TsneLayout.load()])
  return { search, layout }
}

/** t-SNE of queries and keys together, turned onto their principal axes: [n+m,dims]. */
export async function computeTsne(joint: JointVectors, context: HeadContext): Promise<Float32Array> {
  const { settings, spans, gpu = null } = context
  const { dims, metric, perplexity } = settings
  const { n, m, dim } = joint
  const count = n + m
  const engine = idle.pop() ?? (await loadEngine())
  try {
    const rows = new Float32Array(count * dim)
    rows.set(joint.q.subarray(0, n * dim))
    rows.set(joint.k.subarray(0, m * dim), n * dim)
    const k = Math.ceil(3 * perplexity)
    const findPause: Pause = (done, total) => context.pause(0.3 * done, total)
    const neighbors = await findNeighbors(gpu, engine.search, rows, count, dim, k, metric, findPause)
    const pca = await computePca(joint, metric, dims, spans, gpu)
    const { start, earlyFactor } = await findStart(joint, pca, context)
    const epochs = Math.max(1, Math.floor(settings.epochs ?? defaultEpochs))
    const layoutPause: Pause = (done, total) => context.pause(0.3 + (0.7 * done) / total, 1)
    const points = await engine.layout.run(
      neighbors,
      start,
      perplexity,
      epochs,
      layoutPause,
      rowsPerSlice,
      gpu,
      dims,
      earlyFactor,
    )
    alignTo(points, pca, dims)
    return points
  } finally {
    idle.push(engine)
  }
}

/** The classic start, or as far as `settings.follow` asks for it one that is fitted to the head's attention. */
export async function findStart(
  joint: JointVectors,
  pca: Float32Array,
  context: HeadContext,
): Promise<{ start: Float32Array; earlyFactor: number }> {
  const { settings, headIndex } = context
  const { dims, metric, seed, follow } = settings
  const classic = startFrom(pca, dims, seed, headIndex)
  const fitted = follow > 0 ? await fitPicture(joint, metric, pca, dims, followInput(context)) : null
  if (!fitted) return { start: classic, earlyFactor: exaggeration }
  const spread = followSpread * Math.sqrt(Math.sqrt(joint.n + joint.m))
  return {
    start: blendStarts(classic, startFrom(fitted, dims, seed, headIndex), follow, startSpread, spread),
    earlyFactor: exaggeration + follow * (followExaggeration - exaggeration),
  }
}

export const projection: Projection = { id: 'tsne', usesGpu: () => true, project: computeTsne }
