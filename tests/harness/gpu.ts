// The page of tests/gpu/kernels.spec.ts: runs kernels on the GPU and in WASM on the same numbers, and answers with what differs.
import { hashIntegers, hashUniform } from '../../src/core/random'
import type { JointVectors, MetricId, ProjectionId, ProjectionSettings } from '../../src/core/types'
import { requestAdapter } from '../../src/gpu/adapter'
import { GpuDevice } from '../../src/gpu/device'
import { GpuKernels } from '../../src/gpu/kernels'
import { BackendChooser, calibrate } from '../../src/projections/backend'
import { NeighborSearch } from '../../src/projections/neighbors'
import { computePca } from '../../src/projections/pca'
import { ProjectionEngine } from '../../src/projections/project'
import { TsneLayout } from '../../src/projections/tsne'
import { startFrom, UmapLayout } from '../../src/projections/umap'
import type { ProjectionAnswer, ProjectionJob } from '../../src/rpc/contracts'
import { ProjectionPool } from '../../src/rpc/projection-pool'
import { drawPinned } from '../helpers/draw-pinned'
import { trustworthiness } from '../helpers/trustworthiness'

const now = () => performance.now()
const pause = () => Promise.resolve()

const openKernels = async () => new GpuKernels(await GpuDevice.open(), now)

let shared: Promise<GpuKernels> | null = null
const kernels = () => (shared ??= openKernels())

/** Rows [count,dim] around `clusters` centres of spread 3, each row of spread 1. */
function makeRows(count: number, dim: number, clusters: number, seed = 1): Float32Array {
  const normal = (a: number, b: number) =>
    [0, 1, 2, 3].reduce((sum, part) => sum + hashUniform(seed, a, b, part), -2) * Math.sqrt(3)
  return Float32Array.from({ length: count * dim }, (_, at) => {
    const [row, column] = [Math.floor(at / dim), at % dim]
    return 3 * normal(-1 - (row % clusters), column) + normal(row, column)
  })
}

const heads: Record<string, (count: number, dim: number) => Float32Array> = {
  clusters: (count, dim) => makeRows(count, dim, 8),
  zeros: (count, dim) => new Float32Array(count * dim),
  constant: (count, dim) => new Float32Array(count * dim).fill(-2.5),
  /** Each row five times, five of them zeros. */
  twins: (count, dim) => {
    const rows = makeRows(count, dim, 4)
    return rows.map((_, at) => {
      const row = Math.floor(at / dim) % Math.ceil(count / 5)
      return row === 1 ? 0 : rows[row * dim + (at % dim)]!
    })
  },
  tiny: (count, dim) => makeRows(count, dim, 3).map((value) => value * 1e-30),
  huge: (count, dim) => makeRows(count, dim, 3).map((value) => value * 1e37),
  outlier: (count, dim) => makeRows(count, dim, 3).map((value, at) => (at < dim ? value * 100 : value)),
  /** Float32 can't tell these apart once they are of length 1. */
  parallel: (count, dim) => makeRows(count, dim, 1).map((value, at) => 1e6 * ((at % dim) + 1) + value),
  /** Two heaps, each far smaller than their distance. */
  heaps: (count, dim) => makeRows(count, dim, 1).map((value, at) => (Math.floor(at / dim) % 2) * 1e7 + value),
  broken: (count, dim) => makeRows(count, dim, 1).fill(NaN, 3 * dim, 3 * dim + 1),
}

/** Adds a head that the test brings. */
function addHead(name: string, rows: number[]): void {
  heads[name] = () => Float32Array.from(rows)
}

function jointOf(rows: Float32Array, dim: number): JointVectors {
  const count = rows.length / dim
  const n = Math.ceil(count / 2)
  const shift = new Float32Array(dim)
  return { q: rows.slice(0, n * dim), k: rows.slice(n * dim), n, m: count - n, dim, c: 1, shift }
}

