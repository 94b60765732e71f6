import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createMessage, encodeVarint } from '../../../src/onnx/encode'
import { patchModel } from '../../../src/onnx/patch'
import { planModel, planModelEnds } from '../../../src/onnx/plan'
import type { Site } from '../../../src/onnx/types'
import { readModel } from '../../../src/onnx/wire'
import { createGraph } from '../../helpers/make-onnx'

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/site/zoo')
const readFixture = (name: string, file = 'model.onnx') =>
  new Uint8Array(readFileSync(path.join(fixtures, name, 'onnx', file)))
const bytesOf = (text: string) => new TextEncoder().encode(text)
const code = (wanted: string, message?: RegExp) =>
  expect.objectContaining({ code: wanted, ...(message ? { message: expect.stringMatching(message) as string } : {}) })

describe('Varints', () => {
  it.each([0, 1, 127, 128, 300, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40 + 5, 2 ** 53 - 1, -1, -2, -(2 ** 40)])(
    '%d survives writing and reading',
    (value) => {
      const tensor = createMessage().int(1, value).text(8, 'n')
      const model = createMessage().int(1, 8).message(7, createMessage().message(5, tensor)).finish()
      expect(readModel(model).graph.initializers[0]!.dims).toEqual([value])
      expect(encodeVarint(value).length).toBeLessThanOrEqual(10)
    },
  )
})

describe('Reading a model', () => {
  it('gives nodes, attributes, dimensions and small numbers', () => {
    const graph = createGraph({ opset: 18 })
    graph.input('x', ['b', 3])
    const scale = graph.floats([], [0.125])
    const shape = graph.ints([0, -1])
    const big = graph.weight([100, 3])
    const [out] = graph.nodes('Mul', ['x', scale], { axis: -1, perm: [0, 2, 1], alpha: { float: 0.5 }, text: 'a' }, 1)
    graph.output(out!)
    const { graph: index, opsets, complete } = readModel(graph.finish())
    expect(complete).toBe(true)
    expect(opsets).toContainEqual({ domain: '', version: 18 })
    expect(index.inputs[0]).toMatchObject({ name: 'x', elementType: 1, dims: ['b', 3] })
    const byName = new Map(index.initializers.map((entry) => [entry.name, entry]))
    expect(byName.get(scale)).toMatchObject({ dims: [], values: [0.125], elementType: 1 })
    expect(byName.get(shape)).toMatchObject({ dims: [2], values: [0, -1] })
    expect(byName.get(big)).toMatchObject({ dims: [100, 3], values: null })
    const [node] = index.nodes
    expect(node).toMatchObject({ operator: 'Mul', domain: '', inputs: ['x', scale], outputs: [out] })
    expect(node!.attributes).toMatchObject([
      { name: 'axis', int: -1 },
      { name: 'perm', ints: [0, 2, 1] },
      { name: 'alpha', float: 0.5 },
      { name: 'text', text: 'a' },
    ])
  })

  it('reads packed lists, typed data and external data as other writers leave them', () => {
    const float = new Uint8Array(Float32Array.of(1.5, -2).buffer)
    const packed = createMessage().bytes(1, Uint8Array.of(2, 3)).int(2, 1).text(8, 'dims')
    const typed = createMessage().int(1, 2).int(2, 1).bytes(4, float).text(8, 'floats')
    const half = createMessage().int(1, 1).int(2, 10).ints(5, [0x3800]).text(8, 'half')
    const entry = createMessage().text(1, 'location').text(2, 'model.onnx_data')
    const external = createMessage().int(1, 4).int(2, 1).text(8, 'outside').message(13, entry).int(14, 1)
    const graph = createMessage()
    for (const tensor of [packed, typed, half, external]) graph.message(5, tensor)
    const index = readModel(createMessage().int(1, 8).message(7, graph).finish())
    expect(index.graph.initializers).toMatchObject([
      { name: 'dims', dims: [2, 3] },
      { name: 'floats', values: [1.5, -2] },
      { name: 'half', values: [0.5] },
      { name: 'outside', location: 'model.onnx_data', values: null },
    ])
  })

  it('joins a graph that is given in two parts', () => {
    const first = createMessage().message(1, createMessage().text(4, 'Add'))
    const second = createMessage().message(12, createMessage().text(1, 'y'))
    const index = readModel(createMessage().int(1, 8).message(7, first).message(7, second).finish())
    expect(index.graph.nodes).toHaveLength(1)
    expect(index.graph.outputs).toMatchObject([{ name: 'y' }])
  })
})

