import type { JointVectors, MetricId, Span } from '../core/types'
import type { GpuKernels } from '../gpu/kernels'
import { loadKernel, type Kernel } from './kernel'
import { orientAxes } from './orientation'
import type { Projection } from './types'

interface CovarianceExports {
  addRows(rows: number, from: number, to: number, dim: number, sums: number): void
  addScatter(rows: number, from: number, to: number, dim: number, means: number, centred: number, scatter: number): void
  projectRows(
    rows: number,
    from: number,
    to: number,
    dim: number,
    means: number,
    directions: number,
    axes: number,
    points: number,
  ): void
  normalizeRows(rows: number, from: number, to: number, dim: number): void
  workspaceBytes(dim: number): number
  findTopVectors(matrix: number, dim: number, count: number, values: number, vectors: number, workspace: number): void
}

const address = new URL('../kernels/build/covariance.wasm', import.meta.url)

let loading: Promise<Kernel<CovarianceExports>> | null = null

/** The kernel is used between two awaits only, so one instance serves all callers. */
function loadCovariance(): Promise<Kernel<CovarianceExports>> {
  loading ??= loadKernel<CovarianceExports>(address).catch((error: unknown) => {
    loading = null
    throw error
  })
  return loading
}

/** Instances that wait for the GPU are nobody else's meanwhile; these do not at the moment. */
const idle: Kernel<CovarianceExports>[] = []

/** Eigenvalues below this share of the largest are rounding: their axes are left empty. */
const emptyAxis = 1e-12

/** Products of the scatter below which WASM is done before the GPU could answer. */
const gpuProducts = 5e8

const worthTheWay = ({ n, m, dim }: JointVectors): boolean => (n + m) * dim * dim >= gpuProducts

/** Rows of the scratch block of the kernel's `addScatter`. */
const blockRows = 64

/**
 * Principal axes of queries and keys together: [n+m,dims], queries first. `cosine` takes the rows' directions (rows of length
 * 1, zeros stay), `euclidean` the rows as they are. Only + − × ÷ √ in a fixed order: the same bits in every engine, but for large
 * heads with `gpu`.
 */
export async function computePca(
  joint: JointVectors,
  metric: MetricId,
  dims: 2 | 3,
  spans: readonly Span[],
  gpu: GpuKernels | null = null,
): Promise<Float32Array> {
  if (!gpu || !worthTheWay(joint)) return drawAxes(await loadCovariance(), joint, metric, dims, spans, null)
  const kernel = idle.pop() ?? (await loadKernel<CovarianceExports>(address))
  try {
    return await drawAxes(kernel, joint, metric, dims, spans, gpu)
  } finally {
    idle.push(kernel)
  }
}

/** Awaits nothing without `gpu`. */
async function drawAxes(
  kernel: Kernel<CovarianceExports>,
  joint: JointVectors,
  metric: MetricId,
  dims: 2 | 3,
  spans: readonly Span[],
  gpu: GpuKernels | null,
): Promise<Float32Array> {
  const { n, m } = joint
  const count = n + m
  const dim = Math.ceil(joint.dim / 4) * 4
  kernel.reset()
  const rows = kernel.allocate(count * dim * 4)
  const means = kernel.allocate(dim * 8)
  const centred = kernel.allocate(blockRows * dim * 8)
  const scatter = kernel.allocate(dim * dim * 8)
  const values = kernel.allocate(dims * 8)
  const directions = kernel.allocate(dims * dim * 8)
  const workspace = kernel.allocate(kernel.exports.workspaceBytes(dim))
  const coordinates = kernel.allocate(count * dims * 4)

  copyRows(joint, dim, kernel.float32(rows, count * dim))
  if (metric === 'cosine') kernel.exports.normalizeRows(rows, 0, count, dim)

  const meanView = kernel.float64(means, dim).fill(0)
  kernel.exports.addRows(rows, 0, count, dim, means)
  for (let column = 0; column < dim; column++) meanView[column]! /= Math.max(1, count)
  if (gpu) {
    const covariance = await gpu.covariance()
    const sums = await covariance.findScatter(kernel.float32(rows, count * dim), count, dim, meanView)
    kernel.float64(scatter, dim * dim).set(sums)
  } else {
    kernel.float64(scatter, dim * dim).fill(0)
    kernel.exports.addScatter(rows, 0, count, dim, means, centred, scatter)
  }
  kernel.exports.findTopVectors(scatter, dim, dims, values, directions, workspace)
  const variances = kernel.float64(values, dims)
  for (let axis = 0; axis < dims; axis++) {
    if (variances[axis]! > emptyAxis * variances[0]!) continue
    kernel.float64(directions, dims * dim).fill(0, axis * dim, (axis + 1) * dim)
  }
  kernel.exports.projectRows(rows, 0, count, dim, means, directions, dims, coordinates)

  const points = kernel.float32(coordinates, count * dims).slice()
  orientAxes(points, n, m, dims, spans)
  return points
}

/** Queries, then keys, each row padded with zeros to `dim`, a multiple of 4. */
function copyRows(joint: JointVectors, dim: number, target: Float32Array): void {
  const { n, m, q, k } = joint
  if (dim === joint.dim) {
    target.set(q.subarray(0, n * dim))
    target.set(k.subarray(0, m * dim), n * dim)
    return
  }
  target.fill(0)
  for (let row = 0; row < n + m; row++) {
    const source = row < n ? q : k
    const start = (row < n ? row : row - n) * joint.dim
    target.set(source.subarray(start, start + joint.dim), row * dim)
  }
}

export const projection: Projection = {
  id: 'pca',
  usesGpu: worthTheWay,
  project: (joint, { settings, spans, gpu = null }) => computePca(joint, settings.metric, settings.dims, spans, gpu),
}
