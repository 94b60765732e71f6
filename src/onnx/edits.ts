import type { GraphIndex, NodeIndex } from './model-index'
import type { Edits } from './rule'
import type { Additions } from './types'

export function createEdits(graph: GraphIndex): Edits {
  const additions: Additions = { nodes: [], tensors: [], changes: [] }
  const taken = new Set<string>()
  for (const list of [graph.initializers, graph.inputs, graph.outputs, graph.values])
    for (const entry of list) taken.add(entry.name)
  for (const node of graph.nodes) for (const output of node.outputs) taken.add(output)
  const places = new Map(graph.nodes.map((node, index) => [node, index]))

  const changeOf = (node: NodeIndex) => {
    const place = places.get(node) ?? -1
    let change = additions.changes.find((entry) => entry.node === place)
    if (!change) {
      change = { node: place, outputs: [...node.outputs], attributes: [] }
      additions.changes.push(change)
    }
    return change
  }

  const edits: Edits = {
    additions,
    name(hint) {
      let name = `atlas/${hint}`
      for (let number = 1; taken.has(name); number++) name = `atlas/${hint}_${number}`
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
  }
  return edits
}
