import { findAttribute, type GraphView } from './graph-view'
import type { NodeIndex } from './model-index'

/** Where queries, keys and values come from: told by walking back from them to the layers that make them. */

const moving = new Set([
  'Transpose',
  'Reshape',
  'Cast',
  'Identity',
  'Expand',
  'Concat',
  'Slice',
  'Split',
  'Gather',
  'Unsqueeze',
  'Squeeze',
  'Neg',
  'Flatten',
])
const linear = new Set([
  'MatMul',
  'Gemm',
  'Conv',
  'MatMulInteger',
  'ConvInteger',
  'MatMulNBits',
  'MatMulBnb4',
  'FusedMatMul',
  'Einsum',
  'QLinearMatMul',
])
const casting = new Set(['Cast', 'Identity', 'DynamicQuantizeLinear', 'QuantizeLinear', 'DequantizeLinear'])
const maximumNodes = 256

/** The nodes behind a tensor, nearest first, through nodes for which `follow` gives the inputs to go on with. */
function* walkBack(
  tensor: string,
  graph: GraphView,
  follow: (node: NodeIndex) => readonly string[],
): Generator<{ node: NodeIndex; output: string }> {
  const seen = new Set([tensor])
  const queue = [tensor]
  for (let cursor = 0; cursor < queue.length && cursor < maximumNodes; cursor++) {
    const output = queue[cursor]!
    const node = graph.producer(output)
    if (!node) continue
    yield { node, output }
    for (const input of follow(node)) {
      if (!input || seen.has(input) || !graph.isData(input)) continue
      seen.add(input)
      queue.push(input)
    }
  }
}

/** What a tensor is a piece, a rotated or a negated copy of. */
function rootsOf(tensor: string, graph: GraphView): Set<string> {
  const roots = new Set<string>()
  const follow = (node: NodeIndex) => (moving.has(node.operator) ? node.inputs : [])
  for (const { node, output } of walkBack(tensor, graph, follow)) {
    if (moving.has(node.operator))
      for (const input of node.inputs) if (!moving.has(graph.producer(input)?.operator ?? '')) roots.add(input)
    if (!moving.has(node.operator)) roots.add(output)
  }
  return roots
}

/**
 * Rotary position encoding: a RotaryEmbedding operator, or x·cos + rotated(x)·sin, a sum (or difference) of two products
 * whose contents come from the same tensor.
 */
export function isRotary(tensor: string, graph: GraphView): boolean {
  const follow = (node: NodeIndex) =>
    moving.has(node.operator) || node.operator === 'Mul' || node.operator === 'Div' ? node.inputs : []
  for (const { node } of walkBack(tensor, graph, follow)) {
    if (node.operator === 'RotaryEmbedding') return true
    if (node.operator !== 'Add' && node.operator !== 'Sub') continue
    const [left, right] = node.inputs.map((input) => graph.producer(input))
    if (left?.operator !== 'Mul' || right?.operator !== 'Mul') continue
    const contents = left.inputs.flatMap((input) => [...rootsOf(input, graph)].filter((root) => graph.isData(root)))
    const others = new Set(right.inputs.flatMap((input) => [...rootsOf(input, graph)]))
    if (contents.some((root) => others.has(root))) return true
  }
  return false
}

/** The activation that a layer multiplies with its weights; null where the node is no such layer. */
function linearInput(node: NodeIndex, graph: GraphView): string | null {
  if (!linear.has(node.operator)) return null
  const data = node.inputs.slice(0, 2).filter((input) => graph.isData(input))
  return data.length === 1 ? data[0]! : null
}

function uncast(tensor: string, graph: GraphView): string {
  let at = tensor
  for (let steps = 0; steps < 8; steps++) {
    const node = graph.producer(at)
    if (!node || !casting.has(node.operator) || !node.inputs[0]) break
    at = node.inputs[0]
  }
  return at
}

/** What the layers that make a tensor take in, with the terms of a sum (x + positions) beside the sum itself. */
function sourcesOf(tensor: string, graph: GraphView): Set<string> {
  const sources = new Set<string>()
  const follow = (node: NodeIndex) => (linearInput(node, graph) === null ? node.inputs : [])
  for (const { node } of walkBack(tensor, graph, follow)) {
    const input = linearInput(node, graph)
    if (input === null) continue
    const source = uncast(input, graph)
    sources.add(source)
    const sum = graph.producer(source)
    if (sum?.operator === 'Add') for (const term of sum.inputs) if (graph.isData(term)) sources.add(uncast(term, graph))
  }
  return sources
}

/**
 * Queries and values come from different tensors. Keys don't tell: rotation gives both the positions as a source. A narrow
 * layer before the one that makes the queries (MobileBERT) is looked through.
 */
export function isCross(queries: string, values: string, graph: GraphView): boolean {
  const from = sourcesOf(values, graph)
  const own = sourcesOf(queries, graph)
  if (from.size === 0) return own.size > 0 && graph.isInput(values)
  const meets = (sources: Set<string>) => [...from].some((source) => sources.has(source))
  return own.size > 0 && !meets(own) && ![...own].some((source) => meets(sourcesOf(source, graph)))
}

/**
 * Attention in windows: behind the layer that makes the queries, tokens are cut into windows by a transposition of six
 * dimensions (batch, rows, rows in a window, columns, columns in a window, width).
 */
export function isWindowed(queries: string, graph: GraphView): boolean {
  let layers = 0
  const views = new Set([...moving, 'Pad', 'Add', 'Mul', 'Div'])
  const follow = (node: NodeIndex) => {
    const input = linearInput(node, graph)
    if (input !== null) return layers++ === 0 ? [input] : []
    return views.has(node.operator) ? node.inputs : []
  }
  for (const { node } of walkBack(queries, graph, follow))
    if (node.operator === 'Transpose' && findAttribute(node, 'perm')?.ints.length === 6) return true
  return false
}
