import { createEdits } from './edits'
import { fusedRuleOf } from './fused'
import type { GraphView } from './graph-view'
import type { GraphIndex, NodeIndex } from './model-index'
import { peelOperand, peelValues } from './operands'
import { findBefore } from './before-rotation'
import { hintOf } from './hint'
import { isTokenMajor, untangle } from './multi-query'
import { isCross, isRotary, isWindowed } from './origin'
import { productRuleOf } from './products'
import type { Edits, Operand } from './rule'
import { findScores, findWeightedSum, isAlongLast, joinScales, type Scores } from './scores'
import type { Additions, Plan, Scale, Site, Tap } from './types'

/**
 * Finds every attention of a graph by its structure: a softmax whose input leads back to a product of two activations
 * (queries and keys) and whose output leads on to a product with a third (values), or a fused operator. Names, shapes
 * and model families play no part.
 */
export function findAttention(
  graph: GraphIndex,
  view: GraphView,
): Pick<Plan, 'sites' | 'rejected'> & { additions: Additions } {
  const edits = createEdits(graph)
  const sites: Site[] = []
  const rejected: Plan['rejected'] = []
  for (const node of view.nodes) {
    const fused = fusedRuleOf(node)
    const found = fused
      ? fused.read(node, view, edits)
      : node.operator === 'Softmax' && node.domain === ''
        ? readSoftmax(node, view, edits)
        : null
    if (found === null) continue
    if (typeof found === 'string') rejected.push({ node: node.name || node.outputs[0] || node.operator, why: found })
    else sites.push(found)
  }
  return { sites, rejected, additions: edits.additions }
}

/** One site, or why the softmax is no attention. */
function readSoftmax(node: NodeIndex, graph: GraphView, edits: Edits): Site | string {
  const [input] = node.inputs
  const [output] = node.outputs
  if (!input || !output) return 'It has no input or no output.'
  if (!isAlongLast(node, graph)) return 'It does not run along the last dimension.'
  const scores = findScores(input, graph)
  if (!scores) return 'Its input is no product of two activations: a router, a pooling or a classification.'
  const sum = findWeightedSum(output, graph)
  if (!sum) return 'Its output is not multiplied with values.'
  const { left, right, factor } = scores.product
  const queries = peelOperand(scores.swapped ? right : left, graph)
  const keys = peelOperand(scores.swapped ? left : right, graph)
  if (!queries || !keys) return 'Its queries or keys lie in an order of dimensions that is not supported.'
  const own = joinScales({ constant: factor, runtime: [] }, queries.scale, keys.scale)
  const values = readValues(sum.node, sum.weights, graph)
  const site: Site = {
    q: queries.tap,
    k: keys.tap,
    v: values,
    before: null,
    weights: { name: output, layout: 'head-token-width' },
    output: null,
    product: readProduct(scores, own),
    mask: null,
    heads: null,
    kvHeads: null,
    scale: joinScales(own, scores.scale),
    flags: {
      operator: scores.rule.name,
      rotary: isRotary(queries.tap.name, graph),
      additive: scores.additive,
      softcap: scores.softcap,
      sink: scores.sink,
      cross: isCross(queries.tap.name, values?.name ?? keys.tap.name, graph),
      windowed: isWindowed(queries.tap.name, graph),
      quantised: scores.product.quantised || queries.quantised || keys.quantised,
    },
    hint: hintOf(node),
  }
  if (site.flags.rotary) site.before = findBefore(site, graph)
  return !scores.swapped && isTokenMajor(site, scores.reshapes, graph) ? untangle(site, edits) : site
}

function readValues(node: NodeIndex, weights: string, graph: GraphView): Tap | null {
  const rule = productRuleOf(node)
  if (!rule) return null
  const direct = rule.readValues?.(node, weights)
  if (direct) return peelValues(direct, graph)
  const product = rule.read(node, graph)
  if (!product) return null
  // The integers of a quantised product have names of their own, so the weights are told by their place.
  const isLeft = node.inputs[0] === weights
  const operand: Operand = isLeft ? product.right : product.left
  return peelValues(operand, graph)
}

/** The product as a tap, where something added behind it must be told from a wrong finding. */
function readProduct({ additive, softcap, sink, swapped, product, scaled }: Scores, own: Scale): Site['product'] {
  if (!(additive || softcap || sink) || swapped || product.quantised) return null
  return { name: scaled.tensor, scale: joinScales(own, scaled.scale) }
}
