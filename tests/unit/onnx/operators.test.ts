import { describe, expect, it } from 'vitest'
import * as ort from 'onnxruntime-web/wasm'
import { createRandom } from '../../../src/core/random'
import { patchModel } from '../../../src/onnx/patch'
import { planModel } from '../../../src/onnx/plan'
import type { SiteFlags } from '../../../src/onnx/types'
import { verifySite } from '../../../src/onnx/verify'
import { createGraph, type GraphBuilder } from '../../helpers/make-onnx'
import { attend, openSession, readSite } from '../../helpers/onnx-run'

const heads = 2
const width = 4
const channels = heads * width
const tokens = 7
const batch = 2

const states = (seed: number): ort.Tensor => {
  const random = createRandom(seed)
  const data = Float32Array.from({ length: batch * tokens * channels }, () => 2 * random() - 1)
  return new ort.Tensor('float32', data, [batch, tokens, channels])
}

/** Plans, patches and runs a file whose one float input is x, and judges its only site. */
async function examine(file: Uint8Array, feeds: Record<string, ort.Tensor> = {}) {
  const { index, plan } = planModel(file)
  const session = await openSession(patchModel(file, index, plan))
  const outputs = await session.run({ x: states(5), ...feeds })
  const plain = plan.inputs.length === session.inputNames.length
  await session.release()
  expect(plan.sites).toHaveLength(1)
  expect(plain).toBe(true)
  const site = plan.sites[0]!
  const result = readSite(site, outputs, batch)
  const verdict = verifySite({ ...result, flags: site.flags, mask: site.mask })
  expect([result.q.batch, result.q.heads, result.q.tokens, result.q.width]).toEqual([batch, heads, tokens, width])
  return { plan, site, result, verdict }
}

const project = (graph: GraphBuilder, input = 'x') =>
  graph.node('Add', [
    graph.node('MatMul', [input, graph.weight([channels, channels], 0.7)]),
    graph.weight([channels], 0.5),
  ])

const toHeads = (graph: GraphBuilder, tensor: string, perm: number[], count = heads) =>
  graph.node('Transpose', [graph.node('Reshape', [tensor, graph.ints([0, 0, count, width])])], { perm })

const rows = [0, 2, 1, 3]
const columns = [0, 2, 3, 1]

const start = (opset = 17) => {
  const graph = createGraph({ opset })
  graph.input('x', ['b', 't', channels])
  return graph
}

/** softmax(scores) · v, and the graph's end. */
function close(graph: GraphBuilder, scores: string, values = toHeads(graph, project(graph), rows)): Uint8Array {
  graph.output(graph.node('MatMul', [graph.node('Softmax', [scores], { axis: -1 }), values]))
  return graph.finish()
}

const scale = (graph: GraphBuilder) => graph.floats([], [0.5])
const plainScores = (graph: GraphBuilder) =>
  graph.node('Mul', [
    graph.node('MatMul', [toHeads(graph, project(graph), rows), toHeads(graph, project(graph), columns)]),
    scale(graph),
  ])

const expectFlags = (flags: SiteFlags, wanted: Partial<SiteFlags>) => expect(flags).toMatchObject(wanted)

