// What bench/follow.bench.mjs measures, head by head, in Node.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { computeFidelity } from '../src/core/fidelity'
import { translateKeys } from '../src/core/joint'
import { hashUniform } from '../src/core/random'
import { TrustMeter, trustSample } from '../src/core/trust'
import type { HeadVectors, JointVectors, ProjectionSettings, Span } from '../src/core/types'
import { Inference } from '../src/models/inference'
import { blendStarts } from '../src/projections/follow'
import { NeighborSearch } from '../src/projections/neighbors'
import { computePca } from '../src/projections/pca'
import { computeTsne, followExaggeration, followSpread as tsneSpread, TsneLayout } from '../src/projections/tsne'
import type { HeadContext } from '../src/projections/types'
import { computeUmap, followSpread as umapSpread, startFrom, UmapLayout } from '../src/projections/umap'
import { encyclopaedia } from '../src/ui/samples/encyclopaedia'
import { nodeRuntime } from '../tests/helpers/node-runtime'

type Name = 'umap' | 'tsne'
const layouts = { umap: computeUmap, tsne: computeTsne }

interface Heads {
  tokens: number
  dim: number
  causal: boolean
  special: Uint8Array
  spans: Span[]
  heads: { index: number; scale: number; q: Float32Array; k: Float32Array }[]
}

/** q and k of every `every`th head of a built-in text model on the encyclopaedia sentences. */
export async function extractHeads(root: string, model: string, every: number): Promise<Heads> {
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
    id: `builtin:${model}`,
    revision: 'main',
    host: `http://127.0.0.1:${address.port}/models/`,
    dtype: null,
    file: null,
    backend: 'wasm',
    threads: 1,
  } as const
  const info = await inference.open(spec, ignore, ignore)
  const inputs = await inference.prepareTexts([...encyclopaedia])
  const tokens = inputs.reduce((sum, input) => sum + input.tokens.length, 0)
  const { headDim: dim, causal } = info
  const heads = Array.from({ length: Math.ceil((info.layers * info.heads) / every) }, (_, at) => ({
    index: at * every,
    scale: info.scale[at * every]!,
    q: new Float32Array(tokens * dim),
    k: new Float32Array(tokens * dim),
  }))
  const spans: Span[] = []
  let start = 0
  for (const { input, tokens: own } of inputs) {
    const [vectors] = await inference.run([input])
    const size = own.length * dim
    for (const { index, q, k } of heads) {
      const keyHead = Math.floor((index * info.kvHeads) / info.heads)
      q.set(vectors!.q.subarray(index * size, (index + 1) * size), start * dim)
      k.set(vectors!.k.subarray(keyHead * size, (keyHead + 1) * size), start * dim)
    }
    spans.push({ queryStart: start, queries: own.length, keyStart: start, keys: own.length })
    start += own.length
  }
  await inference.close()
  server.close()
  const special = Uint8Array.from(inputs.flatMap((input) => input.tokens.map((token) => (token.special ? 1 : 0))))
  return { tokens, dim, causal, special, spans, heads }
}

