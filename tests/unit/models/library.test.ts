import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ModelLibrary } from '../../../src/models/library'
import { examineEnds } from '../../../src/models/preflight'
import { modelOfAddress } from '../../../src/models/sources/stored'
import { weightOptions } from '../../../src/models/weight-file'
import type { GpuProbe } from '../../../src/models/runtime'
import type { ModelSpec, RequestRecord } from '../../../src/rpc/contracts'
import { startHubHost, type HubHost } from '../../helpers/hub-host'
import { memoryCaches } from '../../helpers/memory-caches'
import { siteFile } from '../../helpers/truth'

let host: HubHost
beforeAll(async () => {
  host = await startHubHost()
})
afterAll(() => host.close())

const gpu: GpuProbe = { software: false, float16: true }

function libraryOf({ probe = null, caches = null }: { probe?: GpuProbe | null; caches?: CacheStorage | null } = {}) {
  const records: RequestRecord[] = []
  const library = new ModelLibrary({
    fetch,
    caches,
    now: () => 7,
    probeGpu: () => Promise.resolve(probe),
    storage: {
      estimate: () => Promise.resolve({ usage: 5, quota: 10 }),
      persisted: () => Promise.resolve(true),
    },
  })
  const spec = (id: string, change: Partial<ModelSpec> = {}): ModelSpec => ({
    id,
    revision: 'main',
    host: host.address,
    dtype: null,
    file: null,
    backend: 'auto',
    threads: null,
    ...change,
  })
  const inspect = (id: string, change: Partial<ModelSpec> = {}) =>
    library.inspect(spec(id, change), (record) => records.push(record))
  return { library, inspect, records }
}

describe('a look at a model of the Hub', () => {
  test.each([
    ['zoo/bert-eager-dynamo', 'text'],
    ['zoo/vit-sdpa-ts', 'image'],
    ['zoo/qwen2-eager-ts', 'text'],
    ['zoo/quant-gpt2-eager-ts-q8', 'text'],
  ])('%s: files with sizes, shape and kind (%s), without the download', async (id, kind) => {
    const { inspect, records } = libraryOf()
    const seen = await inspect(id)
    const config = JSON.parse(readFileSync(siteFile(id, 'config.json'), 'utf8')) as Record<string, number>
    expect(seen.preflight).toMatchObject({
      kind,
      layers: config['num_hidden_layers'] ?? config['n_layer'],
      heads: config['num_attention_heads'] ?? config['n_head'],
      problem: null,
    })
    expect(seen.files?.every(({ bytes }) => bytes! > 0)).toBe(true)
    expect(seen.files).toContainEqual(seen.chosen)
    expect(seen).toMatchObject({ id, isStored: false, backendReason: 'no-gpu' })
    for (const { url, bytes } of records) if (url.endsWith('.onnx')) expect(bytes).toBeLessThan(2.2e6)
  })

  test('asks for two ranges, none of which covers the weights between', async () => {
    const { library, records } = libraryOf()
    host.ranges.length = 0
    const seen = await library.inspect(
      {
        id: 'builtin:smollm2-135m-instruct',
        revision: 'main',
        host: `${host.address}models/`,
        dtype: null,
        file: null,
        backend: 'auto',
        threads: null,
      },
      (record) => records.push(record),
    )
    expect(seen).toMatchObject({
      reason: 'builtin',
      chosen: { dtype: 'q4', bytes: 93_060_160 },
      preflight: { kind: 'text', layers: 30, heads: 9, kvHeads: 3, headDim: 64, problem: null },
    })
    const looks = records.filter(({ url }) => url.endsWith('.onnx')).map(({ bytes }) => bytes)
    expect(looks).toEqual([2 * 1024 * 1024, 64 * 1024])
  })

  test('falls back where the host ignores ranges', async () => {
    const { inspect } = libraryOf()
    expect(await inspect('norange/bert-eager-dynamo')).toMatchObject({
      preflight: { kind: 'text', problem: null },
      chosen: { path: 'onnx/model.onnx' },
    })
  })

  test('a plain host gives its file and size without a listing', async () => {
    const { inspect } = libraryOf()
    const length = readFileSync(siteFile('zoo/vit-sdpa-ts', 'onnx/model.onnx')).length
    expect(await inspect('plain/vit-sdpa-ts')).toMatchObject({
      files: null,
      chosen: { path: 'onnx/model.onnx', stem: 'model', dtype: 'fp32', bytes: length },
      preflight: { kind: 'image' },
    })
  })

  test.each([
    ['404/bert-eager-dynamo', 'MODEL_NOT_FOUND'],
    ['401/bert-eager-dynamo', 'MODEL_NOT_FOUND'],
    ['error/bert-eager-dynamo', 'NETWORK'],
    ['html/bert-eager-dynamo', 'MODEL_NOT_FOUND'],
    ['bert', 'BAD_ARGUMENT'],
  ])('%s fails as %s', async (id, code) => {
    await expect(libraryOf().inspect(id)).rejects.toMatchObject({ code })
  })

  test('a page in the place of the weights is named before any download', async () => {
    const { inspect } = libraryOf()
    expect((await inspect('page/bert-eager-dynamo')).preflight?.problem?.code).toBe('NOT_ONNX')
  })

  test('a later look ends an earlier one', async () => {
    const { inspect } = libraryOf()
    const first = inspect('zoo/bert-eager-dynamo')
    const second = inspect('zoo/vit-sdpa-ts')
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await second).toMatchObject({ id: 'zoo/vit-sdpa-ts' })
  })

  test('says why: the file and the backend', async () => {
    const q8 = 'zoo/quant-gpt2-eager-ts-q8'
    expect(await libraryOf().inspect(q8)).toMatchObject({ reason: 'only', backendReason: 'no-gpu' })
    expect(await libraryOf({ probe: gpu }).inspect(q8)).toMatchObject({ backendReason: 'integer' })
    expect(await libraryOf({ probe: gpu }).inspect('zoo/bert-eager-dynamo')).toMatchObject({ backendReason: 'gpu' })
    expect(await libraryOf({ probe: { ...gpu, software: true } }).inspect(q8)).toMatchObject({
      backendReason: 'software-gpu',
    })
    expect(await libraryOf().inspect(q8, { dtype: 'q8', backend: 'wasm' })).toMatchObject({
      reason: 'asked',
      backendReason: 'asked',
    })
  })
})

