import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { Inference } from '../../../src/models/inference'
import { ModelLibrary } from '../../../src/models/library'
import { arrangeFiles } from '../../../src/models/sources/folder'
import type { ModelSpec } from '../../../src/rpc/contracts'
import { ModelFolders, type FolderFile } from '../../../src/state/model-folders'
import { isModel, nameModel, type GivenFile } from '../../../src/ui/dropped-files'
import { nodeRuntime } from '../../helpers/node-runtime'

const zoo = fileURLToPath(new URL('../../fixtures/site/zoo/', import.meta.url))

function filesOf(model: string, rename: (name: string) => string | null = (name) => name): FolderFile[] {
  const walk = (folder: string): string[] =>
    readdirSync(path.join(zoo, model, folder)).flatMap((name) => {
      const inside = folder ? `${folder}/${name}` : name
      return statSync(path.join(zoo, model, inside)).isDirectory() ? walk(inside) : [inside]
    })
  return walk('').flatMap((name) => {
    const to = rename(name)
    const blob = new Blob([new Uint8Array(readFileSync(path.join(zoo, model, name)))])
    return to === null ? [] : [{ path: to, blob }]
  })
}

const specOf = (id: string, files?: FolderFile[]): ModelSpec => ({
  id,
  revision: 'main',
  host: 'http://nowhere.invalid',
  dtype: null,
  file: null,
  backend: 'auto',
  threads: null,
  ...(files && { files }),
})

const offline: typeof fetch = (address) => {
  throw new Error(`asked for ${String(address)}`)
}
const ignore = () => undefined
const inference = () => new Inference({ provider: nodeRuntime(), fetch: offline, caches: null, now: () => 0 })

describe('a folder of this computer', () => {
  test('opens without a single request', async () => {
    const info = await inference().open(specOf('folder:mine', filesOf('bert-eager-dynamo')), ignore, ignore)
    expect(info).toMatchObject({ id: 'folder:mine', file: 'onnx/model.onnx', kind: 'text', verified: 'exact' })
  })

  test('opens with the weights beside the tokenizer, under a name of their own, without config.json', async () => {
    const flat = filesOf('bert-eager-dynamo', (name) =>
      name === 'config.json' ? null : name.replace('onnx/model.onnx', 'my-bert.onnx'),
    )
    expect(await inference().open(specOf('folder:mine', flat), ignore, ignore)).toMatchObject({
      file: 'onnx/my-bert.onnx',
      verified: 'exact',
    })
  })

  test('opens from within other folders', async () => {
    const nested = filesOf('vit-sdpa-ts', (name) => `snapshots/abc/${name}`)
    expect(await inference().open(specOf('folder:mine', nested), ignore, ignore)).toMatchObject({ kind: 'image' })
  })

  test('can be looked at', async () => {
    const library = new ModelLibrary({
      fetch: offline,
      caches: null,
      now: () => 0,
      probeGpu: () => Promise.resolve(null),
      storage: null,
    })
    expect(await library.inspect(specOf('folder:mine', filesOf('qwen2-eager-ts')), ignore)).toMatchObject({
      chosen: { path: 'onnx/model.onnx' },
      preflight: { layers: 2, kvHeads: 2, problem: null },
    })
  })

  test.each([
    ['tokenizer.json', 'bert-eager-dynamo', 'TOKENIZER_FAILED'],
    ['preprocessor_config.json', 'vit-sdpa-ts', 'IMAGE_FAILED'],
    ['onnx/model.onnx', 'vit-sdpa-ts', 'NO_ONNX_FILE'],
  ])('without %s, %s fails as %s', async (missing, model, code) => {
    const files = filesOf(model, (name) => (name === missing ? null : name))
    await expect(inference().open(specOf('folder:mine', files), ignore, ignore)).rejects.toMatchObject({ code })
  })

  test('is asked for again in words after a reload', async () => {
    await expect(inference().open(specOf('folder:My model'), ignore, ignore)).rejects.toMatchObject({
      code: 'NOT_AVAILABLE',
      message: expect.stringMatching(/“My model” has to be chosen again/) as string,
    })
  })

  test('whose file was changed meanwhile says so', async () => {
    const files = filesOf('bert-eager-dynamo').map((file) =>
      file.path.endsWith('.onnx')
        ? { ...file, blob: Object.assign(new Blob(['x']), { arrayBuffer: () => Promise.reject(new Error('gone')) }) }
        : file,
    )
    await expect(inference().open(specOf('folder:mine', files), ignore, ignore)).rejects.toMatchObject({
      code: 'NOT_AVAILABLE',
      message: expect.stringContaining('onnx/model.onnx') as string,
    })
  })
})

test('files that lie anywhere are put where the Hub has them', () => {
  const paths = (names: string[]) => [...arrangeFiles(names.map((name) => ({ path: name, blob: new Blob() }))).keys()]
  expect(paths(['config.json', 'onnx/model.onnx', 'onnx/model.onnx_data'])).toEqual([
    'config.json',
    'onnx/model.onnx',
    'onnx/model.onnx_data',
  ])
  expect(paths(['a.onnx', 'a.onnx_data', 'tokenizer.json'])).toEqual(
    expect.arrayContaining(['onnx/a.onnx', 'onnx/a.onnx_data', 'tokenizer.json']),
  )
  expect(paths(['x/config.json', 'x/sub/m.onnx', 'other.txt'])).toEqual(['config.json', 'sub/m.onnx', 'onnx/m.onnx'])
})

test('folders of a visit keep their names apart', () => {
  const folders = new ModelFolders()
  const files = (text: string) => [{ path: 'model.onnx', blob: new Blob([text]) }]
  expect(folders.add('bert', files('one'))).toBe('folder:bert')
  expect(folders.add('bert', files('one'))).toBe('folder:bert')
  expect(folders.add('bert', files('another'))).toBe('folder:bert (2)')
  expect(folders.add('a/b\\c', files('one'))).toBe('folder:a b c')
  expect(folders.get('folder:bert (2)')?.[0]?.blob.size).toBe(7)
  expect(folders.get('folder:none')).toBeNull()
})

test('a model of given files is named after its folder, or its weights', () => {
  const given = (...paths: string[]): GivenFile[] =>
    paths.map((each) => ({ path: each, file: new File([], each.replace(/^.*\//, '')) }))
  expect(nameModel(given('mine/config.json', 'mine/onnx/model.onnx'))).toMatchObject({
    name: 'mine',
    files: [{ path: 'config.json' }, { path: 'onnx/model.onnx' }],
  })
  expect(nameModel(given('tokenizer.json', 'small.onnx'))).toMatchObject({
    name: 'small',
    files: [{ path: 'tokenizer.json' }, { path: 'small.onnx' }],
  })
  expect(isModel(given('a.txt', 'b.json'))).toBe(false)
})
