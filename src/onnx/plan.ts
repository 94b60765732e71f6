import { AppError } from '../core/errors'
import { findAttention } from './find-attention'
import { createGraphView } from './graph-view'
import { hoistBranch } from './hoist'
import type { ModelIndex } from './model-index'
import type { Plan } from './types'
import { readModel, readModelEnds } from './wire'

/** Operators whose bodies are graphs of their own: their tensors can't be outputs. */
const controlFlow = new Set(['If', 'Loop', 'Scan'])

/** Operators that only occur in files with integer weights. */
const quantisedOperators = new Set([
  'MatMulInteger',
  'ConvInteger',
  'QLinearMatMul',
  'QLinearConv',
  'DequantizeLinear',
  'MatMulNBits',
  'MatMulBnb4',
  'GatherBlockQuantized',
  'DynamicQuantizeMatMul',
])

/** What `planModel` gives: the index of the graph that the plan is about (a branch may have been hoisted into it). */
export interface PlannedModel {
  index: ModelIndex
  plan: Plan
}

/**
 * Reads a model and finds its attention.
 *
 * @param bytes the file; with `partial`, its head, for a look before the download
 * @throws AppError NOT_ONNX, TRUNCATED, TOO_BIG (from `readModel`), NO_ATTENTION_FOUND, CONTROL_FLOW, UNSUPPORTED_OP
 */
export function planModel(bytes: Uint8Array, options: { partial?: boolean } = {}): PlannedModel {
  return planIndex(bytes, readModel(bytes, options))
}

/**
 * Finds the attention of a file by its first and last bytes (two range requests, say 2 MiB and 64 KiB), before it is
 * downloaded: sites, inputs, external files, element types of what was seen.
 *
 * @throws AppError as `planModel`; TRUNCATED where these bytes are not enough
 */
export function planModelEnds(head: Uint8Array, tail: Uint8Array, fileLength: number): Plan {
  return planEnds(head, tail, fileLength).plan
}

/** As `planModelEnds`, with the index of what was seen of the graph. */
export const planEnds = (head: Uint8Array, tail: Uint8Array, fileLength: number): PlannedModel =>
  planIndex(head, readModelEnds(head, tail, fileLength))

function planIndex(bytes: Uint8Array, read: ModelIndex): PlannedModel {
  const index = hoistBranch(bytes, read) ?? read
  return { index, plan: planTaps(index) }
}

/**
 * Finds the attention of an indexed graph.
 *
 * @throws AppError NO_ATTENTION_FOUND, CONTROL_FLOW, UNSUPPORTED_OP
 */
export function planTaps(index: ModelIndex): Plan {
  const { graph } = index
  const opset = index.opsets.find(({ domain }) => domain === '')?.version ?? 0
  const view = createGraphView(graph, opset || 17)
  const { sites, rejected, additions } = findAttention(graph, view)
  if (sites.length === 0) throw explainNothing(index, rejected)
  for (const { from, to } of index.aliases)
    additions.nodes.push({ operator: 'Identity', domain: '', inputs: [from], outputs: [to], attributes: [] })
  const elementTypes = new Set(
    [...graph.initializers, ...graph.inputs, ...graph.outputs].map((entry) => entry.elementType),
  )
  elementTypes.delete(0)
  return {
    sites,
    rejected,
    inputs: graph.inputs
      .filter(({ name }) => view.isInput(name))
      .map(({ name, elementType, dims }) => ({ name, elementType, dims: dims ?? [] })),
    outputs: graph.outputs.map(({ name }) => name),
    elementTypes: [...elementTypes].sort((a, b) => a - b),
    opset,
    externalFiles: [...new Set(graph.initializers.flatMap(({ location }) => location ?? []))],
    quantised: graph.nodes.some(({ operator }) => quantisedOperators.has(operator)),
    additions,
  }
}

function explainNothing(index: ModelIndex, rejected: Plan['rejected']): AppError {
  const details = [
    ...rejected.slice(0, 40).map(({ node, why }) => `${node}: ${why}`),
    `Operators: ${countOperators(index)}`,
  ].join('\n')
  const operators = index.graph.nodes
    .filter(({ operator }) => controlFlow.has(operator))
    .map(({ operator }) => operator)
  if (operators.length > 0)
    return new AppError(
      'CONTROL_FLOW',
      `The model keeps its attention inside ${operators.length === 1 ? `an ${operators[0]} operator` : `${operators.length} control flow operators`}, where nothing can be read out: choose a file of the same model without it.`,
      { details },
    )
  if (index.functions > 0)
    return new AppError(
      'UNSUPPORTED_OP',
      'The model keeps its attention inside functions of its own, which are not supported: choose a file with plain ONNX operators.',
      { details },
    )
  const fused = rejected.find(({ why }) => why.startsWith('The '))
  if (fused) return new AppError('UNSUPPORTED_OP', `${fused.why} Choose another file of the model.`, { details })
  const why =
    rejected.length === 0
      ? 'its graph has no softmax and no attention operator'
      : `none of its ${rejected.length} softmax operators joins queries, keys and values`
  return new AppError('NO_ATTENTION_FOUND', `No attention was found in the model: ${why}. Choose a transformer.`, {
    details,
  })
}

function countOperators(index: ModelIndex): string {
  const counts = new Map<string, number>()
  for (const { operator } of index.graph.nodes) counts.set(operator, (counts.get(operator) ?? 0) + 1)
  const entries = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 40)
  return entries.map(([operator, count]) => `${operator} ${count}`).join(', ')
}
