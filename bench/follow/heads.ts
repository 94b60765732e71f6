// Queries and keys of real heads, in Node: the built-in models on the app's own samples.
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import type { HeadVectors, ModelInput, Span } from '../../src/core/types'
import { readNormalisation } from '../../src/models/image-processor'
import { Inference } from '../../src/models/inference'
import { encyclopaedia } from '../../src/ui/samples/encyclopaedia'
import { nodeRuntime } from '../../tests/helpers/node-runtime'
import { launchChromium } from '../lib/browser.mjs'

export interface Heads {
  tokens: number
  dim: number
  causal: boolean
  /** [tokens] 1 where the token is special. */
  special: Uint8Array
  spans: Span[]
  heads: { index: number; scale: number; q: Float32Array; k: Float32Array }[]
}

interface Sequence {
  input: ModelInput
  special: Uint8Array
}

/** q and k of every `every`th head of a built-in model on the first encyclopaedia sentences, or on the photographs. */
export async function extractHeads(root: string, model: string, every: number, sentences: number): Promise<Heads> {
  const server = serveFolder(path.join(root, 'public'))
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
  const sequences =
    info.kind === 'text' ? await readSentences(inference, sentences) : await readPhotographs(root, model)
  const results = []
  const { layers, headDim: dim, causal } = info
  const indices = Array.from({ length: Math.ceil((layers * info.heads) / every) }, (_, at) => at * every)
  for (const { input, special } of sequences) {
    const [vectors] = await inference.run([input])
    const size = vectors!.queries * dim
    const heads = indices.map((index) => {
      const keyHead = Math.floor((index * info.kvHeads) / info.heads)
      return {
        q: vectors!.q.slice(index * size, (index + 1) * size),
        k: vectors!.k.slice(keyHead * size, (keyHead + 1) * size),
      }
    })
    results.push({ count: vectors!.queries, special, heads })
  }
  await inference.close()
  server.close()
  const tokens = results.reduce((sum, { count }) => sum + count, 0)
  const heads = indices.map((index) => ({
    index,
    scale: info.scale[index]!,
    q: new Float32Array(tokens * dim),
    k: new Float32Array(tokens * dim),
  }))
  const special = new Uint8Array(tokens)
  const spans: Span[] = []
  let start = 0
  for (const result of results) {
    result.heads.forEach(({ q, k }, at) => {
      heads[at]!.q.set(q, start * dim)
      heads[at]!.k.set(k, start * dim)
    })
    special.set(result.special, start)
    spans.push({ queryStart: start, queries: result.count, keyStart: start, keys: result.count })
    start += result.count
  }
  return { tokens, dim, causal, special, spans, heads }
}

export function vectorsOf({ heads, tokens, dim }: Heads, at: number): HeadVectors {
  const { q, k, scale } = heads[at]!
  return { q, k, n: tokens, m: tokens, dim, scale }
}

function serveFolder(folder: string) {
  return createServer((request, response) => {
    const file = path.join(folder, decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname))
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-length': statSync(file).size })
    if (request.method === 'HEAD') response.end()
    else createReadStream(file).pipe(response)
  })
}

async function readSentences(inference: Inference, count: number): Promise<Sequence[]> {
  const inputs = await inference.prepareTexts(encyclopaedia.slice(0, count))
  return inputs.map(({ input, tokens }) => ({
    input,
    special: Uint8Array.from(tokens, ({ special }) => (special ? 1 : 0)),
  }))
}

/** Decoded, scaled and cut by a browser, as Node decodes no pictures; the first token is CLS, the rest are patches. */
async function readPhotographs(root: string, model: string): Promise<Sequence[]> {
  const side = 224
  const { factor, mean, deviation } = readNormalisation(
    JSON.parse(readFileSync(path.join(root, 'public/models', model, 'preprocessor_config.json'), 'utf8')),
  )
  const folder = path.join(root, 'public/pictures')
  const browser = await launchChromium()
  const page = await browser.newPage()
  const sequences: Sequence[] = []
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.jpg'))) {
    const address = `data:image/jpeg;base64,${readFileSync(path.join(folder, name)).toString('base64')}`
    const rgba = await page.evaluate(readMiddle, { address, side })
    const pixels = Float32Array.from({ length: 3 * side * side }, (_, at) => {
      const channel = Math.floor(at / (side * side))
      return (rgba[4 * (at % (side * side)) + channel]! * factor - mean[channel]!) / deviation[channel]!
    })
    sequences.push({ input: { kind: 'image', pixels, shape: [3, side, side] }, special: Uint8Array.of(1) })
  }
  await browser.close()
  return sequences
}

/** In the page: the middle square of a picture whose shorter side is scaled to 256. */
async function readMiddle({ address, side }: { address: string; side: number }): Promise<number[]> {
  const image = new Image()
  image.src = address
  await image.decode()
  const scale = 256 / Math.min(image.width, image.height)
  const [width, height] = [image.width * scale, image.height * scale]
  const context = new OffscreenCanvas(side, side).getContext('2d')!
  context.imageSmoothingQuality = 'high'
  context.drawImage(image, (side - width) / 2, (side - height) / 2, width, height)
  return [...context.getImageData(0, 0, side, side).data]
}