/** How far the GPU's neighbours are from the exact ones. */
async function compareNeighbors(head: string, count: number, dim: number, k: number, metric: MetricId) {
  const rows = heads[head]!(count, dim)
  const gpu = await kernels()
  const found = await (await gpu.neighbors()).find(rows, count, dim, k, metric, pause)
  const exact = await (await NeighborSearch.load()).find(rows, count, dim, k, metric)
  let worst = 0
  let others = 0
  let unsorted = 0
  let own = 0
  for (let at = 0; at < exact.indices.length; at++) {
    const row = Math.floor(at / exact.k)
    const scale = Math.max(exact.distances[row * exact.k + exact.k - 1]!, 1e-30)
    // Where two are as far as each other, either may stand here: distances decide, indices are counted.
    worst = Math.max(worst, Math.abs(found.distances[at]! - exact.distances[at]!) / scale)
    if (found.indices[at] !== exact.indices[at]) others++
    if (at % exact.k > 0 && found.distances[at]! < found.distances[at - 1]!) unsorted++
    if (found.indices[at] === row) own++
  }
  let repeated = 0
  for (let row = 0; row < count; row++) {
    if (new Set(found.indices.subarray(row * found.k, (row + 1) * found.k)).size < found.k) repeated++
  }
  return {
    k: found.k,
    worst,
    others: exact.indices.length > 0 ? others / exact.indices.length : 0,
    unsorted,
    own,
    repeated,
    uncertain: found.uncertain,
    bytes: gpu.device.bytes,
  }
}

/** Largest deviation of the GPU's scatter from float64 sums, as a share of the largest value. */
async function compareScatter(count: number, dim: number) {
  const rows = makeRows(count, dim, 5)
  const means = new Float64Array(dim)
  rows.forEach((value, at) => (means[at % dim]! += value / count))
  const found = await (await (await kernels()).covariance()).findScatter(rows, count, dim, means)
  let worst = 0
  let largest = 0
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < dim; j++) {
      let sum = 0
      for (let row = 0; row < count; row++) {
        sum += (rows[row * dim + i]! - means[i]!) * (rows[row * dim + j]! - means[j]!)
      }
      largest = Math.max(largest, Math.abs(sum))
      worst = Math.max(worst, Math.abs(found[i * dim + j]! - sum))
    }
  }
  return worst / largest
}

/** Largest difference of two pictures of a head large enough for the GPU, as a share of the spread. */
async function comparePca(count: number, dim: number, dims: 2 | 3) {
  const joint = jointOf(makeRows(count, dim, 5), dim)
  const spans = [{ queryStart: 0, queries: joint.n, keyStart: 0, keys: joint.m }]
  const wasm = await computePca(joint, 'cosine', dims, spans)
  const webgpu = await computePca(joint, 'cosine', dims, spans, await kernels())
  const largest = wasm.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const worst = wasm.reduce((most, value, at) => Math.max(most, Math.abs(value - webgpu[at]!)), 0)
  return { share: worst / largest, same: worst === 0 }
}

/** After one epoch: the largest difference of a position, as a share of the largest move. */
async function compareUmapEpoch(count: number, dims: 2 | 3) {
  const rows = makeRows(count, 16, 8)
  const neighbors = await (await NeighborSearch.load()).find(rows, count, 16, 14, 'cosine')
  const start = startFrom(await computePca(jointOf(rows, 16), 'cosine', dims, []), dims, 0, 0)
  const settings = { dims, metric: 'cosine', neighbors: 15, mindist: 0.1, epochs: 1, seed: 3, headIndex: 5 } as const
  const layout = await UmapLayout.load()
  const wasm = await layout.run(neighbors, start, settings, pause)
  const webgpu = await layout.run(neighbors, start, settings, pause, undefined, await kernels())
  const moved = wasm.reduce((most, value, at) => Math.max(most, Math.abs(value - start[at]!)), 0)
  const apart = wasm.reduce((most, value, at) => Math.max(most, Math.abs(value - webgpu[at]!)), 0)
  return { share: apart / moved, moved, bytes: (await kernels()).device.bytes }
}

/** Largest deviation of the GPU's field from float64 sums, as a share of the largest. */
async function compareField(count: number) {
  const points = Float32Array.from({ length: count * 2 }, (_, at) => 20 * hashUniform(7, at) - 10)
  const found = await (await (await kernels()).tsne()).measureField(points)
  let sum = 0
  let worst = 0
  let largest = 0
  for (let i = 0; i < count; i++) {
    const force = [0, 0]
    for (let j = 0; j < count; j++) {
      const x = points[2 * i]! - points[2 * j]!
      const y = points[2 * i + 1]! - points[2 * j + 1]!
      const weight = 1 / (1 + x * x + y * y)
      if (i !== j) sum += weight
      force[0]! += weight * weight * x
      force[1]! += weight * weight * y
    }
    for (let axis = 0; axis < 2; axis++) {
      largest = Math.max(largest, Math.abs(force[axis]!))
      worst = Math.max(worst, Math.abs(found.forces[2 * i + axis]! - force[axis]!))
    }
  }
  return { forces: worst / largest, sum: Math.abs(found.sum / sum - 1) }
}

