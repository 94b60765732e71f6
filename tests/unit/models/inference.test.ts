import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { ModelInput, Progress } from '../../../src/core/types'
import { Inference } from '../../../src/models/inference'
import type { ModelSpec, RequestRecord } from '../../../src/rpc/contracts'
import { readGolden } from '../../helpers/goldens'
import { startHubHost, type HubHost } from '../../helpers/hub-host'
import { nodeRuntime } from '../../helpers/node-runtime'
import { fixtures, readTruth } from '../../helpers/truth'

let host: HubHost
beforeAll(async () => {
  host = await startHubHost()
})
afterAll(() => host.close())

const createInference = () => new Inference({ provider: nodeRuntime(), fetch, caches: null, now: () => 0 })

const ignore = () => undefined

const specOf = (id: string, more: Partial<ModelSpec> = {}): ModelSpec => ({
  id,
  revision: 'main',
  host: id.startsWith('builtin:') ? `${host.address}models/` : host.address,
  dtype: null,
  file: null,
  backend: 'auto',
  threads: null,
  ...more,
})

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length)
  let worst = 0
  for (let at = 0; at < expected.length; at++) {
    const difference = Math.abs(actual[at]! - expected[at]!)
    if (!(difference <= worst)) worst = difference
  }
  return worst
}

const slab = (values: Float32Array, index: number, count: number) =>
  values.subarray((values.length / count) * index, (values.length / count) * (index + 1))

