import { describe, expect, test } from 'vitest'
import * as ort from 'onnxruntime-web/wasm'
import { createRandom } from '../../src/core/random'
import { fusedRules } from '../../src/onnx/fused'
import { patchModel } from '../../src/onnx/patch'
import { planModel } from '../../src/onnx/plan'
import { productRules } from '../../src/onnx/products'
import { verifySite } from '../../src/onnx/verify'
import { createGraph, type GraphBuilder } from '../helpers/make-onnx'
import { openSession, readSite } from '../helpers/onnx-run'

const [batch, heads, tokens, width] = [2, 2, 6, 16] as const
const channels = heads * width

const project = (graph: GraphBuilder) => graph.node('MatMul', ['x', graph.weight([channels, channels], 0.4)])
const split = (graph: GraphBuilder, perm: number[]) =>
  graph.node('Transpose', [graph.node('Reshape', [project(graph), graph.ints([0, 0, heads, width])])], { perm })
const rows = (graph: GraphBuilder) => split(graph, [0, 2, 1, 3])
const columns = (graph: GraphBuilder) => split(graph, [0, 2, 3, 1])
const factor = (graph: GraphBuilder) => graph.floats([], [0.25])

function attend(graph: GraphBuilder, scores: string): string {
  const weights = graph.node('Softmax', [graph.node('Mul', [scores, factor(graph)])], { axis: -1 })
  return graph.node('MatMul', [weights, rows(graph)])
}

/** The smallest attention of every operator, by domain and name: its output. */
const cases: Record<string, (graph: GraphBuilder) => string> = {
  ':MatMul': (graph) => attend(graph, graph.node('MatMul', [rows(graph), columns(graph)])),
  'com.microsoft:FusedMatMul': (graph) =>
    attend(graph, graph.node('FusedMatMul@com.microsoft', [rows(graph), rows(graph)], { transB: 1 })),
  ':Einsum': (graph) =>
    attend(graph, graph.node('Einsum', [rows(graph), rows(graph)], { equation: 'bhid,bhjd->bhij' })),
  ':MatMulInteger': (graph) => {
    const [q, qScale, qZero] = graph.nodes('DynamicQuantizeLinear', [rows(graph)], {}, 3)
    const [k, kScale, kZero] = graph.nodes('DynamicQuantizeLinear', [columns(graph)], {}, 3)
    const product = graph.node('Cast', [graph.node('MatMulInteger', [q!, k!, qZero!, kZero!])], { to: 1 })
    return attend(graph, graph.node('Mul', [product, graph.node('Mul', [qScale!, kScale!])]))
  },
  ':Attention': (graph) =>
    graph.node('Attention', [project(graph), project(graph), project(graph)], {
      q_num_heads: heads,
      kv_num_heads: heads,
    }),
  'com.microsoft:Attention': (graph) =>
    graph.node(
      'Attention@com.microsoft',
      ['x', graph.weight([channels, 3 * channels], 0.4), graph.weight([3 * channels])],
      { num_heads: heads },
    ),
  'com.microsoft:MultiHeadAttention': (graph) =>
    graph.node('MultiHeadAttention@com.microsoft', [project(graph), project(graph), project(graph)], {
      num_heads: heads,
    }),
  'com.microsoft:GroupQueryAttention': (graph) => {
    graph.input('lengths', [batch], 6)
    graph.input('total', [1], 6)
    const empty = ['pastKey', 'pastValue'].map((name) => graph.input(name, [batch, heads, 'p', width]))
    const parts = [project(graph), project(graph), project(graph), ...empty, 'lengths', 'total']
    return graph.nodes('GroupQueryAttention@com.microsoft', parts, { num_heads: heads, kv_num_heads: heads }, 3)[0]!
  },
}

function feeds(): Record<string, ort.Tensor> {
  const random = createRandom(7)
  const data = Float32Array.from({ length: batch * tokens * channels }, () => 2 * random() - 1)
  const empty = () => new ort.Tensor('float32', new Float32Array(0), [batch, heads, 0, width])
  return {
    x: new ort.Tensor('float32', data, [batch, tokens, channels]),
    lengths: new ort.Tensor('int32', new Int32Array(batch).fill(tokens - 1), [batch]),
    total: new ort.Tensor('int32', Int32Array.of(tokens), [1]),
    pastKey: empty(),
    pastValue: empty(),
  }
}

const start = (operator: string) => {
  const graph = createGraph({ opset: operator === ':Attention' ? 23 : 17 })
  graph.input('x', ['b', 't', channels])
  return graph
}

const operators = [...productRules, ...fusedRules].flatMap(({ operator, domains }) =>
  domains.map((domain) => `${domain}:${operator}`),
)

describe.each(operators)('The operator %s', (operator) => {
  test('gives queries, keys and values whose softmax is the attention of the model', async () => {
    const graph = start(operator)
    graph.output(cases[operator]!(graph))
    const file = graph.finish()
    const { index, plan } = planModel(file)
    expect(plan.sites).toHaveLength(1)
    expect(plan.rejected).toEqual([])
    const session = await openSession(patchModel(file, index, plan))
    const all = feeds()
    const outputs = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, all[name]!])))
    await session.release()
    const site = plan.sites[0]!
    const result = readSite(site, outputs, batch)
    const { q, k, v } = result
    for (const tensor of [q, k, v!])
      expect([tensor.batch, tensor.heads, tensor.tokens, tensor.width]).toEqual([batch, heads, tokens, width])
    for (const scale of result.scale) expect(scale).toBeCloseTo(0.25, 6)
    const verdict = verifySite({ ...result, flags: site.flags, mask: site.mask })
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact' })
  })

  test.each([
    ['without inputs', []],
    ['with one input', ['x']],
    ['with inputs that nothing makes', ['a', 'b', 'c', 'd']],
  ])('%s is no attention, and no failure either', (_, inputs) => {
    const graph = start(operator)
    const [domain, name] = operator.split(':') as [string, string]
    const node = graph.node(domain ? `${name}@${domain}` : name, inputs)
    graph.output(graph.node('MatMul', [graph.node('Softmax', [node]), 'x']))
    graph.output(attend(graph, graph.node('MatMul', [rows(graph), columns(graph)])))
    const { plan } = planModel(graph.finish())
    expect(plan.sites.filter(({ flags }) => flags.operator === 'MatMul').length).toBeGreaterThan(0)
  })
})