describe('What is no model', () => {
  it.each([
    ['an empty file', new Uint8Array(0), /empty/],
    ['a web page', bytesOf('\n<!doctype html><html></html>'), /web page/],
    ['JSON', bytesOf('{"error":"not found"}'), /JSON/],
    ['a Git LFS pointer', bytesOf('version https://git-lfs.github.com/spec/v1\noid sha256:1\n'), /Git LFS/],
    ['a text', bytesOf('Entry not found'), /no readable ONNX/],
    ['a zip', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0), /no readable ONNX/],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), /no readable ONNX/],
    ['zeros', new Uint8Array(64), /no readable ONNX/],
  ])('%s is NOT_ONNX', (_, bytes, message) => {
    expect(() => readModel(bytes)).toThrowError(code('NOT_ONNX', message))
    expect(() => readModel(bytes, { partial: true })).toThrowError(code('NOT_ONNX'))
  })

  it.each([0.02, 0.3, 0.6, 0.9, 0.999])('a file cut at %d is TRUNCATED', (part) => {
    const bytes = readFixture('bert-eager-dynamo')
    expect(() => readModel(bytes.subarray(0, Math.floor(bytes.length * part)))).toThrowError(code('TRUNCATED'))
  })

  it('a cut inside the first bytes of the graph field is TRUNCATED', () => {
    const bytes = readFixture('bert-eager-dynamo')
    for (let length = 2; length < 64; length++)
      expect(() => readModel(bytes.subarray(0, length)), `${length} bytes`).toThrowError(code('TRUNCATED'))
  })

  it('a graph of endless entries is refused before memory runs out', () => {
    const bytes = new Uint8Array(4_000_000)
    bytes.set(Uint8Array.of(0x08, 8, 0x3a))
    bytes.set(encodeVarint(bytes.length - 7), 3)
    for (let at = 7; at + 1 < bytes.length; at += 2) bytes[at] = 0x0a
    expect(() => readModel(bytes)).toThrowError(code('TOO_BIG'))
  })
})

describe('The ends of a file', () => {
  const model = path.resolve(import.meta.dirname, '../../../public/models/bge-small-en-v1.5/onnx/model_int8.onnx')

  it.each([
    ['bge-small', new Uint8Array(readFileSync(model)), 2 ** 21],
    ['gpt2-sdpa-ts', readFixture('gpt2-sdpa-ts'), null],
    ['vit-sdpa-ts', readFixture('vit-sdpa-ts'), null],
  ])('of %s give the plan of the whole', (_, bytes, headBytes) => {
    const whole = planModel(bytes)
    const endOfNodes = Math.max(...whole.index.graph.nodes.map(({ span }) => span.end))
    const head = bytes.subarray(0, headBytes ?? endOfNodes + 100)
    const tail = bytes.subarray(Math.max(head.length, bytes.length - 65_536))
    const plan = planModelEnds(head, tail, bytes.length)
    // Constants among the weights that were not seen are read at run time instead.
    const known = ({ q, k, v, weights, flags, hint }: Site) => ({ q, k, v, weights, flags, hint })
    expect(plan.sites.map(known)).toEqual(whole.plan.sites.map(known))
    expect(plan.inputs).toEqual(whole.plan.inputs)
    expect(plan.outputs).toEqual(whole.plan.outputs)
    expect(plan.opset).toBe(whole.plan.opset)
  })

  it('are refused in words where they are too short', () => {
    const bytes = readFixture('gpt2-sdpa-ts')
    expect(() => planModelEnds(bytes.subarray(0, 5000), bytes.subarray(-10), bytes.length)).toThrowError(
      code('TRUNCATED'),
    )
  })

  it('are not enough to patch', () => {
    const bytes = readFixture('gpt2-sdpa-ts')
    const { plan } = planModel(bytes)
    const index = readModel(bytes.subarray(0, 30_000), { partial: true })
    expect(index.complete).toBe(false)
    expect(() => patchModel(bytes, index, plan)).toThrowError(code('TRUNCATED'))
  })
})

describe('The patched model', () => {
  it('keeps everything but the big initializers, byte for byte', () => {
    const bytes = readFixture('llama-eager-dynamo')
    const { index, plan } = planModel(bytes)
    const { model, external } = patchModel(bytes, index, plan)
    const patched = readModel(model)
    expect(patched.opsets).toEqual(index.opsets)
    expect(patched.graph.nodes.map(({ outputs }) => outputs)).toEqual(index.graph.nodes.map(({ outputs }) => outputs))
    expect(patched.graph.inputs.map(({ name, dims }) => [name, dims])).toEqual(
      index.graph.inputs.map(({ name, dims }) => [name, dims]),
    )
    expect(patched.graph.values).toHaveLength(index.graph.values.length)
    const outside = new Set(patched.graph.initializers.filter(({ location }) => location).map(({ name }) => name))
    for (const { name, raw } of index.graph.initializers)
      expect(outside.has(name), name).toBe(raw !== null && raw.end - raw.start >= 1024)
    expect(external).toEqual([
      { path: patched.graph.initializers.find(({ location }) => location)!.location, data: bytes },
    ])
    expect(patched.graph.outputs.slice(0, index.graph.outputs.length).map(({ name }) => name)).toEqual(plan.outputs)
  })

  it('is the same for the same file', () => {
    const bytes = readFixture('vit-sdpa-ts')
    const make = () => {
      const { index, plan } = planModel(bytes)
      return patchModel(bytes, index, plan).model
    }
    expect(make()).toEqual(make())
  })
})
