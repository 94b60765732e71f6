import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppError } from '../../../src/core/errors'
import { openSource, readManifest, type SourceEnvironment } from '../../../src/models/sources'
import { hashBytes } from '../../../src/models/sources/hash'
import { chooseWeightFile } from '../../../src/models/weight-file'
import type { RequestRecord } from '../../../src/rpc/contracts'
import { startHubHost, type HubHost } from '../../helpers/hub-host'
import { memoryCaches } from '../../helpers/memory-caches'
import { siteFile } from '../../helpers/truth'

let host: HubHost
beforeAll(async () => {
  host = await startHubHost()
})
afterAll(() => host.close())

function surroundings(caches: CacheStorage | null = null) {
  const records: RequestRecord[] = []
  const environment: SourceEnvironment = { fetch, caches, now: () => 42, onRequest: (record) => records.push(record) }
  return { environment, records }
}

const hub = (id: string, environment: SourceEnvironment, address = host.address) =>
  openSource({ id, revision: 'main', host: address }, {}, environment)

const codeOf = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return error instanceof AppError ? error.code : error
}

describe('a host with the addresses of the Hub', () => {
  test('gives whole files with progress, and reports every request', async () => {
    const { environment, records } = surroundings()
    const source = await hub('zoo/vit-sdpa-ts', environment)
    const steps: [number, number][] = []
    const bytes = await source.read('onnx/model.onnx', { why: 'weights', onProgress: (...step) => steps.push(step) })
    const truth = readFileSync(siteFile('zoo/vit-sdpa-ts', 'onnx/model.onnx'))
    expect(Buffer.from(bytes!).equals(truth)).toBe(true)
    expect(steps.at(-1)).toEqual([truth.length, truth.length])
    expect(records).toEqual([
      {
        url: `${host.address}zoo/vit-sdpa-ts/resolve/main/onnx/model.onnx`,
        bytes: truth.length,
        at: 42,
        why: 'weights',
      },
    ])
  })

  test('takes its address with or without a slash at the end', async () => {
    const { environment } = surroundings()
    const source = await hub('zoo/vit-sdpa-ts', environment, host.address.replace(/\/$/, ''))
    expect(await source.read('config.json', { why: 'configuration' })).not.toBeNull()
  })

  test('says null for what is not there', async () => {
    const { environment } = surroundings()
    expect(await (await hub('404/vit-sdpa-ts', environment)).read('config.json', { why: 'configuration' })).toBeNull()
    expect(await (await hub('zoo/vit-sdpa-ts', environment)).exists('nothing.json', { why: 'search' })).toBe(false)
  })

  test.each([
    ['cut/vit-sdpa-ts', 'TRUNCATED'],
    ['bad/vit-sdpa-ts', 'WRONG_HASH'],
    ['error/vit-sdpa-ts', 'NETWORK'],
  ])('%s fails as %s, and nothing of it is kept', async (id, code) => {
    const caches = memoryCaches()
    const { environment } = surroundings(caches)
    const source = await hub(id, environment)
    expect(await codeOf(source.read('onnx/model.onnx', { why: 'weights' }))).toBe(code)
    expect(caches.entries.size).toBe(0)
  })

  test('a host that is not there is a network error', async () => {
    const { environment } = surroundings()
    const source = await hub('zoo/vit-sdpa-ts', environment, 'http://127.0.0.1:1/')
    expect(await codeOf(source.read('config.json', { why: 'configuration' }))).toBe('NETWORK')
  })

  test('a download can be cancelled', async () => {
    const { environment } = surroundings()
    const controller = new AbortController()
    const source = await hub('zoo/vit-sdpa-ts', environment)
    const reading = source.read('onnx/model.onnx', {
      why: 'weights',
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    expect(await codeOf(reading)).toBe('CANCELLED')
  })

  test('a second reading comes from the cache, under the full address', async () => {
    const caches = memoryCaches()
    const { environment, records } = surroundings(caches)
    const source = await hub('zoo/vit-sdpa-ts', environment)
    const first = await source.read('onnx/model.onnx', { why: 'weights' })
    const second = await source.read('onnx/model.onnx', { why: 'weights' })
    expect(second).toEqual(first)
    expect(records).toHaveLength(1)
    expect([...caches.entries.keys()]).toEqual([`${host.address}zoo/vit-sdpa-ts/resolve/main/onnx/model.onnx`])
  })

  test('a damaged cache entry is fetched anew', async () => {
    const caches = memoryCaches()
    const { environment, records } = surroundings(caches)
    const source = await hub('zoo/vit-sdpa-ts', environment)
    const first = await source.read('onnx/model.onnx', { why: 'weights' })
    const [url, stored] = [...caches.entries][0]!
    caches.entries.set(url, new Response(first!.slice(0, 1000), { headers: stored.headers }))
    expect(await source.read('onnx/model.onnx', { why: 'weights' })).toEqual(first)
    expect(records).toHaveLength(2)
  })

  test('what is no id is refused', async () => {
    const { environment } = surroundings()
    expect(await codeOf(hub('bert', environment))).toBe('BAD_ARGUMENT')
    expect(await codeOf(hub('../secrets', environment))).toBe('BAD_ARGUMENT')
  })
})

describe('the weight file', () => {
  const any = { dtype: null, file: null, backend: 'wasm' } as const

  test('comes from the listing, with its size', async () => {
    const { environment } = surroundings()
    const source = await hub('zoo/quant-gpt2-eager-ts-q8', environment)
    expect(await chooseWeightFile(source, { ...any, backend: 'webgpu' }, {})).toEqual({
      path: 'onnx/model_quantized.onnx',
      dtype: 'q8',
      bytes: 155_426,
    })
  })

  test('is probed for where the host lists nothing', async () => {
    const plain = await startHubHost({ listing: false })
    try {
      const { environment } = surroundings()
      const source = await hub('zoo/vit-sdpa-ts', environment, plain.address)
      expect(await chooseWeightFile(source, any, {})).toEqual({ path: 'onnx/model.onnx', dtype: 'fp32', bytes: null })
      expect(plain.requests).toContain('HEAD /zoo/vit-sdpa-ts/resolve/main/onnx/model_quantized.onnx')
    } finally {
      await plain.close()
    }
  })

  test('of a dtype that was asked for is never replaced', async () => {
    const { environment } = surroundings()
    const source = await hub('zoo/vit-sdpa-ts', environment)
    expect(await codeOf(chooseWeightFile(source, { ...any, dtype: 'q4' }, {}))).toBe('NO_ONNX_FILE')
    expect(await codeOf(chooseWeightFile(source, { ...any, file: 'decoder_model' }, {}))).toBe('NO_ONNX_FILE')
  })

  test.each([
    ['wasm', null, null, 'onnx/model_quantized.onnx'],
    ['webgpu', null, null, 'onnx/model.onnx'],
    ['webgpu', 'int8', null, 'onnx/decoder_model_int8.onnx'],
    ['wasm', 'fp16', 'vision_model', 'onnx/vision_model_fp16.onnx'],
    ['wasm', null, 'vision_model', 'onnx/vision_model_fp16.onnx'],
  ] as const)('on %s with dtype %s and file %s is %s', async (backend, dtype, file, expected) => {
    const names = ['model', 'model_quantized', 'decoder_model_int8', 'vision_model_fp16', 'model_fp16']
    const source = {
      id: 'owner/name',
      address: (path: string) => path,
      preferred: null,
      kind: null,
      list: () => Promise.resolve(names.map((name) => ({ path: `onnx/${name}.onnx`, bytes: 1, sha256: null }))),
      exists: () => Promise.reject(new Error('the listing is enough')),
      peek: () => Promise.resolve(null),
      read: () => Promise.resolve(null),
    }
    expect((await chooseWeightFile(source, { backend, dtype, file }, {})).path).toBe(expected)
  })
})

describe('built-in models', () => {
  test('the manifest states size and hash of every file', async () => {
    const { environment } = surroundings()
    const { models } = await readManifest(`${host.address}models`, {}, environment)
    for (const model of models) {
      for (const file of model.files) {
        const bytes = readFileSync(new URL(`../../../public/models/${model.name}/${file.path}`, import.meta.url))
        expect({ path: file.path, bytes: bytes.length, sha256: await hashBytes(new Uint8Array(bytes)) }).toEqual(file)
      }
      expect(model.licence).toMatch(/\w/)
    }
  })

  test('an unknown name is refused with the names that there are, and asks for nothing else', async () => {
    const { environment, records } = surroundings()
    const opening = openSource(
      { id: 'builtin:nothing', revision: 'main', host: `${host.address}models/` },
      {},
      environment,
    )
    await expect(opening).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining('bge-small-en-v1.5') as string,
    })
    expect(records).toHaveLength(1)
  })

  test('a file outside the manifest is not asked for', async () => {
    const { environment, records } = surroundings()
    const source = await openSource(
      { id: 'builtin:bge-small-en-v1.5', revision: 'main', host: `${host.address}models/` },
      {},
      environment,
    )
    expect(await source.read('preprocessor_config.json', { why: 'images' })).toBeNull()
    expect(records).toHaveLength(1)
    expect(await chooseWeightFile(source, { dtype: null, file: null, backend: 'webgpu' }, {})).toEqual({
      path: 'onnx/model_int8.onnx',
      dtype: 'int8',
      bytes: 34_483_705,
    })
  })
})