describe('Products', () => {
  it('MatMul with a constant scale', async () => {
    const graph = start()
    const { verdict, result, site } = await examine(close(graph, plainScores(graph)))
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask: { causal: false, window: null } })
    expect([...result.scale]).toEqual([0.5, 0.5])
    expectFlags(site.flags, { operator: 'MatMul', rotary: false, additive: false, cross: false })
  })

  it('a scale on both operands, and one computed from the shape', async () => {
    const graph = start()
    const q = toHeads(graph, project(graph), rows)
    const k = toHeads(graph, project(graph), rows)
    const length = graph.node('Gather', [graph.node('Shape', [q]), graph.ints([3], [])], { axis: 0 })
    const root = graph.node('Sqrt', [graph.node('Sqrt', [graph.node('Cast', [length], { to: 1 })])])
    const scores = graph.node('MatMul', [
      graph.node('Div', [q, root]),
      graph.node('Div', [graph.node('Transpose', [k], { perm: [0, 1, 3, 2] }), root]),
    ])
    const { verdict, result, site } = await examine(close(graph, scores))
    expect(verdict.verdict, verdict.note).toBe('exact')
    expect(site.scale.runtime).toHaveLength(2)
    expect(result.scale[0]).toBeCloseTo(1 / Math.sqrt(width), 6)
    expect(site.k.layout).toBe('head-token-width')
  })

  it('queries scaled before they are split into heads', async () => {
    const graph = start()
    const q = toHeads(graph, graph.node('Mul', [project(graph), scale(graph)]), rows)
    const { verdict, site, result } = await examine(
      close(graph, graph.node('MatMul', [q, toHeads(graph, project(graph), columns)])),
    )
    expect(verdict.verdict, verdict.note).toBe('exact')
    expect(site.q.factor).toBe(0.5)
    expect([...result.scale]).toEqual([0.5, 0.5])
  })

  it('FusedMatMul with a transposed operand and a factor', async () => {
    const graph = start()
    const q = toHeads(graph, project(graph), rows)
    const k = toHeads(graph, project(graph), rows)
    const scores = graph.node('FusedMatMul@com.microsoft', [q, k], { transB: 1, alpha: { float: 0.25 } })
    const { verdict, result, site } = await examine(close(graph, scores))
    expect(verdict.verdict, verdict.note).toBe('exact')
    expect([...result.scale]).toEqual([0.25, 0.25])
    expectFlags(site.flags, { operator: 'FusedMatMul' })
  })

  it.each([
    ['bhid,bhjd->bhij', true],
    ['bihd,bjhd->bhij', false],
    ['...ihd,...jhd->...hij', false],
  ])('Einsum %s', async (equation, split) => {
    const graph = start()
    const part = () =>
      split
        ? toHeads(graph, project(graph), rows)
        : graph.node('Reshape', [project(graph), graph.ints([0, 0, heads, width])])
    const scores = graph.node('Mul', [graph.node('Einsum', [part(), part()], { equation }), scale(graph)])
    const weights = graph.node('Softmax', [scores], { axis: 3 })
    const sum = split ? 'bhij,bhjd->bhid' : 'bhij,bjhd->bihd'
    const onward = equation.startsWith('...') ? sum.replaceAll('b', '...') : sum
    graph.output(graph.node('Einsum', [weights, part()], { equation: onward }))
    const { verdict, site, result } = await examine(graph.finish())
    expect(verdict.verdict, verdict.note).toBe('exact')
    expectFlags(site.flags, { operator: 'Einsum' })
    expect(result.v && [result.v.heads, result.v.tokens, result.v.width]).toEqual([heads, tokens, width])
  })

  it('Einsum with the tokens before the batch', async () => {
    const graph = start()
    const part = () =>
      graph.node('Transpose', [graph.node('Reshape', [project(graph), graph.ints([0, 0, heads, width])])], {
        perm: [1, 0, 2, 3],
      })
    const product = graph.node('Einsum', [part(), part()], { equation: 'ibnd,jbnd->bnij' })
    const weights = graph.node('Softmax', [graph.node('Mul', [product, scale(graph)])], { axis: -1 })
    graph.output(graph.node('Einsum', [weights, part()], { equation: 'bnij,jbnd->ibnd' }))
    const { verdict, result, site } = await examine(graph.finish())
    expect(verdict.verdict, verdict.note).toBe('exact')
    expect(site.q.layout).toBe('token-batch-head-width')
    expect(result.v && [result.v.heads, result.v.tokens, result.v.width]).toEqual([heads, tokens, width])
  })

  it('an integer product of quantised queries and keys', async () => {
    const graph = start()
    const [q, qScale, qZero] = graph.nodes('DynamicQuantizeLinear', [toHeads(graph, project(graph), rows)], {}, 3)
    const [k, kScale, kZero] = graph.nodes('DynamicQuantizeLinear', [toHeads(graph, project(graph), columns)], {}, 3)
    const product = graph.node('MatMulInteger', [q!, k!, qZero!, kZero!])
    const scores = graph.node('Mul', [graph.node('Cast', [product], { to: 1 }), graph.node('Mul', [qScale!, kScale!])])
    const { verdict, site } = await examine(close(graph, scores))
    expect(verdict.verdict, verdict.note).toBe('exact')
    // A fiftieth of the scores' spread, which is 5.9 here; what is off is far less.
    expect(verdict.tolerance).toBeCloseTo(0.118, 3)
    expect(verdict.deviation).toBeLessThan(5e-2)
    expectFlags(site.flags, { operator: 'MatMulInteger', quantised: true })
  })

  it('[B·H,T,d], keys on the left and a transposition behind the product', async () => {
    const graph = start()
    const merge = (tensor: string) => graph.node('Reshape', [tensor, graph.ints([-1, tokens, width])])
    const q = merge(toHeads(graph, project(graph), rows))
    const k = merge(toHeads(graph, project(graph), rows))
    const product = graph.node('MatMul', [k, graph.node('Transpose', [q], { perm: [0, 2, 1] })])
    const scores = graph.node('Transpose', [product], { perm: [0, 2, 1] })
    const { verdict, result } = await examine(close(graph, scores, merge(toHeads(graph, project(graph), rows))))
    expect(verdict.verdict, verdict.note).toBe('exact')
    expect(result.k.tokens).toBe(tokens)
  })

  it('repeated key heads, exchanged through a merged reshape', async () => {
    const graph = start()
    const single = graph.node('Reshape', [
      graph.node('MatMul', ['x', graph.weight([channels, width], 0.7)]),
      graph.ints([0, 0, 1, width]),
    ])
    const repeat = (tensor: string) => {
      const five = graph.node('Unsqueeze', [tensor, graph.ints([2])])
      const expanded = graph.node('Expand', [five, graph.ints([1, 1, heads, 1, 1])])
      return graph.node('Reshape', [expanded, graph.ints([0, heads, tokens, width])])
    }
    const kv = graph.node('Transpose', [single], { perm: rows })
    const merged = graph.node('Reshape', [repeat(kv), graph.ints([-1, tokens, width])])
    const exchanged = graph.node('Reshape', [
      graph.node('Transpose', [merged], { perm: [0, 2, 1] }),
      graph.ints([-1, heads, width, tokens]),
    ])
    const scores = graph.node('MatMul', [
      toHeads(graph, project(graph), rows),
      graph.node('Mul', [exchanged, scale(graph)]),
    ])
    const { verdict, result } = await examine(close(graph, scores, repeat(kv)))
    expect(verdict.verdict, verdict.note).toBe('exact')
    expect([result.k.heads, result.v?.heads]).toEqual([1, 1])
  })

  it.each([
    ['plain', false],
    ['causal, with a number added that weighs nothing', true],
  ])('all heads in one product with the only key head, token by token (%s)', async (_, masked) => {
    const graph = start()
    const [queries, keysAndValues] = graph.nodes(
      'Split',
      [
        graph.node('Add', [
          graph.node('MatMul', ['x', graph.weight([channels, channels + 2 * width], 0.7)]),
          graph.weight([channels + 2 * width], 0.5),
        ]),
        graph.ints([channels, 2 * width]),
      ],
      { axis: 2 },
      2,
    )
    const [keys, values] = graph.nodes('Split', [keysAndValues!, graph.ints([width, width])], { axis: 2 }, 2)
    const shape = graph.node('Shape', ['x'])
    const at = (place: number) => graph.node('Gather', [shape, graph.ints([place])], { axis: 0 })
    const view = (...dims: string[]) => graph.node('Concat', dims, { axis: 0 })
    const rowsOfAll = graph.node('Mul', [at(1), graph.ints([heads])])
    const rowQueries = graph.node('Reshape', [queries!, view(at(0), rowsOfAll, graph.ints([width]))])
    const product = graph.node('MatMul', [rowQueries, graph.node('Transpose', [keys!], { perm: [0, 2, 1] })])
    let scores = graph.node('Mul', [product, scale(graph)])
    if (masked) {
      const nothing = graph.node('ConstantOfShape', [view(at(0), rowsOfAll, at(1))])
      scores = graph.node('Add', [scores, graph.node('Mul', [nothing, graph.floats([], [0])])])
    }
    scores = graph.node('Reshape', [scores, view(at(0), at(1), graph.ints([heads]), at(1))])
    if (masked) {
      const ones = graph.node('Expand', [graph.floats([1, 1], [1]), view(at(1), at(1))])
      const before = graph.node('Cast', [graph.node('Trilu', [ones], { upper: 0 })], { to: 9 })
      const forAll = graph.node('Unsqueeze', [before, graph.ints([0, 2])])
      scores = graph.node('Where', [forAll, scores, graph.floats([], [-3e38])])
    }
    const weights = graph.node('Softmax', [scores], { axis: -1 })
    const rowWeights = graph.node('Reshape', [weights, view(at(0), rowsOfAll, at(1))])
    const mixed = graph.node('MatMul', [rowWeights, values!])
    graph.output(graph.node('Reshape', [mixed, view(at(0), at(1), graph.ints([channels]))]))
    const { verdict, result, plan } = await examine(graph.finish())
    expect(plan.quantised).toBe(false)
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask: { causal: masked, window: null } })
    expect([result.k.heads, result.k.tokens, result.k.width, result.v!.heads]).toEqual([1, tokens, width, 1])
    // Against a plain computation of every head of every input.
    for (let input = 0; input < batch; input++)
      for (let head = 0; head < heads; head++) {
        const wanted = attend(result, input, head, (query, key) => !masked || key <= query).weights
        const own = result.weights!.values.subarray((input * heads + head) * tokens * tokens)
        for (let pair = 0; pair < tokens * tokens; pair++) expect(own[pair]).toBeCloseTo(wanted[pair]!, 6)
      }
  })
})

