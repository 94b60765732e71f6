import { createRandom, hashUniform } from '../../src/core/random'
import type { HeadVectors, ProjectionId, ProjectionSettings } from '../../src/core/types'
import { findNeighbors } from '../../src/projections/backend'
import { NeighborSearch } from '../../src/projections/neighbors'
import { computePca } from '../../src/projections/pca'
import { ProjectionEngine } from '../../src/projections/project'
import { startFrom, UmapLayout } from '../../src/projections/umap'
import type { ProjectionJob, TakeFloats } from '../../src/rpc/contracts'
import { ProjectionPool } from '../../src/rpc/projection-pool'
import { defaultSettings } from '../../src/state/settings'
import goldenInfo from '../../tests/goldens/projections/head.json'
import goldenAddress from '../../tests/goldens/projections/head.f32?url'
import { trustworthiness } from '../../tests/helpers/trustworthiness'
import { allPairs, barnesHut, embeddingAtlas } from './peers'

/** Bytes by which WASM memories of this page have grown. */
let grownBytes = 0
const { grow } = WebAssembly.Memory.prototype
WebAssembly.Memory.prototype.grow = function (pages) {
  grownBytes += pages * 65_536
  return grow.call(this, pages)
}

/** Deterministic stand-in for a head: 300 kinds of tokens of falling frequency, a drift with position, falling variance of axes. */
function syntheticHead(count: number, dim: number, seed: number): HeadVectors {
  const random = createRandom(seed)
  const normal = () => (random() + random() + random() + random() - 2) * Math.sqrt(3)
  const axis = Array.from({ length: dim }, (_, column) => 1 / Math.sqrt(1 + column / 6))
  const kinds = 300
  const table = () => Float32Array.from({ length: kinds * dim }, (_, at) => normal() * axis[at % dim]!)
  const drift = Array.from({ length: dim }, (_, column) => normal() * axis[column]!)
  const kindOf = Array.from({ length: count }, () => Math.floor(kinds * random() ** 2.5))
  const fill = (centres: Float32Array) =>
    Float32Array.from({ length: count * dim }, (_, at) => {
      const row = Math.floor(at / dim)
      const column = at % dim
      const position = Math.sin(((row % 40) / 40) * 3 + column)
      return centres[kindOf[row]! * dim + column]! + position * drift[column]! + 0.5 * normal() * axis[column]!
    })
  return { q: fill(table()), k: fill(table()), n: count, m: count, dim, scale: 1 / Math.sqrt(dim) }
}

function createJob(
  vectors: HeadVectors,
  settings: Partial<ProjectionSettings>,
  headIndex = 0,
  take: TakeFloats = (length) => new Float32Array(length),
): ProjectionJob {
  const { q, k, n, m } = vectors
  const copy = (values: Float32Array) => {
    const floats = take(values.length)
    floats.set(values)
    return floats
  }
  return {
    vectors: { ...vectors, q: copy(q), k: copy(k) },
    spans: [{ queryStart: 0, queries: n, keyStart: 0, keys: m }],
    causal: false,
    special: new Uint8Array(n),
    settings: {
      ...defaultSettings,
      projection: 'umap',
      ...settings,
    },
    figures: false,
    points: null,
    headIndex,
  }
}

/** Milliseconds of one head, start to end. */
async function oneHead(projection: ProjectionId, dims: 2 | 3, points: number, dim: number): Promise<number> {
  const engine = new ProjectionEngine()
  const job = createJob(syntheticHead(points / 2, dim, 1), { projection, dims })
  const began = performance.now()
  await engine.project(job)
  return performance.now() - began
}

/** Milliseconds of the parts of one UMAP. */
async function parts(dims: 2 | 3, points: number, dim: number) {
  const { q, k, n, m } = syntheticHead(points / 2, dim, 1)
  const rows = new Float32Array(points * dim)
  rows.set(q)
  rows.set(k, q.length)
  const pause = () => Promise.resolve()
  const search = await NeighborSearch.load()
  const layout = await UmapLayout.load()
  const began = performance.now()
  const neighbors = await findNeighbors(null, search, rows, points, dim, 16, 'cosine', pause)
  const found = performance.now()
  const pca = await computePca({ q, k, n, m, dim, c: 1, shift: new Float32Array(dim) }, 'cosine', dims, [])
  const projected = performance.now()
  const settings = { dims, metric: 'cosine', neighbors: 15, mindist: 0.1, epochs: null, seed: 0, headIndex: 0 } as const
  await layout.run(neighbors, startFrom(pca, dims, 0, 0), settings, pause)
  return { neighbors: found - began, pca: projected - found, layout: performance.now() - projected }
}

/** Bytes of WASM memory that one job of this page takes, and what the same job adds later. */
async function memory(dims: 2 | 3, points: number, dim: number) {
  await oneHead('pca', dims, 64, dim)
  const before = grownBytes
  await oneHead('umap', dims, points, dim)
  const first = grownBytes - before
  for (let head = 0; head < 5; head++) await oneHead('umap', dims, points, dim)
  return { first, later: grownBytes - before - first }
}

