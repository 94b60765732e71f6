import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSource, sourceRules, type ModelSource, type SourceEnvironment } from '../../src/models/sources'
import { startHubHost, type HubHost } from '../helpers/hub-host'
import { memoryCaches } from '../helpers/memory-caches'
import { siteFile } from '../helpers/truth'

let host: HubHost
beforeAll(async () => {
  host = await startHubHost()
})
afterAll(() => host.close())

interface Case {
  id: string
  weights: string
  /** The weight file itself, on this disk. */
  file: string
  host: () => string
  files?: { path: string; blob: Blob }[]
}

const fixture = siteFile('zoo/vit-sdpa-ts', 'onnx/model.onnx')
const blobOf = (file: string) => new Blob([new Uint8Array(readFileSync(file))])

/** One model of every kind of source. */
const cases: Record<string, Case> = {
  builtin: {
    id: 'builtin:dinov2-small',
    weights: 'onnx/model_int8.onnx',
    file: fileURLToPath(new URL('../../public/models/dinov2-small/onnx/model_int8.onnx', import.meta.url)),
    host: () => `${host.address}models/`,
  },
  folder: {
    id: 'folder:mine',
    weights: 'onnx/model.onnx',
    file: fixture,
    host: () => 'http://nowhere.invalid',
    files: [
      { path: 'config.json', blob: blobOf(siteFile('zoo/vit-sdpa-ts', 'config.json')) },
      { path: 'onnx/model.onnx', blob: blobOf(fixture) },
    ],
  },
  hub: { id: 'zoo/vit-sdpa-ts', weights: 'onnx/model.onnx', file: fixture, host: () => host.address },
}

describe.each(sourceRules.map(({ name }) => name))('The source %s', (name) => {
  const own = cases[name]!
  const environment = (): SourceEnvironment => ({
    fetch,
    caches: memoryCaches(),
    now: () => 1,
    onRequest: () => undefined,
  })
  const open = (): Promise<ModelSource> =>
    openSource(
      { id: own.id, revision: 'main', host: own.host(), ...(own.files && { files: own.files }) },
      {},
      environment(),
    )
  const truth = () => readFileSync(own.file)

  test('is the only one that takes its id', () => {
    expect(sourceRules.filter(({ matches }) => matches(own.id)).map((rule) => rule.name)).toEqual([name])
  })

  test('gives a whole file, and says how far it is', async () => {
    const steps: [number, number][] = []
    const source = await open()
    const bytes = await source.read(own.weights, { why: 'weights', onProgress: (...step) => steps.push(step) })
    expect(Buffer.from(bytes!).equals(truth())).toBe(true)
    expect(steps.at(-1)).toEqual([truth().length, truth().length])
  })

  test('knows what is there and what is not', async () => {
    const source = await open()
    const why = { why: 'test' }
    expect([await source.exists(own.weights, why), await source.exists('onnx/none.onnx', why)]).toEqual([true, false])
    expect(await source.read('onnx/none.onnx', why)).toBeNull()
    expect(await source.peek('onnx/none.onnx', why)).toBeNull()
    const listed = await source.list('onnx', why)
    expect(listed?.find(({ path }) => path === own.weights)?.bytes).toBe(truth().length)
    expect(source.address(own.weights)).toContain(own.weights)
  })

  test('shows both ends of a file without the rest', async () => {
    const source = await open()
    const ends = await source.peek(own.weights, { why: 'look' })
    const { head, tail, length } = ends!
    expect(length).toBe(truth().length)
    expect(Buffer.from(head).equals(truth().subarray(0, head.length))).toBe(true)
    expect(Buffer.from(tail!).equals(truth().subarray(truth().length - tail!.length))).toBe(true)
    expect(head.length + tail!.length).toBeLessThanOrEqual(truth().length)
  })

  test('stops when it is told to', async () => {
    const source = await open()
    const controller = new AbortController()
    controller.abort()
    await expect(source.read(own.weights, { why: 'weights', signal: controller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})
