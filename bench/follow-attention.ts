// What bench/follow.bench.mjs measures, head by head, in Node.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { computeFidelity } from '../src/core/fidelity'
import { translateKeys } from '../src/core/joint'
import { TrustMeter, trustSample } from '../src/core/trust'
import type { HeadVectors, JointVectors, ProjectionSettings, Span } from '../src/core/types'
import { Inference } from '../src/models/inference'
import { blendStarts } from '../src/projections/follow'
import { NeighborSearch } from '../src/projections/neighbors'
import { computePca } from '../src/projections/pca'
import { computeTsne, followSpread as tsneSpread, TsneLayout } from '../src/projections/tsne'
import type { HeadContext } from '../src/projections/types'
import { computeUmap, followSpread as umapSpread, startFrom, UmapLayout } from '../src/projections/umap'
import { encyclopaedia } from '../src/ui/samples/encyclopaedia'
import { nodeRuntime } from '../tests/helpers/node-runtime'

type Name = 'umap' | 'tsne'
const layouts = { umap: computeUmap, tsne: computeTsne }

interface Heads {
  heads: number
  tokens: number
  dim: number
  scale: number
  special: Uint8Array
  spans: Span[]
  q: Float32Array[]
  k: Float32Array[]
}

/** q and k of every head of the built-in text model on the encyclopaedia sentences. */
export async function extractHeads(root: string): Promise<Heads> {
  const server = createServer((request, response) => {
    const file = path.join(root, 'public', decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname))
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-length': statSync(file).size })
    if (request.method === 'HEAD') response.end()
    else createReadStream(file).pipe(response)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address() as { port: number }
  const inference = new Inference({ provider: nodeRuntime(), fetch, caches: null, now: () => performance.now() })
  const ignore = () => undefined
  const spec = {
    id: 'builtin:bge-small-en-v1.5',
    revision: 'main',
    host: `http://127.0.0.1:${address.port}/models/`,
    dtype: null,
    file: null,
    backend: 'wasm',
    threads: 1,
  } as const
  const info = await inference.open(spec, ignore, ignore)
  const inputs = await inference.prepareTexts([...encyclopaedia])
  const lengths = inputs.map(({ tokens }) => tokens.length)
  const tokens = lengths.reduce((sum, length) => sum + length, 0)
  const { headDim: dim } = info
  const heads = info.layers * info.heads
  const q = Array.from({ length: heads }, () => new Float32Array(tokens * dim))
  const k = Array.from({ length: heads }, () => new Float32Array(tokens * dim))
  const spans: Span[] = []
  let start = 0
  for (const { input, tokens: own } of inputs) {
    const [vectors] = await inference.run([input])
    const size = own.length * dim
    for (let head = 0; head < heads; head++) {
      q[head]!.set(vectors!.q.subarray(head * size, (head + 1) * size), start * dim)
      k[head]!.set(vectors!.k.subarray(head * size, (head + 1) * size), start * dim)
    }
    spans.push({ queryStart: start, queries: own.length, keyStart: start, keys: own.length })
    start += own.length
  }
  await inference.close()
  server.close()
  const special = Uint8Array.from(inputs.flatMap((input) => input.tokens.map((token) => (token.special ? 1 : 0))))
  return { heads, tokens, dim, scale: info.scale[0]!, special, spans, q, k }
}

interface Figures {
  overall: number
  specific: number
  recall: number
  trust: number
  trustQueries: number
  trustKeys: number
  trustAcross: number
}

const settings: ProjectionSettings = {
  joint: 'translate',
  projection: 'umap',
  dims: 2,
  metric: 'cosine',
  seed: 0,
  neighbors: 15,
  mindist: 0.1,
  perplexity: 30,
  epochs: null,
  follow: 0,
}

function vectorsOf({ q, k, tokens, dim, scale }: Heads, head: number): HeadVectors {
  return { q: q[head]!, k: k[head]!, n: tokens, m: tokens, dim, scale }
}

function contextOf(data: Heads, vectors: HeadVectors, spans: Span[], follow: number, headIndex: number): HeadContext {
  return {
    vectors,
    spans,
    causal: false,
    window: null,
    special: data.special,
    keySpecial: data.special,
    settings: { ...settings, follow },
    headIndex,
    pause: () => Promise.resolve(),
  }
}

/**
 * Figures of one head on the sequences with odd numbers: without following, fitted to those with even numbers, and fitted to
 * what is not their attention.
 */
export async function measureHead(data: Heads, name: Name, head: number): Promise<Record<string, Figures>> {
  const vectors = vectorsOf(data, head)
  const joint = translateKeys(vectors)
  const tied = data.spans.filter((_, at) => at % 2 === 0)
  const free = data.spans.filter((_, at) => at % 2 === 1)
  const draw = (given: HeadVectors, follow: number) => layouts[name](joint, contextOf(data, given, tied, follow, head))
  const judge = (points: Float32Array) => judgePicture(data, vectors, joint, free, points)
  const results: Record<string, Figures> = {}
  results['classic'] = judge(await draw(vectors, 0))
  results['following'] = judge(await draw(vectors, 1))
  results['wide'] = judge(await drawWide(joint, tied, name, head))
  results['otherRow'] = judge(await draw({ ...vectors, q: mixRows(data, vectors.q, shiftRow) }, 1))
  results['meanRow'] = judge(await draw({ ...vectors, q: averageRows(data, vectors.q) }, 1))
  results['randomKeys'] = judge(await draw({ ...vectors, k: mixRows(data, vectors.k, shuffleRow) }, 1))
  results['otherHead'] = judge(await draw(vectorsOf(data, (head + 1) % data.heads), 1))
  return results
}

function judgePicture(
  data: Heads,
  vectors: HeadVectors,
  joint: JointVectors,
  spans: Span[],
  points: Float32Array,
): Figures {
  const { special } = data
  const mask = { causal: false, window: null }
  const fidelity = computeFidelity(
    { vectors, joint, jointMetric: 'cosine', mask, querySpecial: special, keySpecial: special, points, dims: 2 },
    spans,
  )
  const meter = new TrustMeter({ joint, metric: 'cosine', points, dims: 2 })
  for (const point of trustSample(joint.n + joint.m, joint.dim)) meter.add(point)
  const trust = meter.result()
  return {
    overall: fidelity.picture ?? 0,
    specific: fidelity.pictureSpecific ?? 0,
    recall: fidelity.pictureRecall ?? 0,
    trust: trust.all ?? 0,
    trustQueries: trust.queries ?? 0,
    trustKeys: trust.keys ?? 0,
    trustAcross: trust.across ?? 0,
  }
}

/** A start as wide as that of a following layout, without attention. */
async function drawWide(joint: JointVectors, spans: Span[], name: Name, head: number): Promise<Float32Array> {
  const count = joint.n + joint.m
  const pca = await computePca(joint, 'cosine', 2, spans)
  const classic = startFrom(pca, 2, settings.seed, head)
  const rows = new Float32Array(count * joint.dim)
  rows.set(joint.q)
  rows.set(joint.k, joint.n * joint.dim)
  const search = await NeighborSearch.load()
  const goOn = () => Promise.resolve()
  if (name === 'umap') {
    const start = blendStarts(classic, classic, 1, 10, umapSpread * Math.sqrt(count))
    const neighbors = await search.find(rows, count, joint.dim, settings.neighbors - 1, 'cosine')
    return (await UmapLayout.load()).run(neighbors, start, { ...settings, headIndex: head }, goOn)
  }
  const start = classic.map((value) => 0.1 * value * tsneSpread * Math.sqrt(Math.sqrt(count)))
  const neighbors = await search.find(rows, count, joint.dim, 3 * settings.perplexity, 'cosine')
  return (await TsneLayout.load()).run(neighbors, start, settings.perplexity, 350, goOn)
}

type Mix = (index: number, length: number) => number

const shiftRow: Mix = (index, length) => (index + Math.floor(length / 2)) % length

/** A fixed permutation: steps of a prime that does not divide the length. */
const shuffleRow: Mix = (index, length) => {
  const step = [7, 11, 13].find((prime) => length % prime !== 0) ?? 1
  return (index * step + 3) % length
}

function mixRows({ spans, dim }: Heads, rows: Float32Array, mix: Mix): Float32Array {
  const mixed = rows.slice()
  for (const { queryStart, queries } of spans) {
    for (let index = 0; index < queries; index++) {
      const from = (queryStart + mix(index, queries)) * dim
      mixed.set(rows.subarray(from, from + dim), (queryStart + index) * dim)
    }
  }
  return mixed
}

function averageRows({ spans, dim }: Heads, rows: Float32Array): Float32Array {
  const averaged = rows.slice()
  for (const { queryStart, queries } of spans) {
    for (let column = 0; column < dim; column++) {
      let sum = 0
      for (let row = queryStart; row < queryStart + queries; row++) sum += rows[row * dim + column]!
      for (let row = queryStart; row < queryStart + queries; row++) averaged[row * dim + column] = sum / queries
    }
  }
  return averaged
}

/** Medians of one head's whole projection, in processor time, alternating. */
export async function measureTime(data: Heads, name: Name): Promise<{ classicMs: number; followingMs: number }> {
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < 8; round++) {
    for (const follow of [0, 1] as const) {
      const vectors = vectorsOf(data, (round * 17) % data.heads)
      const joint = translateKeys(vectors)
      const before = process.cpuUsage()
      await layouts[name](joint, contextOf(data, vectors, data.spans, follow, round))
      const { user, system } = process.cpuUsage(before)
      if (round > 0) times[follow].push((user + system) / 1000) // the first one compiles
    }
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
  return { classicMs: median(times[0]), followingMs: median(times[1]) }
}