interface Figures {
  overall: number
  specific: number
  recall: number
  chance: number
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

/** A head with the sequences (or parts of them) that a layout may be fitted to, and those that it is judged by. */
interface Case {
  vectors: HeadVectors
  headIndex: number
  causal: boolean
  querySpecial: Uint8Array
  keySpecial: Uint8Array
  tied: Span[]
  free: Span[]
}

function vectorsOf({ heads, tokens, dim }: Heads, at: number): HeadVectors {
  const { q, k, scale } = heads[at]!
  return { q, k, n: tokens, m: tokens, dim, scale }
}

/** Sequences with even numbers are tied, those with odd numbers judge. */
function halveSequences(data: Heads, at: number): Case {
  return {
    vectors: vectorsOf(data, at),
    headIndex: data.heads[at]!.index,
    causal: data.causal,
    querySpecial: data.special,
    keySpecial: data.special,
    tied: data.spans.filter((_, index) => index % 2 === 0),
    free: data.spans.filter((_, index) => index % 2 === 1),
  }
}

/** Every other query of each sequence is tied, the rest judge: queries change places so that each half lies together. */
function halveQueries(data: Heads, at: number): Case {
  const whole = halveSequences(data, at)
  const { dim, spans, special } = data
  const q = whole.vectors.q.slice()
  const querySpecial = special.slice()
  const tied: Span[] = []
  const free: Span[] = []
  for (const span of spans) {
    const half = Math.ceil(span.queries / 2)
    for (let index = 0; index < span.queries; index++) {
      const to = span.queryStart + (index % 2 === 0 ? index / 2 : half + (index - 1) / 2)
      const from = span.queryStart + index
      q.set(whole.vectors.q.subarray(from * dim, (from + 1) * dim), to * dim)
      querySpecial[to] = special[from]!
    }
    tied.push({ ...span, queries: half })
    free.push({ ...span, queryStart: span.queryStart + half, queries: span.queries - half })
  }
  return { ...whole, vectors: { ...whole.vectors, q }, querySpecial, tied, free }
}

const contextOf = (part: Case, vectors: HeadVectors, spans: Span[], follow: number): HeadContext => ({
  vectors,
  spans,
  causal: part.causal,
  window: null,
  special: part.querySpecial,
  keySpecial: part.keySpecial,
  settings: { ...settings, follow },
  headIndex: part.headIndex,
  pause: () => Promise.resolve(),
})

/**
 * Figures of the `at`th head on what was not tied: without following, fitted to the tied sequences, fitted to what is not their
 * attention, and (where every query sees every key) fitted to half of the queries.
 */
export async function measureHead(data: Heads, name: Name, at: number): Promise<Record<string, Figures>> {
  const part = halveSequences(data, at)
  const { vectors, tied } = part
  const joint = translateKeys(vectors)
  const draw = (given: HeadVectors, follow: number) => layouts[name](joint, contextOf(part, given, tied, follow))
  const judge = (points: Float32Array) => judgePicture(part, joint, points)
  const results: Record<string, Figures> = {}
  results['classic'] = judge(await draw(vectors, 0))
  results['following'] = judge(await draw(vectors, 1))
  results['wide'] = judge(await drawWide(joint, tied, name, part.headIndex))
  results['otherRow'] = judge(await draw({ ...vectors, q: mixRows(data, vectors.q) }, 1))
  results['meanRow'] = judge(await draw({ ...vectors, q: averageRows(data, vectors.q) }, 1))
  results['randomKeys'] = judge(await draw({ ...vectors, k: mixRows(data, vectors.k) }, 1))
  results['otherHead'] = judge(await draw(vectorsOf(data, (at + 1) % data.heads.length), 1))
  if (data.causal) return results
  const halves = halveQueries(data, at)
  const halvesJoint = translateKeys(halves.vectors)
  const points = await layouts[name](halvesJoint, contextOf(halves, halves.vectors, halves.tied, 1))
  results['queries'] = judgePicture(halves, halvesJoint, points)
  return results
}

function judgePicture(
  { vectors, querySpecial, keySpecial, causal, free }: Case,
  joint: JointVectors,
  points: Float32Array,
): Figures {
  const mask = { causal, window: null }
  const fidelity = computeFidelity(
    { vectors, joint, jointMetric: 'cosine', mask, querySpecial, keySpecial, points, dims: 2 },
    free,
  )
  const meter = new TrustMeter({ joint, metric: 'cosine', points, dims: 2 })
  for (const point of trustSample(joint.n + joint.m, joint.dim)) meter.add(point)
  const trust = meter.result()
  return {
    overall: fidelity.picture ?? 0,
    specific: fidelity.pictureSpecific ?? 0,
    recall: fidelity.pictureRecall ?? 0,
    chance: fidelity.chanceRecall ?? 0,
    trust: trust.all ?? 0,
    trustQueries: trust.queries ?? 0,
    trustKeys: trust.keys ?? 0,
    trustAcross: trust.across ?? 0,
  }
}

/** A start as wide as that of a following layout, and the same forces, without attention. */
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
  return (await TsneLayout.load()).run(
    neighbors,
    start,
    settings.perplexity,
    350,
    goOn,
    undefined,
    null,
    2,
    followExaggeration,
  )
}

/**
 * Each row of a sequence gets another one's, without any order that a map could learn: a swap by half of the length, say, would be
 * learned in heads that look at positions.
 */
function mixRows({ spans, dim }: Heads, rows: Float32Array): Float32Array {
  const mixed = rows.slice()
  for (const { queryStart, queries } of spans) {
    const order = Array.from({ length: queries }, (_, index) => index)
    order.sort((a, b) => hashUniform(1, queryStart, a) - hashUniform(1, queryStart, b))
    for (let index = 0; index < queries; index++) {
      const from = (queryStart + order[(index + 1) % queries]!) * dim
      mixed.set(rows.subarray(from, from + dim), (queryStart + order[index]!) * dim)
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
  for (let round = 0; round < 12; round++) {
    for (const follow of [0, 1] as const) {
      const part = halveSequences(data, (round * 17) % data.heads.length)
      const joint = translateKeys(part.vectors)
      const before = process.cpuUsage()
      await layouts[name](joint, contextOf(part, part.vectors, data.spans, follow))
      const { user, system } = process.cpuUsage(before)
      if (round >= 4) times[follow].push((user + system) / 1000) // the engine compiles in the first ones
    }
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
  return { classicMs: median(times[0]), followingMs: median(times[1]) }
}
