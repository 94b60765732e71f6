import { browserRuntime } from '../../src/models/browser-runtime'
import { buildFeeds } from '../../src/models/feeds'
import { readModelConfig } from '../../src/models/model-config'
import { SerialQueue } from '../../src/models/queue'
import { TapSession } from '../../src/models/session'
import { vectorNames } from '../../src/models/taps'
import { patchModel } from '../../src/onnx/patch'
import { planModel } from '../../src/onnx/plan'
import { ProjectionPool } from '../../src/rpc/projection-pool'
import type { HeadVectors, ModelInput } from '../../src/core/types'
import { median } from './median'
import { compareRuns, watchHeap } from './model-meter'

const heapBytes = watchHeap()

const folder = 'models/bge-small-en-v1.5/'

async function fetchModel(): Promise<Uint8Array> {
  const response = await fetch(`${folder}onnx/model_int8.onnx`)
  return new Uint8Array(await response.arrayBuffer())
}

const textBatch = (batch: number, tokens: number): ModelInput[] =>
  Array.from({ length: batch }, (_, row) => ({
    kind: 'text',
    ids: Int32Array.from({ length: tokens }, (_, at) => 1000 + ((row * 7919 + at * 104_729) % 20_000)),
    typeIds: null,
  }))

/** A plain run of the file (its own output fetched) against a run of the patched one (all q, k, v fetched), in turn. */
async function extraction(threads: number, rounds: number) {
  const bytes = await fetchModel()
  const { index, plan } = planModel(bytes)
  const config = readModelConfig(await (await fetch(`${folder}config.json`)).json())
  const runtime = await browserRuntime().load('wasm', threads)
  const plain = await runtime.ort.InferenceSession.create(bytes, {
    executionProviders: [runtime.executionProvider],
    logSeverityLevel: 3,
  })
  const patched = await TapSession.create(patchModel(bytes, index, plan), runtime, new SerialQueue())
  const names = vectorNames(plan.sites)
  const rows: { batch: number; tokens: number; plainMs: number; patchedMs: number; ratio: number }[] = []
  for (const [batch, tokens] of [
    [8, 16],
    [8, 32],
    [4, 128],
  ] as const) {
    const feeds = buildFeeds(plan.inputs, textBatch(batch, tokens), config)
    const times = await compareRuns(runtime, plain, patched, feeds, names, { rounds, warmUps: 1 })
    rows.push({
      batch,
      tokens,
      ...times,
    })
  }
  return { threads: runtime.threads, rows }
}

/** WASM heap after the model is loaded, plain or patched; one a page, because heaps never shrink. */
async function heapAfterLoad(mode: 'plain' | 'patched') {
  const bytes = await fetchModel()
  const runtime = await browserRuntime().load('wasm', 1)
  const began = performance.now()
  if (mode === 'plain')
    await runtime.ort.InferenceSession.create(bytes, {
      executionProviders: [runtime.executionProvider],
      logSeverityLevel: 3,
    })
  else {
    const { index, plan } = planModel(bytes)
    await TapSession.create(patchModel(bytes, index, plan), runtime, new SerialQueue())
  }
  return { bytes: heapBytes(), ms: performance.now() - began }
}

/** Deterministic stand-in for a head: clusters along a few directions. */
function syntheticHead(count: number, dim: number, seed: number): HeadVectors {
  let state = seed * 2_654_435_761 + 1
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  }
  const fill = (shift: number) =>
    Float32Array.from(
      { length: count * dim },
      (_, at) => random() + shift * Math.sin(at % dim) + (at % 5 === 0 ? random() * 2 : 0),
    )
  return { q: fill(0.3), k: fill(-0.3), n: count, m: count, dim, scale: 1 / Math.sqrt(dim) }
}

/** PCA of all heads through the pool of workers; vectors are made before the clock starts. */
async function pcaOfAllHeads(heads: number, points: number, dim: number, workers: number) {
  const pool = new ProjectionPool({
    size: workers,
    createWorker: () => new Worker(new URL('../../workers/projection.worker.ts', import.meta.url), { type: 'module' }),
  })
  const count = points / 2
  const sources = Array.from({ length: 4 }, (_, seed) => syntheticHead(count, dim, seed + 1))
  const spans = [{ queryStart: 0, queries: count, keyStart: 0, keys: count }]
  const projectOne = (head: number) =>
    new Promise<void>((resolve, reject) => {
      pool.add({
        head: { layer: Math.floor(head / 12), head: head % 12 },
        createJob: () => {
          const source = sources[head % sources.length]!
          return {
            vectors: { ...source, q: source.q.slice(), k: source.k.slice() },
            spans,
            causal: false,
            special: new Uint8Array(count),
            settings: {
              joint: 'translate',
              projection: 'pca',
              dims: 2,
              metric: 'cosine',
              seed: 0,
              neighbors: 15,
              mindist: 0.1,
              perplexity: 30,
              epochs: null,
              follow: 0,
            },
            figures: false,
            points: null,
            headIndex: head,
          }
        },
        onDone: () => resolve(),
        onFailed: reject,
      })
    })
  const all = () => Promise.all(Array.from({ length: heads }, (_, head) => projectOne(head)))
  await Promise.all([projectOne(0), projectOne(1)]) // workers and kernels are there
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const began = performance.now()
    await all()
    times.push(performance.now() - began)
  }
  pool.dispose()
  return median(times)
}

declare global {
  interface Window {
    bench: unknown
  }
}
window.bench = { extraction, heapAfterLoad, pcaOfAllHeads }