describe('What lies between product and softmax', () => {
  const biasOf = (graph: GraphBuilder) => graph.weight([1, heads, tokens, tokens], 1)

  it('a causal mask stays exact', async () => {
    const graph = start()
    const mask = Array.from({ length: tokens * tokens }, (_, at) =>
      at % tokens > Math.floor(at / tokens) ? -3.4e38 : 0,
    )
    const scores = graph.node('Add', [plainScores(graph), graph.floats([1, 1, tokens, tokens], mask)])
    const { verdict } = await examine(close(graph, scores))
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask: { causal: true, window: null } })
  })

  it('scores that are multiplied with a mask, and brought down where it is 0', async () => {
    const graph = start()
    graph.input('size', [1], 7)
    const rest = Array.from({ length: 100 }, (_, at) => (at % 10 > Math.floor(at / 10) ? 0 : 1))
    const table = graph.floats([1, 1, 10, 10], rest)
    const zero = graph.ints([0])
    const rows = graph.node('Slice', [table, zero, 'size', graph.ints([2])])
    const mask = graph.node('Slice', [rows, zero, 'size', graph.ints([3])])
    const off = graph.node('Mul', [graph.node('Sub', [mask, graph.floats([], [1])]), graph.floats([], [1e4])])
    const scores = graph.node('Add', [graph.node('Mul', [plainScores(graph), mask]), off])
    const { verdict, site } = await examine(close(graph, scores), {
      size: new ort.Tensor('int64', BigInt64Array.of(BigInt(tokens)), [1]),
    })
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask: { causal: true, window: null } })
    expect(site.scale).toEqual({ constant: 0.5, runtime: [] })
  })

  it('a window of two tokens before the query', async () => {
    const graph = start()
    const mask = Array.from({ length: tokens * tokens }, (_, at) => {
      const distance = Math.floor(at / tokens) - (at % tokens)
      return distance < 0 || distance > 2 ? 0 : 1
    })
    const condition = graph.node('Cast', [graph.floats([1, 1, tokens, tokens], mask)], { to: 9 })
    const scores = graph.node('Where', [condition, plainScores(graph), graph.floats([], [-Infinity])])
    const { verdict } = await examine(close(graph, scores))
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask: { causal: true, window: 2 } })
  })

  it('an added bias is told', async () => {
    const graph = start()
    const { verdict, site } = await examine(close(graph, graph.node('Add', [plainScores(graph), biasOf(graph)])))
    expect(verdict, verdict.note).toMatchObject({ verdict: 'bias' })
    expect(site.product).not.toBeNull()
  })

  it('a soft cap is told', async () => {
    const graph = start()
    const cap = graph.floats([], [0.5])
    const capped = graph.node('Mul', [graph.node('Tanh', [graph.node('Div', [plainScores(graph), cap])]), cap])
    const { verdict, site } = await examine(close(graph, capped))
    expect(verdict, verdict.note).toMatchObject({ verdict: 'bias' })
    expectFlags(site.flags, { softcap: true })
    expect(site.scale.constant).toBeCloseTo(0.5, 6)
  })

  it('a sink beside the keys is told', async () => {
    const graph = start()
    const sink = graph.weight([batch, heads, tokens, 1])
    const weights = graph.node('Softmax', [graph.node('Concat', [plainScores(graph), sink], { axis: -1 })], {
      axis: -1,
    })
    const kept = graph.node('Slice', [weights, graph.ints([0]), graph.ints([-1]), graph.ints([-1])])
    graph.output(graph.node('MatMul', [kept, toHeads(graph, project(graph), rows)]))
    const { verdict, site } = await examine(graph.finish())
    expect(verdict, verdict.note).toMatchObject({ verdict: 'bias' })
    expectFlags(site.flags, { sink: true })
  })

  it('a gate that depends on the input is told', async () => {
    const graph = start()
    const gate = graph.node('Softplus', [toHeads(graph, project(graph), rows)])
    const factor = graph.node('ReduceMean', [gate], { axes: [3], keepdims: 1 })
    const { verdict } = await examine(close(graph, graph.node('Mul', [plainScores(graph), factor])))
    expect(verdict.verdict, verdict.note).toBe('bias')
  })

  it('a softmax that joins no queries, keys and values is left out with a reason', async () => {
    const graph = start()
    const router = graph.node('Softmax', [project(graph)], { axis: -1 })
    graph.output(graph.node('Mul', [router, 'x']))
    const { plan } = await examine(close(graph, plainScores(graph)))
    expect(plan.rejected).toHaveLength(1)
    expect(plan.rejected[0]!.why).toMatch(/router/)
  })

  it('cross-attention is told from self-attention', async () => {
    const graph = start()
    graph.input('y', ['b', 'u', channels])
    const k = toHeads(graph, project(graph, 'y'), columns)
    const scores = graph.node('MatMul', [toHeads(graph, project(graph), rows), k])
    const { verdict, site } = await examine(close(graph, scores, toHeads(graph, project(graph, 'y'), rows)), {
      y: states(9),
    })
    expect(verdict.verdict, verdict.note).toBe('exact')
    expectFlags(site.flags, { cross: true })
  })

  it('queries with positions added are no cross-attention', async () => {
    const graph = start()
    const placed = graph.node('Add', ['x', graph.weight([1, tokens, channels])])
    const q = toHeads(graph, project(graph, placed), rows)
    const scores = graph.node('MatMul', [q, toHeads(graph, project(graph, placed), columns)])
    const { site } = await examine(close(graph, scores))
    expectFlags(site.flags, { cross: false })
  })
})