/** Trustworthiness@12 of our picture of the reference head (L3 H9 of a sentence encoder, 10,042 points, d 32), over every 40th point. */
async function quality(projection: ProjectionId, dims: 2 | 3): Promise<number> {
  const floats = new Float32Array(await (await fetch(goldenAddress)).arrayBuffer())
  const { n, d } = goldenInfo
  const vectors = { q: floats.slice(0, n * d), k: floats.slice(n * d), n, m: n, dim: d, scale: 1 / Math.sqrt(d) }
  const { points, shift } = await new ProjectionEngine().project(createJob(vectors, { projection, dims }))
  const rows = new Float32Array(2 * n * d)
  rows.set(vectors.q)
  rows.set(
    vectors.k.map((value, at) => value + shift[at % d]!),
    n * d,
  )
  return trustworthiness(rows, d, points, dims, 12, 'cosine', 40)
}

/** Milliseconds of a head's figures, trust among them, for a picture that is there. */
async function figures(points: number, dim: number): Promise<number> {
  const engine = new ProjectionEngine()
  const head = syntheticHead(points / 2, dim, 1)
  const { points: picture } = await engine.project(createJob(head, { projection: 'pca' }))
  // Sequences of 40 tokens, as texts have them.
  const length = 40
  const spans = Array.from({ length: head.n / length }, (_, at) => ({
    queryStart: at * length,
    queries: length,
    keyStart: at * length,
    keys: length,
  }))
  const began = performance.now()
  await engine.project({ ...createJob(head, { projection: 'pca' }), spans, figures: true, points: picture })
  return performance.now() - began
}

/** The longest milliseconds from a cancel to the end of a job's work, of cancels all over the job. */
async function cancelLatency(projection: ProjectionId, points: number, dim: number): Promise<number> {
  const head = syntheticHead(points / 2, dim, 1)
  let longest = 0
  for (let share = 0.05; share < 1; share += 0.1) {
    const engine = new ProjectionEngine()
    let asked = 0
    await engine
      .project(createJob(head, { projection }), (done, total) => {
        if (asked > 0 || done / total < share) return
        asked = performance.now()
        void engine.cancel()
      })
      .catch(() => undefined)
    if (asked > 0) longest = Math.max(longest, performance.now() - asked)
  }
  return longest
}

/** Milliseconds of the peers on the head that `oneHead` draws. */
const peers = {
  embeddingAtlas: (points: number, dim: number) => embeddingAtlas(syntheticHead(points / 2, dim, 1)),
  barnesHut: (points: number, dim: number, epochs: number) => barnesHut(syntheticHead(points / 2, dim, 1), epochs),
  allPairs: async (points: number, dim: number, epochs: number) => allPairs(syntheticHead(points / 2, dim, 1), epochs),
}

/** SHA-256 of a picture of hashed numbers, to compare engines: tests/unit/projections/umap.test.ts pins it. */
async function hash(dims: 2 | 3, count: number, dim: number, settings: Partial<ProjectionSettings>): Promise<string> {
  const fill = (seed: number) =>
    Float32Array.from({ length: count * dim }, (_, at) => hashUniform(seed, at) + hashUniform(seed, at, 1) - 1)
  const vectors = { q: fill(1), k: fill(2), n: count, m: count, dim, scale: 1 }
  const { points } = await new ProjectionEngine().project(createJob(vectors, { ...settings, dims }))
  const digest = await crypto.subtle.digest('SHA-256', points.slice().buffer)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * Milliseconds of all heads through the pool of workers, each of `runs` times; the workers start with the first run. Vectors
 * are made before the clock starts.
 */
async function allHeads(
  projection: ProjectionId,
  dims: 2 | 3,
  heads: number,
  points: number,
  workers: number,
  runs = 1,
): Promise<number[]> {
  const pool = new ProjectionPool({
    size: workers,
    createWorker: () => new Worker(new URL('../../workers/projection.worker.ts', import.meta.url), { type: 'module' }),
  })
  const sources = Array.from({ length: 4 }, (_, seed) => syntheticHead(points / 2, 64, seed + 1))
  const projectOne = (head: number) =>
    new Promise<void>((resolve, reject) => {
      pool.add({
        head: { layer: Math.floor(head / 12), head: head % 12 },
        createJob: (take) => createJob(sources[head % sources.length]!, { projection, dims }, head, take),
        onDone: () => resolve(),
        onFailed: reject,
      })
    })
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const began = performance.now()
    await Promise.all(Array.from({ length: heads }, (_, head) => projectOne(head)))
    times.push(performance.now() - began)
  }
  pool.dispose()
  return times
}

declare global {
  interface Window {
    bench: unknown
  }
}
window.bench = { hash, oneHead, parts, memory, allHeads, quality, figures, cancelLatency, ...peers }