/** After few epochs, before chaos: the largest difference of a position, as a share of the largest move. */
async function compareTsneEpochs(count: number, epochs: number) {
  const rows = makeRows(count, 16, 8)
  const neighbors = await (await NeighborSearch.load()).find(rows, count, 16, 45, 'cosine')
  const start = startFrom(await computePca(jointOf(rows, 16), 'cosine', 2, []), 2, 0, 0)
  const layout = await TsneLayout.load()
  const wasm = await layout.run(neighbors, start, 15, epochs, pause)
  const webgpu = await layout.run(neighbors, start, 15, epochs, pause, undefined, await kernels())
  const moved = wasm.reduce((most, value, at) => Math.max(most, Math.abs(value - start[at]!)), 0)
  const apart = wasm.reduce((most, value, at) => Math.max(most, Math.abs(value - webgpu[at]!)), 0)
  return { share: apart / moved, bytes: (await kernels()).device.bytes }
}

function createJob(
  head: string,
  count: number,
  dim: number,
  settings: Partial<ProjectionSettings>,
  backend: ProjectionJob['backend'],
): ProjectionJob {
  const { q, k, n, m } = jointOf(heads[head]!(count, dim), dim)
  return {
    vectors: { q, k, n, m, dim, scale: 1 / Math.sqrt(dim) },
    spans: [{ queryStart: 0, queries: n, keyStart: 0, keys: m }],
    causal: false,
    special: new Uint8Array(n),
    keySpecial: new Uint8Array(m),
    settings: {
      joint: 'raw',
      projection: 'umap',
      dims: 2,
      metric: 'cosine',
      seed: 0,
      neighbors: 15,
      mindist: 0.1,
      perplexity: 15,
      epochs: null,
      follow: 0,
      ...settings,
    },
    figures: false,
    points: null,
    headIndex: 0,
    ...(backend ? { backend } : {}),
  }
}

const withoutPoints = ({ points, backend, backendReason }: ProjectionAnswer) => ({
  length: points.length,
  finite: points.every(Number.isFinite),
  backend,
  reason: backendReason,
})

/** The same head on both backends, through the engine that workers run. */
async function comparePictures(
  head: string,
  count: number,
  projection: ProjectionId,
  dims: 2 | 3,
  metric: MetricId,
  epochs: number | null = null,
) {
  const dim = 32 // of the real head, too
  const engine = new ProjectionEngine()
  const settings = { projection, dims, metric, epochs }
  const rows = heads[head]!(count, dim)
  const draw = (backend: ProjectionJob['backend']) => engine.project(createJob(head, count, dim, settings, backend))
  const [webgpu, wasm, absent] = [await draw('webgpu'), await draw('wasm'), await draw(undefined)]
  const trust = ({ points }: ProjectionAnswer) => trustworthiness(rows, dim, points, dims, 12, metric)
  const correlation = (axis: number) => {
    const [x, y] = [wasm, webgpu].map(({ points }) => points.filter((_, at) => at % dims === axis))
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length
    const [mx, my] = [mean(x!), mean(y!)]
    let [xy, xx, yy] = [0, 0, 0]
    for (const [at, value] of x!.entries()) {
      xy += (value - mx) * (y![at]! - my)
      xx += (value - mx) ** 2
      yy += (y![at]! - my) ** 2
    }
    return xy / Math.sqrt(xx * yy)
  }
  return {
    webgpu: withoutPoints(webgpu),
    wasm: withoutPoints(wasm),
    trust: { webgpu: trust(webgpu), wasm: trust(wasm) },
    correlations: Array.from({ length: dims }, (_, axis) => correlation(axis)),
    same: webgpu.points.every((value, at) => value === wasm.points[at]),
    absentIsWasm: absent.points.every((value, at) => value === wasm.points[at]),
  }
}

/** One head on the GPU of a dedicated worker, as the app does it. */
async function projectInWorker(count: number, backend: ProjectionJob['backend']) {
  const pool = new ProjectionPool({
    size: 1,
    createWorker: () => new Worker(new URL('../../workers/projection.worker.ts', import.meta.url), { type: 'module' }),
  })
  try {
    const answer = await new Promise<ProjectionAnswer>((resolve, reject) => {
      pool.add({
        head: { layer: 0, head: 0 },
        createJob: () => createJob('clusters', count, 16, { epochs: 20 }, backend),
        onDone: resolve,
        onFailed: reject,
      })
    })
    return { ...withoutPoints(answer), spent: answer.spent?.map(({ byteLength }) => byteLength) }
  } finally {
    pool.dispose()
  }
}

