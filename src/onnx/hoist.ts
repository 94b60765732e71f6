import { findAttribute } from './graph-view'
import type { GraphIndex, ModelIndex, NodeIndex } from './model-index'
import { readGraph } from './wire'

/**
 * Decoders merged from two exports are one If: a branch with the cache of earlier tokens, one without. A tensor in a branch
 * can't be an output of the graph, so the branch that needs fewer of the graph's inputs takes the place of the If.
 *
 * @returns the changed index; null where the graph isn't of that form
 * @throws AppError NOT_ONNX where a branch is unreadable
 */
export function hoistBranch(bytes: Uint8Array, index: ModelIndex): ModelIndex | null {
  const { graph } = index
  const flows = graph.nodes.filter((node) => node.attributes.some((attribute) => attribute.graph))
  const [flow] = flows
  if (flows.length !== 1 || !flow || flow.operator !== 'If' || graph.nodes.some(holdsAttention)) return null
  const branches = ['else_branch', 'then_branch'].flatMap((name) => {
    const span = findAttribute(flow, name)?.graph
    return span ? [readGraph(bytes, span)] : []
  })
  const inputs = new Set(graph.inputs.map(({ name }) => name))
  const countInputs = (branch: GraphIndex) =>
    new Set(branch.nodes.flatMap((node) => node.inputs.filter((input) => inputs.has(input)))).size
  const usable = branches.filter((branch) => branch.nodes.some(holdsAttention))
  const branch = usable.sort((a, b) => countInputs(a) - countInputs(b))[0]
  if (!branch || branch.outputs.length !== flow.outputs.length) return null
  const nodes = [...graph.nodes.filter((node) => node !== flow), ...branch.nodes]
  const used = new Set(nodes.flatMap((node) => node.inputs))
  // Exporters give the If's outputs the names of the branch's; where they differ, the old name is kept as a second one.
  const aliases = flow.outputs.flatMap((to, place) => {
    const from = branch.outputs[place]!.name
    return to && to !== from ? [{ from, to }] : []
  })
  return {
    ...index,
    aliases,
    graph: {
      ...graph,
      nodes,
      initializers: [...graph.initializers, ...branch.initializers],
      values: [...graph.values, ...branch.values],
      inputs: graph.inputs.filter(({ name }) => used.has(name)),
    },
  }
}

const holdsAttention = (node: NodeIndex) => node.operator === 'Softmax' || node.operator.endsWith('Attention')