describe('Rotation, repeats and windows', () => {
  const siteOf = (graph: GraphBuilder, q: string, k: string, v = toHeads(graph, project(graph), rows)) => {
    const scores = graph.node('MatMul', [q, graph.node('Transpose', [k], { perm: [0, 1, 3, 2] })])
    const { plan } = planModel(close(graph, graph.node('Mul', [scores, scale(graph)]), v))
    expect(plan.sites).toHaveLength(1)
    return plan.sites[0]!
  }
  const mix = (graph: GraphBuilder, first: string, second: string) =>
    graph.node('Add', [
      graph.node('Mul', [first, graph.weight([1, 1, tokens, width])]),
      graph.node('Mul', [second, graph.weight([1, 1, tokens, width])]),
    ])

  it('x·cos + rotated(x)·sin is a rotation, a mixture of two tensors is none', () => {
    const rotated = (graph: GraphBuilder, tensor: string) => {
      const [front, back] = graph.nodes('Split', [tensor], { axis: -1 }, 2)
      return graph.node('Concat', [graph.node('Neg', [back!]), front!], { axis: -1 })
    }
    const turned = start()
    const x = toHeads(turned, project(turned), rows)
    const k = toHeads(turned, project(turned), rows)
    const site = siteOf(turned, mix(turned, x, rotated(turned, x)), mix(turned, k, rotated(turned, k)))
    expectFlags(site.flags, { rotary: true })
    const mixed = start()
    const parts = [0, 1, 2, 3].map(() => toHeads(mixed, project(mixed), rows))
    expectFlags(siteOf(mixed, mix(mixed, parts[0]!, parts[1]!), mix(mixed, parts[2]!, parts[3]!)).flags, {
      rotary: false,
    })
  })

  it('heads repeated as a whole (not each for its group) are tapped after the repeat', () => {
    const repeat = (axis: number) => {
      const graph = start()
      const k = toHeads(graph, project(graph), rows)
      const five = graph.node('Unsqueeze', [k, graph.ints([axis])])
      const shape = graph.ints(axis === 1 ? [1, 2, 1, 1, 1] : [1, 1, 2, 1, 1])
      const repeated = graph.node('Reshape', [
        graph.node('Expand', [five, shape]),
        graph.ints([0, 2 * heads, tokens, width]),
      ])
      const site = siteOf(graph, toHeads(graph, project(graph), rows, heads), repeated)
      return site.k.name === repeated ? 'after' : site.k.name === k ? 'before' : 'elsewhere'
    }
    expect(repeat(2)).toBe('before')
    expect(repeat(1)).toBe('after')
  })

  it('tokens cut into windows are told before a run', () => {
    const graph = start()
    const cut = graph.node('Reshape', ['x', graph.ints([-1, 2, 2, 2, 2, channels])])
    const windows = graph.node('Reshape', [
      graph.node('Transpose', [cut], { perm: [0, 1, 3, 2, 4, 5] }),
      graph.ints([-1, 4, channels]),
    ])
    const part = () => toHeads(graph, project(graph, windows), rows)
    expectFlags(siteOf(graph, part(), part(), part()).flags, { windowed: true, cross: false })
  })

  it('half precision: taps arrive as bits of float16', async () => {
    const graph = start()
    const half = (tensor: string) => graph.node('Cast', [tensor], { to: 10 })
    const x = half('x')
    const part = (perm: number[]) =>
      toHeads(graph, graph.node('MatMul', [x, half(graph.weight([channels, channels], 0.7))]), perm)
    const scores = graph.node('Mul', [graph.node('MatMul', [part(rows), part(columns)]), half(scale(graph))])
    const { index, plan } = planModel(close(graph, scores, part(rows)))
    const session = await openSession(patchModel(graph.finish(), index, plan))
    const outputs = await session.run({ x: states(5) })
    await session.release()
    const site = plan.sites[0]!
    expect(outputs[site.q.name]!.type).toBe('float16')
    const result = readSite(site, outputs, batch)
    const verdict = verifySite({ ...result, flags: site.flags, half: true })
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', tolerance: 2e-2 })
    expect(result.scale[0]).toBeCloseTo(0.5, 3)
  })
})