/** A device that is taken away in the middle of a job. */
async function loseDevice() {
  const opened: GpuKernels[] = []
  const chooser = new BackendChooser({
    probe: () => Promise.resolve({ software: false }),
    async open() {
      const gpu = await openKernels()
      opened.push(gpu)
      return gpu
    },
    calibrate: () => Promise.resolve({ wasmMs: 2, gpuMs: 1 }),
  })
  const engine = new ProjectionEngine(undefined, chooser)
  let reports = 0
  const first = await engine.project(createJob('clusters', 1000, 16, { epochs: 60 }, 'auto'), () => {
    if (reports++ === 1) opened[0]!.device.device.destroy()
  })
  const next = await engine.project(createJob('clusters', 1000, 16, { epochs: 20 }, 'auto'))
  const forced = await engine.project(createJob('clusters', 1000, 16, { epochs: 20 }, 'webgpu'))
  await chooser.dispose()
  return {
    first: withoutPoints(first),
    next: withoutPoints(next),
    forced: withoutPoints(forced),
    opened: opened.length,
    bytes: opened.map(({ device }) => device.bytes),
    lost: opened.map(({ device }) => device.lost?.code),
  }
}

const codeOf = (work: () => Promise<unknown>) =>
  work().then(
    () => 'no error',
    (error: { code?: string; details?: string; message: string }) => ({
      code: error.code,
      details: error.details ?? '',
      message: error.message,
    }),
  )

/** What bad work gives. */
async function makeMistakes() {
  const gpu = await GpuDevice.open()
  const { device } = gpu
  const limit = device.limits.maxStorageBufferBindingSize
  const mistakes = {
    code: await codeOf(async () => {
      const layout = await gpu.checked(() => gpu.bindings(['write']))
      await gpu.pipeline('bad', 'fn main( { }', 'main', layout)
    }),
    entry: await codeOf(async () => {
      const layout = await gpu.checked(() => gpu.bindings(['write']))
      await gpu.pipeline('bad', '@compute @workgroup_size(1) fn main() {}', 'other', layout)
    }),
    first: await codeOf(() =>
      gpu.checked(() => {
        device.createBuffer({ size: 16, usage: 0, label: 'first mistake' })
        device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.MAP_WRITE, label: 'second' })
      }),
    ),
    binding: await codeOf(() => gpu.checked(() => gpu.storage(limit + 4))),
    after: await codeOf(() => gpu.checked(() => gpu.storage(64))),
    thrown: await codeOf(() =>
      gpu.checked(() => {
        throw new Error('of the caller')
      }),
    ),
    balanced: await codeOf(() => gpu.checked(() => 0)),
  }
  gpu.dispose()
  return { ...mistakes, disposed: await codeOf(() => gpu.checked(() => 0)), bytes: gpu.bytes }
}

/** Ends a search and two layouts half way. */
async function cancelEach() {
  const gpu = await kernels()
  const stop = () => Promise.reject(new Error('stop'))
  const rows = makeRows(600, 16, 4)
  const neighbors = await (await NeighborSearch.load()).find(rows, 600, 16, 14, 'cosine')
  const start = Float32Array.from({ length: 1200 }, (_, at) => hashIntegers(at) / 2 ** 32)
  const settings = {
    dims: 2,
    metric: 'cosine',
    neighbors: 15,
    mindist: 0.1,
    epochs: 50,
    seed: 0,
    headIndex: 0,
  } as const
  const [umap, tsne] = [await UmapLayout.load(), await TsneLayout.load()]
  const ends = [
    await codeOf(async () => (await gpu.neighbors()).find(rows, 600, 16, 14, 'cosine', stop)),
    await codeOf(() => umap.run(neighbors, start, settings, stop, undefined, gpu)),
    await codeOf(() => tsne.run(neighbors, start, 5, 50, (done) => (done > 0 ? stop() : pause()), undefined, gpu)),
  ].map((end) => (typeof end === 'string' ? end : end.message))
  return { ends, bytes: gpu.device.bytes }
}

async function failedSearch() {
  return codeOf(async () => (await (await kernels()).neighbors()).find(heads.broken!(20, 8), 20, 8, 5, 'cosine', pause))
}

const hasAdapter = async () => (await requestAdapter()) !== null

const calibrateHere = async () => calibrate(await kernels(), 512)

const gpuTests = {
  addHead,
  calibrateHere,
  cancelEach,
  compareField,
  compareNeighbors,
  comparePca,
  comparePictures,
  compareScatter,
  compareTsneEpochs,
  compareUmapEpoch,
  drawPinned,
  failedSearch,
  hasAdapter,
  loseDevice,
  makeMistakes,
  projectInWorker,
}
export type GpuTests = typeof gpuTests

declare global {
  interface Window {
    gpuTests: GpuTests
  }
}
window.gpuTests = gpuTests
