import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Backend } from '../../../src/core/types'
import { Inference } from '../../../src/models/inference'
import { chooseThreads, type GpuProbe, type OnnxRuntime, type RuntimeProvider } from '../../../src/models/runtime'
import { explainRuntimeError } from '../../../src/models/runtime-errors'
import { originalPath, patchModel } from '../../../src/onnx/patch'
import { planModel } from '../../../src/onnx/plan'
import type { ModelSpec } from '../../../src/rpc/contracts'
import { startHubHost } from '../../helpers/hub-host'
import { memoryCaches } from '../../helpers/memory-caches'
import { nodeRuntime } from '../../helpers/node-runtime'
import { siteFile } from '../../helpers/truth'

const spec: ModelSpec = {
  id: 'zoo/x',
  revision: 'main',
  host: 'http://host',
  dtype: null,
  file: null,
  backend: 'auto',
  threads: null,
}

const ignore = () => undefined

/** The files of a fixture, some replaced or added; null takes one away. */
function filesOf(id: string, changes: Record<string, Uint8Array | null> = {}): typeof fetch {
  return (address) => {
    const path = /\/resolve\/main\/(.+)$/.exec(String(address))?.[1]
    if (!path) return Promise.resolve(new Response('', { status: 404 }))
    const changed = changes[path]
    if (changed === null) return Promise.resolve(new Response('', { status: 404 }))
    try {
      return Promise.resolve(new Response(new Uint8Array(changed ?? readFileSync(siteFile(id, path)))))
    } catch {
      return Promise.resolve(new Response('', { status: 404 }))
    }
  }
}

const inferenceOf = (files: typeof fetch, provider: RuntimeProvider = nodeRuntime()) =>
  new Inference({ provider, fetch: files, caches: null, now: () => 0 })

describe('weights beside the graph', () => {
  const original = new Uint8Array(readFileSync(siteFile('zoo/vit-sdpa-ts', 'onnx/model.onnx')))
  const { index, plan } = planModel(original)
  // A patched model is one whose weights lie in another file.
  const graph = patchModel(original, index, plan).model

  test('are read under the name that the graph gives', async () => {
    const inference = inferenceOf(
      filesOf('zoo/vit-sdpa-ts', { 'onnx/model.onnx': graph, [`onnx/${originalPath}`]: original }),
    )
    expect(await inference.open(spec, ignore, ignore)).toMatchObject({
      verified: 'exact',
      bytes: graph.length + original.length,
    })
  })

  test('that are missing are named', async () => {
    const opening = inferenceOf(filesOf('zoo/vit-sdpa-ts', { 'onnx/model.onnx': graph })).open(spec, ignore, ignore)
    await expect(opening).rejects.toMatchObject({
      code: 'EXTERNAL_DATA_MISSING',
      message: expect.stringContaining(originalPath) as string,
    })
  })

  test('that are too short are named', async () => {
    const files = filesOf('zoo/vit-sdpa-ts', {
      'onnx/model.onnx': graph,
      [`onnx/${originalPath}`]: original.slice(0, 2000),
    })
    await expect(inferenceOf(files).open(spec, ignore, ignore)).rejects.toMatchObject({ code: 'EXTERNAL_DATA_MISSING' })
  })
})

test('a weight file that is no ONNX file is refused', async () => {
  for (const content of ['not a model', '<!doctype html><p>Sign in</p>', '']) {
    const files = filesOf('zoo/vit-sdpa-ts', { 'onnx/model.onnx': new TextEncoder().encode(content) })
    await expect(
      inferenceOf(files).open({ ...spec, dtype: 'fp32', file: 'model' }, ignore, ignore),
    ).rejects.toMatchObject({
      code: content === '' ? (expect.stringMatching(/NOT_ONNX|TRUNCATED/) as string) : 'NOT_ONNX',
    })
  }
})

test.each([
  ['tokenizer.json', 'zoo/bert-eager-dynamo', 'TOKENIZER_FAILED'],
  ['preprocessor_config.json', 'zoo/vit-sdpa-ts', 'IMAGE_FAILED'],
  ['config.json', 'zoo/vit-sdpa-ts', 'MODEL_NOT_FOUND'],
])('without %s, %s fails as %s', async (file, id, code) => {
  await expect(inferenceOf(filesOf(id, { [file]: null })).open(spec, ignore, ignore)).rejects.toMatchObject({ code })
})

/** Node's runtime, whose sessions lose their taps unless the graph is optimised little. */
function forgetfulRuntime(levels: unknown[], forgetsAlways = false): RuntimeProvider {
  const real = nodeRuntime()
  return {
    ...real,
    async load(backend, threads) {
      const runtime = await real.load(backend, threads)
      const ort: OnnxRuntime = {
        Tensor: runtime.ort.Tensor,
        InferenceSession: {
          async create(model, options) {
            levels.push(options?.graphOptimizationLevel)
            const session = await runtime.ort.InferenceSession.create(model, options)
            if (options?.graphOptimizationLevel === 'basic' && !forgetsAlways) return session
            return {
              inputNames: session.inputNames,
              outputNames: session.outputNames,
              release: () => session.release(),
              run: () => Promise.reject(new Error('Reading data from non-tensor typed value is not supported.')),
            }
          },
        },
      }
      return { ...runtime, ort }
    },
  }
}