describe('Fused operators', () => {
  it('com.microsoft.Attention that rotates inside is refused in words: the runtime has no such kernel', () => {
    const graph = start()
    const inputs = ['x', graph.weight([channels, 3 * channels]), graph.weight([3 * channels])]
    graph.output(graph.node('Attention@com.microsoft', inputs, { num_heads: heads, do_rotary: 1 }))
    expect(() => planModel(graph.finish())).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_OP',
        message: expect.stringContaining('rotates its queries and keys inside, which this runtime cannot run'),
      }),
    )
  })

  it.each([11, 13, 17, 18])('com.microsoft.Attention in opset %i: the projection is written out', async (opset) => {
    const graph = start(opset)
    const weight = graph.weight([channels, 3 * channels], 0.7)
    const output = graph.node('Attention@com.microsoft', ['x', weight, graph.weight([3 * channels], 0.5)], {
      num_heads: heads,
      unidirectional: opset === 17 ? 1 : 0,
    })
    graph.output(output)
    const { verdict, result, site } = await examine(graph.finish())
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask: { causal: opset === 17 } })
    expect(result.scale[0]).toBeCloseTo(1 / Math.sqrt(width), 6)
    expectFlags(site.flags, { operator: 'com.microsoft.Attention' })
  })

  it('MultiHeadAttention with a bias', async () => {
    const graph = start()
    const parts = [project(graph), project(graph), project(graph), graph.weight([3 * channels], 1)]
    graph.output(graph.node('MultiHeadAttention@com.microsoft', parts, { num_heads: heads, scale: { float: 0.7 } }))
    const { verdict, result } = await examine(graph.finish())
    expect(verdict.verdict, verdict.note).toBe('exact')
    expect(result.scale[0]).toBeCloseTo(0.7, 6)
  })

  it.each([
    ['queries, keys and values in one', 5, true],
    ['queries, keys and values in one, without a bias', 5, false],
    ['keys and values in one', 4, true],
  ])('MultiHeadAttention with %s is given its parts', async (_, form, withBias) => {
    const graph = start()
    const pack = (count: number) =>
      graph.node('Reshape', [
        graph.node('MatMul', ['x', graph.weight([channels, count * channels], 0.7)]),
        graph.ints([0, 0, heads, count, width]),
      ])
    const inputs = form === 5 ? [pack(3), '', ''] : [project(graph), pack(2), '']
    if (withBias) inputs.push(graph.weight([3 * channels], 1))
    graph.output(graph.node('MultiHeadAttention@com.microsoft', inputs, { num_heads: heads }))
    const { verdict, result } = await examine(graph.finish())
    expect(verdict.verdict, verdict.note).toBe('exact')
    expect([result.k.heads, result.k.width, result.v?.width]).toEqual([heads, width, width])
  })

  it.each([false, true])('GroupQueryAttention normalises its queries and keys inside, packed: %s', async (packed) => {
    const size = 16
    const graph = start()
    graph.input('lengths', [batch], 6)
    graph.input('total', [1], 6)
    graph.input('pastKey', [batch, 1, 'p', size])
    graph.input('pastValue', [batch, 1, 'p', size])
    const parts = [2, 1, 1].map((count) => graph.node('MatMul', ['x', graph.weight([channels, count * size], 0.7)]))
    const inputs = packed ? [graph.node('Concat', parts, { axis: 2 }), '', ''] : parts
    const queryWeight = Array.from({ length: size }, (_, at) => 1 + at / size)
    const norms = [graph.floats([size], queryWeight), graph.weight([size], 2)]
    const outputs = graph.nodes(
      'GroupQueryAttention@com.microsoft',
      [...inputs, 'pastKey', 'pastValue', 'lengths', 'total', '', '', '', '', '', '', '', ...norms],
      { num_heads: 2, kv_num_heads: 1, qk_norm_epsilon: { float: 0.25 } },
      3,
    )
    graph.output(outputs[0]!)
    graph.output(parts[0]!)
    const { index, plan } = planModel(graph.finish())
    const session = await openSession(patchModel(graph.finish(), index, plan))
    const empty = new ort.Tensor('float32', new Float32Array(0), [batch, 1, 0, size])
    const results = await session.run({
      x: states(3),
      lengths: new ort.Tensor('int32', new Int32Array(batch).fill(tokens - 1), [batch]),
      total: new ort.Tensor('int32', Int32Array.of(tokens), [1]),
      pastKey: empty,
      pastValue: empty,
    })
    await session.release()
    const site = plan.sites[0]!
    const { q, ...rest } = readSite(site, results, batch)
    const verdict = verifySite({ q, ...rest, flags: site.flags, mask: site.mask })
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask: { causal: true, window: null } })
    // The second head of the second token: x / √(mean x² + ε) · weight.
    const raw = (results[parts[0]!]!.data as Float32Array).subarray(3 * size, 4 * size)
    const mean = raw.reduce((sum, value) => sum + value * value, 0) / size
    const own = q.values.subarray((tokens + 1) * size, (tokens + 2) * size)
    raw.forEach((value, at) => expect(own[at]).toBeCloseTo((value / Math.sqrt(mean + 0.25)) * queryWeight[at]!, 5))
  })

  it.each([false, true])('GroupQueryAttention with fewer key heads, packed: %s, rotated inside', async (packed) => {
    const size = 16
    const graph = start()
    graph.input('lengths', [batch], 6)
    graph.input('total', [1], 6)
    graph.input('pastKey', [batch, 1, 'p', size])
    graph.input('pastValue', [batch, 1, 'p', size])
    const parts = packed
      ? [graph.node('MatMul', ['x', graph.weight([channels, 4 * size], 0.7)]), '', '']
      : [2, 1, 1].map((count) => graph.node('MatMul', ['x', graph.weight([channels, count * size], 0.7)]))
    const angles = Array.from(
      { length: 32 * (size / 2) },
      (_, at) => Math.floor(at / (size / 2)) / 2 ** (at % (size / 2)),
    )
    const tables = [Math.cos, Math.sin].map((turn) => graph.floats([32, size / 2], angles.map(turn)))
    const outputs = graph.nodes(
      'GroupQueryAttention@com.microsoft',
      [...parts, 'pastKey', 'pastValue', 'lengths', 'total', ...tables],
      { num_heads: 2, kv_num_heads: 1, do_rotary: 1 },
      3,
    )
    graph.output(outputs[0]!)
    const { index, plan } = planModel(graph.finish())
    const session = await openSession(patchModel(graph.finish(), index, plan))
    const empty = new ort.Tensor('float32', new Float32Array(0), [batch, 1, 0, size])
    const results = await session.run({
      x: states(3),
      lengths: new ort.Tensor('int32', new Int32Array(batch).fill(tokens - 1), [batch]),
      total: new ort.Tensor('int32', Int32Array.of(tokens), [1]),
      pastKey: empty,
      pastValue: empty,
    })
    await session.release()
    const site = plan.sites[0]!
    const result = readSite(site, results, batch)
    const verdict = verifySite({ ...result, flags: site.flags, mask: site.mask })
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask: { causal: true, window: null } })
    expect([result.q.heads, result.q.width, result.k.heads]).toEqual([2, size, 1])
    expectFlags(site.flags, { rotary: true })
  })

  it('ONNX Attention in three dimensions, causal: its weights become an output', async () => {
    const graph = start(23)
    const outputs = graph.node('Attention', [project(graph), project(graph), project(graph)], {
      q_num_heads: heads,
      kv_num_heads: heads,
      is_causal: 1,
    })
    graph.output(outputs)
    const { verdict, result } = await examine(graph.finish())
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask: { causal: true, window: null } })
    expect(result.weights?.keys).toBe(tokens)
    expect(result.scale[0]).toBeCloseTo(1 / Math.sqrt(width), 6)
  })
})

