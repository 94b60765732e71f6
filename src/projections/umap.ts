import { hashIntegers, hashUniform } from '../core/random'
import type { JointVectors, MetricId } from '../core/types'
import type { GpuKernels } from '../gpu/kernels'
import { findNeighbors } from './backend'
import { blendStarts, fitPicture, followInput } from './follow'
import { takeGraph } from './gpu-graph'
import { type Kernel, loadKernel } from './kernel'
import { type Neighbors, NeighborSearch, type Pause } from './neighbors'
import { computePca } from './pca'
import { fillPositions, takePositions } from './positions'
import { alignTo } from './procrustes'
import type { HeadContext, Projection } from './types'

export interface UmapExports {
  fitCurve(minDist: number, spread: number): void
  fittedA(): number
  fittedB(): number
  graphBytes(count: number, k: number): number
  beginGraph(indices: number, distances: number, count: number, k: number, workspace: number): void
  weighNeighbors(from: number, to: number, meanOfAll: number): void
  joinGraph(epochs: number): number
  graphStarts(): number
  graphPoints(): number
  graphWeights(): number
  positionBytes(count: number, dims: number): number
  wrapPositions(positions: number, dims: number): void
  layoutPlane: LayoutSlice
  layoutSpace: LayoutSlice
}

type LayoutSlice = (from: number, to: number, source: number, target: number, rate: number, stream: number) => void

export interface UmapSettings {
  dims: 2 | 3
  /** Points that a neighbourhood holds, the point itself included, as in umap-learn. */
  neighbors: number
  mindist: number
  epochs: number | null
  metric: MetricId
  seed: number
  /** Stream of seeded randomness. */
  headIndex: number
}

/** More turn the picture away from its start for no gain in neighbours (docs/decisions). */
const defaultEpochs = 150
/** Standard deviation of the start along its widest axis. */
const startSpread = 10
/** Where outliers of the start are held, in standard deviations. */
const startLimit = 4
/** So that points at one place can part. */
const startJitter = 1e-3
/** Spread of a start that follows attention, for the square root of the number of points: about that of a finished layout. */
export const followSpread = 0.32
/** First step of the layout; it falls to 0 linearly. */
const firstStep = 0.3
const rowsPerSlice = 4096

/** Graph and layout in WASM. One run at a time; the memory is kept for the next one. */
export class UmapLayout {
  readonly #kernel: Kernel<UmapExports>

  constructor(kernel: Kernel<UmapExports>) {
    this.#kernel = kernel
  }

  static async load(): Promise<UmapLayout> {
    return new UmapLayout(await loadKernel<UmapExports>(new URL('../kernels/build/umap.wasm', import.meta.url)))
  }

  /** a and b of the curve 1 / (1 + a·d^2b) that `mindist` asks for, with a spread of 1. */
  fitCurve(mindist: number): { a: number; b: number } {
    const { exports } = this.#kernel
    exports.fitCurve(mindist, 1)
    return { a: exports.fittedA(), b: exports.fittedB() }
  }

  /**
   * Positions [count,dims] of points that start at `start` [count,dims] and are pulled together along their neighbours.
   * `slice` rows are laid out between two pauses; it can't change the result. With `gpu` the layout is done there.
   */
  async run(
    neighbors: Neighbors,
    start: Float32Array,
    settings: UmapSettings,
    pause: Pause,
    slice = rowsPerSlice,
    gpu: GpuKernels | null = null,
  ): Promise<Float32Array> {
    const { dims } = settings
    const { count, k } = neighbors
    if (k === 0) return start.slice()
    const kernel = this.#kernel
    const { exports } = kernel
    const epochs = Math.max(1, Math.floor(settings.epochs ?? defaultEpochs))
    kernel.reset()
    const indices = kernel.allocate(count * k * 4)
    const distances = kernel.allocate(count * k * 4)
    const graph = kernel.allocate(exports.graphBytes(count, k) >>> 0)
    let source = kernel.allocate(exports.positionBytes(count, dims) >>> 0)
    let target = kernel.allocate(exports.positionBytes(count, dims) >>> 0)
    kernel.int32(indices, count * k).set(neighbors.indices)
    kernel.float32(distances, count * k).set(neighbors.distances)

    exports.fitCurve(settings.mindist, 1)
    exports.beginGraph(indices, distances, count, k, graph)
    exports.weighNeighbors(0, count, meanOfAll(neighbors))
    exports.joinGraph(epochs)

    const rateOf = (epoch: number) => firstStep * (1 - epoch / epochs)
    const streamOf = (epoch: number) => hashIntegers(settings.seed, settings.headIndex, epoch)
    if (gpu) {
      const [a, b] = [exports.fittedA(), exports.fittedB()]
      const layout = await gpu.umap()
      return layout.run(takeGraph(kernel, count), start, { dims, a, b, epochs, rateOf, streamOf }, pause)
    }
    const stride = dims === 2 ? 2 : 4
    fillPositions(kernel.float32(source, count * stride), start, dims, stride)
    exports.wrapPositions(source, dims)
    const layout = dims === 2 ? exports.layoutPlane : exports.layoutSpace
    for (let epoch = 0; epoch < epochs; epoch++) {
      const rate = rateOf(epoch)
      const stream = streamOf(epoch)
      for (let from = 0; from < count; from += slice) {
        const to = Math.min(count, from + slice)
        layout(from, to, source, target, rate, stream)
        await pause(epoch + to / count, epochs)
      }
      exports.wrapPositions(target, dims)
      ;[source, target] = [target, source]
    }
    return takePositions(kernel.float32(source, count * stride), count, dims, stride)
  }
}

