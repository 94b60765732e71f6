import type { GraphIndex, NodeIndex } from './model-index'
import type { Edits } from './rule'
import type { Additions } from './types'

export function createEdits(graph: GraphIndex): Edits {
  const additions: Additions = { nodes: [], tensors: [], changes: [] }
  const taken = new Set<string>()
  for (const list of [graph.initializers, graph.inputs, graph.outputs, graph.values])
    for (const entry of list) taken.add(entry.name)
  for (const node of graph.nodes) for (const output of node.outputs) taken.add(output)
  const counters = new Map<string, number>()
  const changes = new Map<NodeIndex, Additions['changes'][number]>()
  const places = new Map(graph.nodes.map((node, index) => [node, index]))

  const changeOf = (node: NodeIndex) => {
    let change = changes.get(node)
    if (!change) {
      change = {
        node: places.get(node) ?? -1,
        inputs: [...node.inputs],
        outputs: [...node.outputs],
        attributes: [],
      }
      changes.set(node, change)
      additions.changes.push(change)
    }
    return change
  }

  const edits: Edits = {
    additions,
    name(hint) {
      let number = counters.get(hint) ?? 0
      let name = `atlas/${hint}_${number}`
      while (taken.has(name)) name = `atlas/${hint}_${++number}`
      counters.set(hint, number + 1)
      taken.add(name)
      return name
    },
    addNode(operator, domain, inputs, outputs, attributes = []) {
      additions.nodes.push({ operator, domain, inputs, outputs, attributes })
    },
    addTensor(hint, values) {
      const name = edits.name(hint)
      additions.tensors.push({ name, dims: [values.length], values })
      return name
    },
    ensureOutput(node, position, hint) {
      const existing = node.outputs[position]
      if (existing) return existing
      const { outputs } = changeOf(node)
      while (outputs.length <= position) outputs.push('')
      return (outputs[position] ||= edits.name(hint))
    },
    setAttribute(node, name, value) {
      const { attributes } = changeOf(node)
      attributes.push({ name, kind: 'int', value })
    },
    setInputs(node, inputs) {
      changeOf(node).inputs = [...inputs]
    },
  }
  return edits
}