describe('Control flow', () => {
  const branch = (names: number, withPast: boolean) => {
    const graph = createGraph({ names, seed: 3 })
    const q = toHeads(graph, project(graph), rows)
    const k = toHeads(graph, project(graph), rows)
    const keys = withPast ? graph.node('Concat', ['past', k], { axis: 2 }) : k
    const scores = graph.node('MatMul', [q, graph.node('Transpose', [keys], { perm: [0, 1, 3, 2] })])
    const weights = graph.node('Softmax', [graph.node('Mul', [scores, scale(graph)])], { axis: -1 })
    const values = toHeads(graph, project(graph), rows)
    const all = withPast ? graph.node('Concat', ['past', values], { axis: 2 }) : values
    graph.node('MatMul', [weights, all], {}, ['result'])
    graph.output('result')
    return graph
  }

  it.each(['result', 'renamed'])(
    'a merged decoder gives way to its branch without a past, its output being %s',
    async (name) => {
      const graph = start()
      graph.input('past', ['b', heads, 'p', width])
      graph.input('use', [1], 9)
      graph.node('If', ['use'], { then_branch: branch(1000, true), else_branch: branch(2000, false) }, [name])
      graph.output(name)
      const file = graph.finish()
      const { plan, verdict } = await examine(file)
      expect(plan.outputs).toEqual([name])
      expect(plan.inputs.map(({ name }) => name)).toEqual(['x'])
      expect(verdict.verdict, verdict.note).toBe('exact')
    },
  )

  it('attention in a loop is refused in words', () => {
    const graph = start()
    graph.input('n', [], 7)
    const body = branch(1000, false)
    graph.node('Loop', ['n', '', 'x'], { body }, ['result'])
    graph.output('result')
    expect(() => planModel(graph.finish())).toThrowError(expect.objectContaining({ code: 'CONTROL_FLOW' }))
  })

  it('a model without attention is refused in words', () => {
    const graph = start()
    graph.output(project(graph))
    expect(() => planModel(graph.finish())).toThrowError(
      expect.objectContaining({ code: 'NO_ATTENTION_FOUND', message: expect.stringMatching(/no softmax/) as string }),
    )
  })
})