/** Mean distance with each point's 0 to itself. */
function meanOfAll({ count, k, distances }: Neighbors): number {
  let sum = 0
  for (let index = 0; index < distances.length; index++) sum += distances[index]!
  return sum / (count * (k + 1))
}

/**
 * Where the layout starts: principal coordinates with a standard deviation of `startSpread` along the widest axis, far outliers
 * held near, and a seeded jitter.
 */
export function startFrom(pca: Float32Array, dims: 2 | 3, seed: number, headIndex: number): Float32Array {
  const count = pca.length / dims
  const start = new Float32Array(pca.length)
  let widest = 0
  const means = new Float64Array(dims)
  for (let axis = 0; axis < dims; axis++) {
    let sum = 0
    for (let at = axis; at < pca.length; at += dims) sum += pca[at]!
    means[axis] = sum / count
    let square = 0
    for (let at = axis; at < pca.length; at += dims) square += (pca[at]! - means[axis]!) ** 2
    widest = Math.max(widest, Math.sqrt(square / count))
  }
  const scale = widest > 0 ? startSpread / widest : 0
  const limit = startSpread * startLimit
  for (let at = 0; at < pca.length; at++) {
    const value = (pca[at]! - means[at % dims]!) * scale
    const jitter = startJitter * (2 * hashUniform(seed, headIndex, 0x7fffffff, at) - 1)
    start[at] = Math.max(-limit, Math.min(limit, value)) + jitter
  }
  return start
}

interface Engine {
  search: NeighborSearch
  layout: UmapLayout
}

/** Engines that no job uses at the moment; a second job at the same time gets its own. */
const idle: Engine[] = []

async function loadEngine(): Promise<Engine> {
  const [search, layout] = await Promise.all([NeighborSearch.load(), UmapLayout.load()])
  return { search, layout }
}

/** UMAP of queries and keys together, turned onto their principal axes: [n+m,dims]. */
export async function computeUmap(joint: JointVectors, context: HeadContext): Promise<Float32Array> {
  const { settings, headIndex, spans, gpu = null } = context
  const { dims, metric } = settings
  const { n, m, dim } = joint
  const count = n + m
  const engine = idle.pop() ?? (await loadEngine())
  try {
    const rows = new Float32Array(count * dim)
    rows.set(joint.q.subarray(0, n * dim))
    rows.set(joint.k.subarray(0, m * dim), n * dim)
    const findPause: Pause = (done, total) => context.pause(0.35 * done, total)
    const k = settings.neighbors - 1
    const neighbors = await findNeighbors(gpu, engine.search, rows, count, dim, k, metric, findPause)
    const pca = await computePca(joint, metric, dims, spans, gpu)
    const start = await findStart(joint, pca, context)
    const layoutPause: Pause = (done, total) => context.pause(0.35 + (0.65 * done) / total, 1)
    const umapSettings = { ...settings, headIndex }
    const points = await engine.layout.run(neighbors, start, umapSettings, layoutPause, rowsPerSlice, gpu)
    alignTo(points, pca, dims)
    return points
  } finally {
    idle.push(engine)
  }
}

/** The classic start, or as far as `settings.follow` asks for it one that is fitted to the head's attention. */
export async function findStart(joint: JointVectors, pca: Float32Array, context: HeadContext): Promise<Float32Array> {
  const { settings, headIndex } = context
  const { dims, metric, seed, follow } = settings
  const classic = startFrom(pca, dims, seed, headIndex)
  const fitted = follow > 0 ? await fitPicture(joint, metric, pca, dims, followInput(context)) : null
  if (!fitted) return classic
  const spread = followSpread * Math.sqrt(joint.n + joint.m)
  return blendStarts(classic, startFrom(fitted, dims, seed, headIndex), follow, startSpread, spread)
}

export const projection: Projection = { id: 'umap', usesGpu: () => true, project: computeUmap }