describe('the built-in text encoder', () => {
  const golden = readGolden('bge-small-en-v1.5')
  let inference: Inference
  let info: Awaited<ReturnType<Inference['open']>>
  const progress: Progress[] = []
  const requests: RequestRecord[] = []
  beforeAll(async () => {
    inference = createInference()
    info = await inference.open(
      specOf('builtin:bge-small-en-v1.5'),
      (step) => progress.push(step),
      (record) => requests.push(record),
    )
  }, 60_000)
  afterAll(() => inference.close())

  test('is described as it is', () => {
    expect(info).toMatchObject({
      id: 'builtin:bge-small-en-v1.5',
      host: null,
      file: 'onnx/model_int8.onnx',
      dtype: 'int8',
      sha256: golden.sha256,
      bytes: 34_483_705,
      backend: 'wasm',
      kind: 'text',
      layers: 12,
      heads: 12,
      kvHeads: 12,
      headDim: 32,
      valueDim: 32,
      causal: false,
      verified: 'exact',
      quantised: true,
      rotary: false,
      maxTokens: 512,
    })
    expect(info.scale).toHaveLength(144)
    for (const scale of info.scale) expect(scale).toBeCloseTo(golden.scale, 6)
    expect(info.masks).toEqual(Array(12).fill({ causal: false, window: null }))
    expect(info.verification.split('\n')).toHaveLength(12)
  })

  test('told how far it was, and what it asked for', () => {
    expect(progress.filter(({ stage }) => stage === 'download').at(-1)).toEqual({
      stage: 'download',
      done: 34_483_705,
      total: 34_483_705,
      unit: 'bytes',
    })
    expect(progress.at(-1)).toEqual({ stage: 'verify', done: 1, total: 1, unit: 'steps' })
    const files = ['config.json', 'onnx/model_int8.onnx', 'tokenizer.json', 'tokenizer_config.json']
    expect(requests.map(({ url }) => url.replace(`${host.address}models/`, '')).sort()).toEqual(
      [...files.map((file) => `bge-small-en-v1.5/${file}`), 'manifest.json'].sort(),
    )
    expect(requests.every(({ bytes, why }) => bytes > 0 && why !== '')).toBe(true)
  })

  test('gives the q, k, v and attention of PyTorch in every layer', async () => {
    for (const [number, { text }] of golden.inputs.entries()) {
      const [prepared] = await inference.prepareTexts([text])
      const [vectors] = await inference.run([prepared!.input])
      for (let layer = 0; layer < 12; layer++) {
        for (const which of ['q', 'k', 'v'] as const) {
          const truth = golden.tensor(`input${number}.layer${layer}.${which}`)!
          const difference = largestDifference(slab(vectors![which], layer, 12), truth.data)
          const largest = truth.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
          expect(difference).toBeLessThan(1e-3)
          expect(difference).toBeLessThan(1e-4 * largest)
        }
        const attention = golden.tensor(`input${number}.layer${layer}.attn`)
        if (attention)
          expect(largestDifference(await inference.attention(prepared!.input, layer), attention.data)).toBeLessThan(
            1e-4,
          )
      }
    }
  })

  test('gives the same in a batch as one by one', async () => {
    const lines = ['The cat sat on the mat.', 'A dog ran to the sea.', 'Two birds sang in May.']
    const prepared = await inference.prepareTexts(lines)
    expect(new Set(prepared.map(({ tokens }) => tokens.length)).size).toBe(2)
    const same = prepared.filter(({ tokens }) => tokens.length === prepared[1]!.tokens.length).map(({ input }) => input)
    const together = await inference.run(same)
    for (const [index, input] of same.entries()) {
      const [alone] = await inference.run([input])
      expect(largestDifference(together[index]!.q, alone!.q)).toBeLessThan(1e-5)
      expect(largestDifference(together[index]!.v, alone!.v)).toBeLessThan(1e-5)
    }
  })

  test('bears calls at the same time, and refuses a mixed batch and a layer that is not there', async () => {
    const prepared = await inference.prepareTexts(['one', 'two words here'])
    const [first, second] = prepared.map(({ input }) => input)
    const both = await Promise.all([inference.run([first!]), inference.run([second!])])
    expect(both.map(([vectors]) => vectors!.queries)).toEqual(prepared.map(({ tokens }) => tokens.length))
    await expect(inference.run([first!, second!])).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    await expect(inference.attention(first!, 12)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    await expect(inference.prepareImages([])).rejects.toMatchObject({ code: 'NEEDS_OTHER_INPUT' })
  })
})

describe('every family of the fixtures', () => {
  const inference = createInference()
  afterAll(() => inference.close())

  test.each(fixtures)('$id: q and k give its attention', async (fixture) => {
    const info = await inference.open(specOf(fixture.id), ignore, ignore)
    expect(info).toMatchObject({
      layers: fixture.layers,
      heads: fixture.heads,
      kvHeads: fixture.kv_heads,
      headDim: fixture.d,
      verified: fixture.verdict,
      causal: fixture.mask.includes('causal'),
      dtype: fixture.dtype,
    })
    const truth = readTruth(fixture.id)
    const input: ModelInput =
      fixture.kind === 'text'
        ? (await inference.prepareTexts([fixture.text!]))[0]!.input
        : { kind: 'image', pixels: truth['pixel_values']!.data, shape: [3, 32, 32] }
    const [vectors] = await inference.run([input])
    expect([vectors!.queries, vectors!.keys]).toEqual([fixture.T, fixture.T])
    for (let layer = 0; layer < fixture.layers; layer++) {
      const weights = truth[`attn_${layer}`]!.data
      expect(largestDifference(await inference.attention(input, layer), weights)).toBeLessThan(fixture.tol_attn)
      if (fixture.verdict === 'exact') {
        const own = softmaxOf(vectors!, info, layer)
        expect(largestDifference(own, weights)).toBeLessThan(fixture.tol_attn)
      }
      const values = slab(vectors!.v, layer, fixture.layers)
      expect(values.length).toBe(fixture.kv_heads * fixture.T * info.valueDim)
      expect(info.valueDim).toBeGreaterThan(0)
      expect(values.some((value) => value !== 0)).toBe(true)
    }
  })
})

/** softmax(scale · q·kᵀ + mask) in plain loops, so that nothing of the app is used to check the app. */
function softmaxOf(
  vectors: { q: Float32Array; k: Float32Array; queries: number },
  info: {
    layers: number
    heads: number
    kvHeads: number
    headDim: number
    scale: number[]
    masks: { causal: boolean }[]
  },
  layer: number,
): Float32Array {
  const { heads, kvHeads, headDim } = info
  const size = vectors.queries
  const q = slab(vectors.q, layer, info.layers)
  const k = slab(vectors.k, layer, info.layers)
  const weights = new Float32Array(heads * size * size)
  for (let head = 0; head < heads; head++) {
    const group = Math.floor((head * kvHeads) / heads)
    for (let row = 0; row < size; row++) {
      const last = info.masks[layer]!.causal ? row : size - 1
      const scores = Array.from({ length: last + 1 }, (_, column) => {
        let sum = 0
        for (let i = 0; i < headDim; i++)
          sum += q[(head * size + row) * headDim + i]! * k[(group * size + column) * headDim + i]!
        return Math.exp(sum * info.scale[layer * heads + head]!)
      })
      const total = scores.reduce((sum, score) => sum + score, 0)
      scores.forEach((score, column) => {
        weights[(head * size + row) * size + column] = score / total
      })
    }
  }
  return weights
}

describe('what goes wrong', () => {
  const codeOf = async (spec: ModelSpec) => {
    const inference = createInference()
    const error: unknown = await inference.open(spec, ignore, ignore).catch((thrown: unknown) => thrown)
    return error instanceof AppError ? error.code : error
  }

  test.each([
    ['404/vit-sdpa-ts', {}, 'MODEL_NOT_FOUND'],
    ['zoo/nothing', {}, 'MODEL_NOT_FOUND'],
    ['cut/vit-sdpa-ts', {}, 'TRUNCATED'],
    ['bad/vit-sdpa-ts', {}, 'WRONG_HASH'],
    ['html/vit-sdpa-ts', {}, 'MODEL_NOT_FOUND'],
    ['zoo/vit-sdpa-ts', { dtype: 'q4' }, 'NO_ONNX_FILE'],
    ['zoo/vit-sdpa-ts', { backend: 'webgpu' }, 'NOT_AVAILABLE'],
    ['zoo/vit-sdpa-ts', { host: 'http://127.0.0.1:1' }, 'NETWORK'],
    ['nonsense', {}, 'BAD_ARGUMENT'],
    ['builtin:nothing', {}, 'MODEL_NOT_FOUND'],
  ] as const)('%s with %j is %s', async (id, more, code) => {
    expect(await codeOf(specOf(id, more))).toBe(code)
  })

  test('after a failure the next model opens', async () => {
    const inference = createInference()
    await expect(inference.open(specOf('cut/vit-sdpa-ts'), ignore, ignore)).rejects.toMatchObject({ code: 'TRUNCATED' })
    await expect(inference.run([])).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
    expect(await inference.open(specOf('zoo/vit-sdpa-ts'), ignore, ignore)).toMatchObject({
      kind: 'image',
      verified: 'exact',
    })
    await inference.close()
  })

  test('closing during a download ends it', async () => {
    const inference = createInference()
    const opening = inference.open(
      specOf('builtin:bge-small-en-v1.5'),
      ({ stage }) => stage === 'download' && void inference.close(),
      ignore,
    )
    await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
