import { findAttribute, type GraphView } from './graph-view'
import type { NodeIndex } from './model-index'
import type { Operand } from './rule'
import { multiplyScale, unitScale } from './scores'
import type { Scale, Tap, TapLayout } from './types'

/** The tensor behind an operand, freed of factors, exchanged dimensions and repeated heads. */
export interface Peeled {
  tap: Tap
  scale: Scale
  quantised: boolean
}

const maximumSteps = 32
const same = new Set(['Cast', 'Identity', 'Dropout', 'Contiguous'])
const flipped: Partial<Record<Operand['order'], Operand['order']>> = {
  'kept-summed': 'summed-kept',
  'summed-kept': 'kept-summed',
}

/** For queries and keys, whose tokens are kept and whose width is summed over. */
const layouts: Record<Operand['order'], TapLayout | null> = {
  'kept-summed': 'head-token-width',
  'summed-kept': 'head-width-token',
  'kept-head-summed': 'token-head-width',
  'summed-head-kept': null,
  'kept-batch-head-summed': 'token-batch-head-width',
  'summed-batch-head-kept': null,
}

/** For values, whose tokens are summed over and whose width is kept. */
const valueLayouts: Record<Operand['order'], TapLayout | null> = {
  'summed-kept': 'head-token-width',
  'kept-summed': 'head-width-token',
  'summed-head-kept': 'token-head-width',
  'kept-head-summed': null,
  'summed-batch-head-kept': 'token-batch-head-width',
  'kept-batch-head-summed': null,
}

/** Queries or keys: factors are counted as scale. */
export function peelOperand(operand: Operand, graph: GraphView): Peeled | null {
  const { tensor, order, scale, quantised } = peel(operand, graph, true)
  const layout = layouts[order]
  if (!layout) return null
  const factor = findEarlierFactor(tensor, graph)
  if (factor === null) return { tap: { name: tensor, layout }, scale, quantised }
  return {
    tap: { name: tensor, layout, factor },
    scale: { ...scale, constant: (scale.constant ?? 1) * factor },
    quantised,
  }
}

/** Values: what multiplies them belongs to them. */
export function peelValues(operand: Operand, graph: GraphView): Tap | null {
  const { tensor, order } = peel(operand, graph, false)
  const layout = valueLayouts[order]
  return layout && { name: tensor, layout }
}

function peel(operand: Operand, graph: GraphView, withScale: boolean) {
  let { tensor, order } = operand
  let scale = unitScale
  let quantised = false
  for (let steps = 0; steps < maximumSteps; steps++) {
    const node = graph.producer(tensor)
    const input = node?.inputs[0]
    if (!node || !input) break
    const flip = flipped[order]
    if (same.has(node.operator) && graph.isData(input)) tensor = input
    else if (node.operator === 'DequantizeLinear' && graph.producer(input)?.operator === 'QuantizeLinear') {
      tensor = graph.producer(input)!.inputs[0] ?? tensor
      quantised = true
    } else if (withScale && (node.operator === 'Mul' || node.operator === 'Div')) {
      const split = splitFactor(node, graph)
      if (!split) break
      scale = multiplyScale(scale, split.factor, node.operator === 'Div', graph)
      tensor = split.rest
    } else if (flip && node.operator === 'Transpose' && exchangesOnlyLastTwo(node)) {
      tensor = input
      order = flip
    } else if (flip && node.operator === 'Reshape') {
      const unrepeated = findUnrepeated(node, graph)
      const unmerged = unrepeated ?? findUnmerged(node, graph)
      if (!unmerged) break
      tensor = unmerged
      if (!unrepeated) order = flip
    } else break
  }
  return { tensor, order, scale, quantised }
}

/** Mul or Div of something that depends on the input by one number. */
function splitFactor(node: NodeIndex, graph: GraphView): { rest: string; factor: string } | null {
  const [first, second] = node.inputs
  if (!first || !second) return null
  const isNumber = (tensor: string) =>
    !graph.isData(tensor) &&
    (graph.constant(tensor)?.length === 1 || (graph.isShaped(tensor) && isSingle(tensor, graph)))
  if (graph.isData(first) && isNumber(second)) return { rest: first, factor: second }
  if (node.operator === 'Mul' && graph.isData(second) && isNumber(first)) return { rest: second, factor: first }
  return null
}

/** Whether a tensor built from shapes is one number, as far as the file tells: tables of angles are not. */
function isSingle(tensor: string, graph: GraphView): boolean {
  const dims = graph.dims(tensor)
  if (dims) return dims.every((dim) => dim === 1)
  const operator = graph.producer(tensor)?.operator
  return operator !== undefined && operator !== 'Cos' && operator !== 'Sin'
}

function exchangesOnlyLastTwo(node: NodeIndex): boolean {
  const permutation = findAttribute(node, 'perm')?.ints ?? []
  const size = permutation.length
  return (
    size >= 3 &&
    permutation.every((from, to) => from === (to === size - 1 ? size - 2 : to === size - 2 ? size - 1 : to))
  )
}

/** Reshape(Expand(Unsqueeze(x, 2))): each key head repeated for its group of query heads. Gives x. */
function findUnrepeated(node: NodeIndex, graph: GraphView): string | null {
  const repeated = graph.producer(node.inputs[0] ?? '')
  if (!repeated || (repeated.operator !== 'Expand' && repeated.operator !== 'Tile')) return null
  const unsqueezed = graph.producer(repeated.inputs[0] ?? '')
  if (unsqueezed?.operator !== 'Unsqueeze') return null
  const axes = graph.constant(unsqueezed.inputs[1] ?? '') ?? findAttribute(unsqueezed, 'axes')?.ints
  if (axes?.length !== 1 || (axes[0] !== 2 && axes[0] !== -3)) return null
  return unsqueezed.inputs[0] ?? null
}

/** Reshape(Transpose(Reshape(x), [0,2,1])): the last two dimensions exchanged over merged batch and heads. Gives x. */
function findUnmerged(node: NodeIndex, graph: GraphView): string | null {
  const transpose = graph.producer(node.inputs[0] ?? '')
  if (transpose?.operator !== 'Transpose' || !exchangesOnlyLastTwo(transpose)) return null
  if (findAttribute(transpose, 'perm')!.ints.length !== 3) return null
  const merge = graph.producer(transpose.inputs[0] ?? '')
  const origin = merge?.operator === 'Reshape' ? merge.inputs[0] : undefined
  if (!origin) return null
  const rank = graph.dims(origin)?.length
  if (rank !== undefined) return rank >= 4 ? origin : null
  const before = graph.producer(origin)
  return before && (findAttribute(before, 'perm')?.ints.length === 4 || before.operator === 'Reshape') ? origin : null
}

/** A constant factor that lies before the split into heads: Transpose(Reshape(Mul(x, c))). */
function findEarlierFactor(tensor: string, graph: GraphView): number | null {
  let at = tensor
  for (let steps = 0; steps < 4; steps++) {
    const node = graph.producer(at)
    if (!node) return null
    if (node.operator === 'Mul' || node.operator === 'Div') {
      const split = splitFactor(node, graph)
      const value = split && graph.constant(split.factor)?.[0]
      if (!value || !Number.isFinite(value)) return null
      return node.operator === 'Div' ? 1 / value : value
    }
    if (node.operator !== 'Transpose' && node.operator !== 'Reshape') return null
    at = node.inputs[0] ?? ''
  }
  return null
}