test('what is no transformer is told before the download', () => {
  const head = new Uint8Array(readFileSync(siteFile('zoo/vit-sdpa-ts', 'onnx/model.onnx'))).slice(0, 40)
  const seen = examineEnds({ head, tail: new Uint8Array(0), length: 40 }, {}, 'auto', null)
  expect(seen.layers).toBeNull()
  expect(examineEnds({ head: new Uint8Array(64).fill(7), tail: null, length: null }, {}, 'auto', null)).toMatchObject({
    problem: { code: 'NOT_ONNX' },
  })
})

test('data files beside the graph count for its size', () => {
  const file = (path: string, bytes: number) => ({ path: `onnx/${path}`, bytes, sha256: null })
  expect(
    weightOptions([
      file('model.onnx', 10),
      file('model.onnx_data', 500),
      file('model.onnx_data_1', 70),
      file('model_q4.onnx', 20),
      file('model_q4.onnx_data', 5),
      file('readme.txt', 1),
    ]),
  ).toEqual([
    { path: 'onnx/model.onnx', stem: 'model', dtype: 'fp32', bytes: 580 },
    { path: 'onnx/model_q4.onnx', stem: 'model', dtype: 'q4', bytes: 25 },
  ])
})

describe('what is stored', () => {
  test('is listed by model and can be deleted', async () => {
    const caches = memoryCaches()
    const entry = (bytes: number) => new Response('', { headers: { 'content-length': String(bytes) } })
    const builtinHost = 'http://site/app/models/'
    caches.entries.set('https://hub/owner/name/resolve/main/config.json', entry(10))
    caches.entries.set('https://hub/owner/name/resolve/main/onnx/model.onnx', entry(500))
    caches.entries.set(`${builtinHost}bge/onnx/model.onnx`, entry(40))
    caches.entries.set(`${builtinHost}manifest.json`, entry(3))
    const cut = 'https://hub/other/cut/resolve/main/onnx/model.onnx'
    const info = { validator: 'x', total: 90, parts: 1, bytes: 60 }
    caches.named('attention-atlas-partial').set(`${cut}?atlas-part=0`, new Response(new Uint8Array(60)))
    caches.named('attention-atlas-partial').set(`${cut}?atlas-part=info`, new Response(JSON.stringify(info)))
    const { library } = libraryOf({ caches })
    const stored = await library.stored({ builtinHost })
    expect(stored.map(({ id, bytes, partialBytes }) => [id, bytes, partialBytes])).toEqual([
      ['owner/name', 510, 0],
      ['builtin:bge', 40, 0],
      ['other/cut', 0, 60],
    ])
    await library.remove(stored[0]!.addresses)
    await library.remove(stored[2]!.addresses)
    expect(caches.named('attention-atlas-partial').size).toBe(0)
    expect((await library.stored({ builtinHost })).map(({ id }) => id)).toEqual(['builtin:bge'])
    expect(await library.storage()).toEqual({ used: 5, quota: 10, persisted: true })
  })

  test.each([
    ['https://hub/a/b/resolve/main/config.json', 'a/b'],
    ['https://hub/mirror/a/b/resolve/refs%2Fpr%2F1/onnx/model.onnx', 'a/b'],
    ['https://hub/api/models/a/b/tree/main/onnx', 'a/b'],
    ['http://site/models/bge/config.json', 'builtin:bge'],
    ['http://site/models/manifest.json', null],
  ])('%s belongs to %s', (url, id) => {
    expect(modelOfAddress(url, 'http://site/models/')).toBe(id)
  })
})
