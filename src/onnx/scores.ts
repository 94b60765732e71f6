import { findAttribute, intAttribute, type GraphView } from './graph-view'
import type { NodeIndex } from './model-index'
import { productRuleOf } from './products'
import type { Product, ProductRule } from './rule'
import type { Scale } from './types'

/** The way from the input of a softmax back to the product of queries and keys. */
export interface Scores {
  node: NodeIndex
  rule: ProductRule
  product: Product
  scale: Scale
  additive: boolean
  softcap: boolean
  sink: boolean
  /** The last two dimensions were exchanged on the way: queries are the right operand. */
  swapped: boolean
  /** Reshapes on the way, from the softmax on. */
  reshapes: readonly NodeIndex[]
  /**
   * The product after the factors that directly follow it, and these factors. (A tap between product and factor would keep the
   * runtime from fusing the two, and change the model's last bits.)
   */
  scaled: { tensor: string; scale: Scale }
}

const passing = new Set([
  'Cast',
  'Identity',
  'Dropout',
  'Clip',
  'Squeeze',
  'Unsqueeze',
  'Contiguous',
  'DequantizeLinear',
])
const reshaping = new Set(['Reshape', 'Flatten', 'Slice', 'Pad'])
const maximumSteps = 64
const maximumTensors = 512

interface Trail {
  scale: Scale
  additive: boolean
  softcap: boolean
  sink: boolean
  swapped: boolean
  reshapes: readonly NodeIndex[]
  /** First tensor of the run of factors that the walk is in. */
  scaled: Scores['scaled'] | null
}

/** Whether a permutation exchanges the last two dimensions; null where it moves a token dimension elsewhere. */
export function swapsLastTwo(node: NodeIndex, rank: number | null): boolean | null {
  const permutation = findAttribute(node, 'perm')?.ints ?? []
  if (permutation.length === 0) return rank === 2 ? true : null // without perm all dimensions are reversed
  const size = permutation.length
  if (size < 2) return null
  const last = permutation[size - 1]
  const before = permutation[size - 2]
  if (last === size - 1 && before === size - 2) return false
  return last === size - 2 && before === size - 1 ? true : null
}

/** Adds a factor to a scale: a number where it is a constant, else a tensor to be read at run time. */
export function multiplyScale(scale: Scale, tensor: string, divide: boolean, graph: GraphView): Scale {
  const values = graph.constant(tensor)
  const value = values?.length === 1 ? values[0]! : null
  if (value === null || value === 0 || !Number.isFinite(value))
    return { ...scale, runtime: [...scale.runtime, { name: tensor, divide }] }
  return { ...scale, constant: (scale.constant ?? 1) * (divide ? 1 / value : value) }
}

export const unitScale: Scale = { constant: 1, runtime: [] }

export const joinScales = (...scales: Scale[]): Scale => ({
  constant: scales.reduce((product, scale) => product * (scale.constant ?? 1), 1),
  runtime: scales.flatMap((scale) => scale.runtime),
})

/**
 * Walks back from the input of a softmax through what may lie between scores and softmax (additions, masks, factors,
 * casts, reshapes, a soft cap, a sink) to a product of two tensors that both depend on the input. Each tensor is visited
 * once, and some hundred at most.
 */
export function findScores(tensor: string, graph: GraphView): Scores | null {
  const seen = new Set<string>()

  function walk(at: string, trail: Trail, steps: number): Scores | null {
    if (steps > maximumSteps || seen.size > maximumTensors || seen.has(at) || !graph.isData(at)) return null
    seen.add(at)
    const node = graph.producer(at)
    if (!node) return null
    const rule = productRuleOf(node)
    if (rule) {
      const product = rule.read(node, graph)
      if (!product || !isActivation(product, graph)) return null
      return { node, rule, product, ...trail, scaled: trail.scaled ?? { tensor: at, scale: unitScale } }
    }
    const next = (input: string | undefined, change: Partial<Trail> = {}) =>
      input ? walk(input, { ...trail, scaled: null, ...change }, steps + 1) : null
    const [first, second] = node.inputs
    if (node.operator === 'Reshape') return next(first, { reshapes: [...trail.reshapes, node] })
    if (passing.has(node.operator) || reshaping.has(node.operator)) return next(first)
    switch (node.operator) {
      case 'Add':
      case 'Sub':
      case 'Max':
      case 'Sum':
        return firstOf(node.inputs, (input) => next(input, { additive: true }))
      case 'Where':
        return firstOf(node.inputs.slice(1), (input) => next(input, { additive: true }))
      case 'Tanh':
        return next(first, { softcap: true })
      case 'Concat':
        return firstOf(node.inputs, (input) => next(input, { sink: true }))
      case 'Transpose': {
        const swaps = swapsLastTwo(node, graph.dims(at)?.length ?? null)
        return swaps === null ? null : next(first, { swapped: trail.swapped !== swaps })
      }
      case 'Mul':
        return next(first, factor(at, trail, second)) ?? next(second, factor(at, trail, first))
      case 'Div':
        return next(first, factor(at, trail, second, true))
      default:
        return null
    }
  }

  function factor(at: string, trail: Trail, tensor: string | undefined, divide = false): Partial<Trail> {
    if (!tensor) return {}
    // Factors that depend on the input are the steps of a quantised product, or gates: the self-test judges them.
    if (graph.isData(tensor)) return isQuantisationStep(tensor, graph) ? {} : { additive: true }
    if (isTable(tensor, graph)) return { additive: true }
    const { scaled } = trail
    return {
      scale: multiplyScale(trail.scale, tensor, divide, graph),
      scaled: {
        tensor: scaled?.tensor ?? at,
        scale: multiplyScale(scaled?.scale ?? unitScale, tensor, divide, graph),
      },
    }
  }

  const trail: Trail = {
    scale: unitScale,
    additive: false,
    softcap: false,
    sink: false,
    swapped: false,
    reshapes: [],
    scaled: null,
  }
  return walk(tensor, trail, 0)
}