describe('taps that the optimisation loses', () => {
  test('are saved by a second try with less of it', async () => {
    const levels: unknown[] = []
    const inference = inferenceOf(filesOf('zoo/bert-eager-dynamo'), forgetfulRuntime(levels))
    expect(await inference.open(spec, ignore, ignore)).toMatchObject({ verified: 'exact' })
    expect(levels).toEqual(['all', 'basic'])
  })

  test('or reported', async () => {
    const levels: unknown[] = []
    const opening = inferenceOf(filesOf('zoo/bert-eager-dynamo'), forgetfulRuntime(levels, true)).open(
      spec,
      ignore,
      ignore,
    )
    await expect(opening).rejects.toMatchObject({ code: 'TAP_LOST' })
    expect(levels).toEqual(['all', 'basic'])
  })
})

/** Notes which backend is loaded; all compute on Node's WASM. */
function gpuRuntime(gpu: GpuProbe | null, loaded: Backend[]): RuntimeProvider {
  const real = nodeRuntime()
  return {
    probeGpu: () => Promise.resolve(gpu),
    async load(backend, threads) {
      loaded.push(backend)
      return { ...(await real.load('wasm', threads)), backend }
    },
  }
}

describe('the backend', () => {
  test.each([
    ['zoo/bert-eager-dynamo', 'auto', { software: false, float16: true }, 'webgpu'],
    ['zoo/bert-eager-dynamo', 'auto', { software: true, float16: false }, 'wasm'],
    ['zoo/bert-eager-dynamo', 'webgpu', { software: true, float16: false }, 'webgpu'],
    ['zoo/bert-eager-dynamo', 'auto', null, 'wasm'],
    ['zoo/bert-eager-dynamo', 'wasm', { software: false, float16: true }, 'wasm'],
    // integer products and the standard's own attention operator run on the CPU anyway
    ['zoo/quant-gpt2-eager-ts-q8', 'auto', { software: false, float16: true }, 'wasm'],
    ['zoo/op23-bert', 'auto', { software: false, float16: true }, 'wasm'],
    ['zoo/quant-gpt2-eager-ts-q8', 'webgpu', { software: false, float16: true }, 'webgpu'],
  ] as const)('of %s for %s with %j is %s', async (id, asked, gpu, expected) => {
    const loaded: Backend[] = []
    const inference = inferenceOf(filesOf(id), gpuRuntime(gpu, loaded))
    const info = await inference.open({ ...spec, backend: asked }, ignore, ignore)
    expect([info.backend, ...loaded]).toEqual([expected, expected])
  })
})

test('threads need isolation, and are at most four unless asked for', () => {
  expect(chooseThreads(null, false, 8)).toBe(1)
  expect(chooseThreads(6, false, 8)).toBe(1)
  expect(chooseThreads(null, true, 8)).toBe(4)
  expect(chooseThreads(null, true, 2)).toBe(1)
  expect(chooseThreads(6, true, 8)).toBe(6)
})

test.each([
  [
    "Can't create a session. ERROR_CODE: 7, ERROR_MESSAGE: Failed to load model because protobuf parsing failed.",
    'NOT_ONNX',
  ],
  ['This is an invalid model. Graph output (x) does not exist in the graph', 'TAP_LOST'],
  ['Reading data from non-tensor typed value is not supported.', 'TAP_LOST'],
  ['Program Gather requires f16 but the device does not support it.', 'DTYPE_UNSUPPORTED'],
  ['Unexpected input data type. Actual: (tensor(int64)) , expected: (tensor(int32))', 'NEEDS_OTHER_INPUT'],
  ['Got invalid dimensions for input: pixel_values for the following indices', 'NEEDS_OTHER_INPUT'],
  ['std::bad_alloc', 'OUT_OF_MEMORY'],
  ['memory access out of bounds', 'OUT_OF_MEMORY'],
  ['Could not find an implementation for NewOperator(1)', 'UNSUPPORTED_OP'],
  ['something quite new', 'UNSUPPORTED_OP'],
])('the runtime saying “%s” is %s', (text, code) => {
  const error = explainRuntimeError(new Error(text), null)
  expect(error).toMatchObject({ code, details: text })
  expect(explainRuntimeError(new Error(text), 'unplugged').code).toBe('DEVICE_LOST')
})

describe('with the network cut', () => {
  test('what was opened before opens again, from the cache', async () => {
    const caches = memoryCaches()
    const host = await startHubHost()
    const ids = ['zoo/bert-eager-dynamo', 'builtin:bge-small-en-v1.5']
    const specOf = (id: string): ModelSpec => ({
      ...spec,
      id,
      host: id.startsWith('builtin:') ? `${host.address}models/` : host.address,
    })
    const online = new Inference({ provider: nodeRuntime(), fetch, caches, now: () => 0 })
    const before = []
    for (const id of ids) before.push(await online.open(specOf(id), ignore, ignore))
    await online.close()
    await host.close()
    const offline = new Inference({
      provider: nodeRuntime(),
      fetch: () => Promise.reject(new TypeError('Failed to fetch')),
      caches,
      now: () => 0,
    })
    for (const [index, id] of ids.entries()) {
      expect(await offline.open(specOf(id), ignore, ignore)).toEqual(before[index])
    }
  })
})