function firstOf<T>(inputs: readonly string[], read: (input: string) => T | null): T | null {
  for (const input of inputs) {
    const result = read(input)
    if (result) return result
  }
  return null
}

const isActivation = (product: Product, graph: GraphView): boolean =>
  graph.isData(product.left.tensor) && graph.isData(product.right.tensor)

const cutting = new Set(['Cast', 'Identity', 'Slice', 'Gather', 'Unsqueeze', 'Where', 'Not', 'Expand', 'Trilu'])

/** Whether a factor has a number for each pair (scores · mask − 10⁴ · (1 − mask)), not one for all or one a head. */
function isTable(tensor: string, graph: GraphView): boolean {
  let at = tensor
  for (let steps = 0; steps < maximumSteps; steps++) {
    const dims = graph.dims(at)
    if (dims) return dims.slice(-2).some((dim) => typeof dim === 'number' && dim > 1)
    const node = graph.producer(at)
    if (!node || !cutting.has(node.operator) || graph.constant(at)) return false
    at = node.inputs[node.operator === 'Where' ? 1 : 0] ?? ''
  }
  return false
}

/** The second output of a DynamicQuantizeLinear, or a product of two. */
function isQuantisationStep(tensor: string, graph: GraphView): boolean {
  const node = graph.producer(tensor)
  if (node?.operator === 'DynamicQuantizeLinear') return node.outputs[1] === tensor
  return (
    node?.operator === 'Mul' &&
    node.inputs.every((input) => graph.producer(input)?.operator === 'DynamicQuantizeLinear')
  )
}

/**
 * Walks forward from a softmax to the product of weights and values.
 *
 * @returns the tensor that enters the product as weights, and the product's node
 */
export function findWeightedSum(tensor: string, graph: GraphView): { node: NodeIndex; weights: string } | null {
  const seen = new Set([tensor])
  const queue = [tensor]
  for (let at = queue.shift(); at !== undefined && seen.size <= maximumSteps; at = queue.shift()) {
    for (const node of graph.consumers(at)) {
      if (productRuleOf(node)) {
        const others = node.inputs.slice(0, 2).filter((input) => input !== at)
        if (others.length === 1 && graph.isData(others[0]!)) return { node, weights: at }
        continue
      }
      const follows =
        passing.has(node.operator) ||
        reshaping.has(node.operator) ||
        (['Where', 'Mul', 'Div', 'Transpose', 'Split', 'DynamicQuantizeLinear', 'QuantizeLinear'].includes(
          node.operator,
        ) &&
          !(node.operator === 'Where' && node.inputs[0] === at))
      if (!follows) continue
      const [output] = node.outputs
      if (output && !seen.has(output)) {
        seen.add(output)
        queue.push(output)
      }
    }
  }
  return null
}

/** Whether a softmax runs along the last dimension, as far as the file tells. */
export function isAlongLast(node: NodeIndex, graph: GraphView): boolean {
  // Before opset 13 the default was 1, over everything behind it; exporters of that time always wrote the axis.
  const axis = intAttribute(node, 'axis', graph.opset < 13 ? 1 : -1)
  if (axis === -1) return true
  const rank = graph.dims(node.outputs[0] ?? '')?.length ?? graph.dims(node.inputs[0] ?? '')?.length
  return rank === undefined ? axis === 2 || axis === 3 : axis === rank - 1
}
