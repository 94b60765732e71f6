import { AppError } from '../core/errors'
import type { AttributeIndex, GraphIndex, NodeIndex, TensorIndex, ValueIndex } from './model-index'

/**
 * A graph as a net of tensors: who makes a tensor, who uses it, whether it depends on the input. Names are only keys
 * here; nothing is ever read out of them.
 */
export interface GraphView {
  readonly nodes: readonly NodeIndex[]
  readonly opset: number
  producer(tensor: string): NodeIndex | null
  consumers(tensor: string): readonly NodeIndex[]
  /** Whether the tensor's numbers depend on a graph input, other than through its shape. */
  isData(tensor: string): boolean
  /** Whether the tensor's numbers depend on the shape of a graph input. */
  isShaped(tensor: string): boolean
  /** The numbers of a small constant; null for everything else. */
  constant(tensor: string): number[] | null
  initializer(tensor: string): TensorIndex | null
  isInput(tensor: string): boolean
  isOutput(tensor: string): boolean
  /** Dimensions where the file states them. */
  dims(tensor: string): (number | string | null)[] | null
  /** Position of a node in topological order. */
  order(node: NodeIndex): number
}

/** Look-ups before a graph counts as hostile: a model of a hundred layers takes some hundred thousand. */
const maximumLookups = 20_000_000

/** Gives only the shape of their input on. */
const shapeOperators = new Set(['Shape', 'Size'])
const sameNumbers = new Set(['Identity', 'Cast', 'CastLike', 'Unsqueeze', 'Squeeze', 'Reshape', 'Flatten'])

/** Small arithmetic on constants, as exporters leave it: 1/√64 written out. */
const folding: Record<string, (a: number, b: number) => number> = {
  Sqrt: (a) => Math.sqrt(a),
  Reciprocal: (a) => 1 / a,
  Neg: (a) => -a,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Pow: (a, b) => a ** b,
}

export function findAttribute(node: NodeIndex, name: string): AttributeIndex | null {
  return node.attributes.find((attribute) => attribute.name === name) ?? null
}

export const intAttribute = (node: NodeIndex, name: string, otherwise: number): number =>
  findAttribute(node, name)?.int ?? otherwise

export const floatAttribute = (node: NodeIndex, name: string): number | null => findAttribute(node, name)?.float ?? null

export function createGraphView(graph: GraphIndex, opset: number): GraphView {
  const producers = new Map<string, NodeIndex>()
  const users = new Map<string, NodeIndex[]>()
  const initializers = new Map<string, TensorIndex>()
  const values = new Map<string, ValueIndex>()
  for (const initializer of graph.initializers) initializers.set(initializer.name, initializer)
  for (const value of [...graph.values, ...graph.outputs, ...graph.inputs]) values.set(value.name, value)
  // Older files list their initializers among the inputs too.
  const inputs = new Set(graph.inputs.map((input) => input.name).filter((name) => !initializers.has(name)))
  const outputs = new Set(graph.outputs.map((output) => output.name))
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output) producers.set(output, node)
    for (const input of new Set(node.inputs)) {
      if (!input) continue
      const list = users.get(input)
      if (list) list.push(node)
      else users.set(input, [node])
    }
  }
  const { sorted, order } = sortNodes(graph.nodes, producers)

  // In topological order, so that no recursion is needed however deep the graph is.
  const data = new Set(inputs)
  const shaped = new Set<string>()
  const spread = (set: Set<string>, node: NodeIndex) => {
    if (node.inputs.some((input) => set.has(input))) for (const output of node.outputs) if (output) set.add(output)
  }
  for (const node of sorted) {
    if (shapeOperators.has(node.operator)) for (const output of node.outputs) shaped.add(output)
    else spread(data, node)
    spread(shaped, node)
  }

  const folded = new Map<string, number[] | null>()
  function constant(tensor: string, depth = 16): number[] | null {
    const known = folded.get(tensor)
    if (known !== undefined) return known
    folded.set(tensor, null) // a cycle in a hostile file ends here
    const result = depth > 0 ? fold(tensor, depth - 1) : null
    folded.set(tensor, result)
    return result
  }

  function fold(tensor: string, depth: number): number[] | null {
    const initializer = initializers.get(tensor)
    if (initializer) return initializer.values
    const node = producers.get(tensor)
    if (!node || data.has(tensor)) return null
    if (node.operator === 'Constant') return constantValue(node)
    if (sameNumbers.has(node.operator)) return node.inputs[0] ? constant(node.inputs[0], depth) : null
    const operation = folding[node.operator]
    if (!operation || node.inputs.length === 0) return null
    const [a, b] = node.inputs.map((input) => constant(input, depth))
    if (!a || a.length !== 1 || (node.inputs.length > 1 && (!b || b.length !== 1))) return null
    return [operation(a[0]!, b?.[0] ?? 0)]
  }

  let lookups = 0
  const spend = (count: number) => {
    lookups += count
    if (lookups > maximumLookups)
      throw new AppError('TOO_BIG', 'The graph is too entangled to be searched: no model that can run in a browser is.')
  }

  return {
    nodes: sorted,
    opset,
    producer(tensor) {
      const node = producers.get(tensor) ?? null
      spend(1 + (node?.inputs.length ?? 0))
      return node
    },
    consumers(tensor) {
      const list = users.get(tensor) ?? []
      spend(1 + list.length)
      return list
    },
    isData(tensor) {
      spend(1)
      return data.has(tensor)
    },
    isShaped: (tensor) => shaped.has(tensor),
    constant: (tensor) => constant(tensor),
    initializer: (tensor) => initializers.get(tensor) ?? null,
    isInput: (tensor) => inputs.has(tensor),
    isOutput: (tensor) => outputs.has(tensor),
    dims: (tensor) =>
      values.get(tensor)?.dims ?? initializers.get(tensor)?.dims ?? constantDims(producers.get(tensor)) ?? null,
    order: (node) => order.get(node) ?? -1,
  }
}

const constantDims = (node: NodeIndex | undefined) =>
  node?.operator === 'Constant' ? findAttribute(node, 'value')?.tensor?.dims : undefined

function constantValue(node: NodeIndex): number[] | null {
  for (const attribute of node.attributes) {
    if (attribute.name === 'value') return attribute.tensor?.values ?? null
    if (attribute.name === 'value_float') return attribute.float === null ? null : [attribute.float]
    if (attribute.name === 'value_int') return attribute.int === null ? null : [attribute.int]
    if (attribute.name === 'value_ints') return attribute.ints
  }
  return null
}

/** The file's own order where it is topological (as ONNX demands), else Kahn's. Nodes on a cycle are left out. */
function sortNodes(nodes: readonly NodeIndex[], producers: Map<string, NodeIndex>) {
  const position = new Map(nodes.map((node, index) => [node, index]))
  const makersOf = (node: NodeIndex) =>
    new Set(node.inputs.flatMap((input) => (input && producers.has(input) ? [producers.get(input)!] : [])))
  const isSorted = nodes.every((node) =>
    [...makersOf(node)].every((maker) => position.get(maker)! < position.get(node)!),
  )
  const sorted = isSorted ? nodes : sortByMakers(nodes, makersOf)
  return { sorted, order: new Map(sorted.map((node, index) => [node, index])) }
}

function sortByMakers(nodes: readonly NodeIndex[], makersOf: (node: NodeIndex) => Set<NodeIndex>): NodeIndex[] {
  const waiting = new Map<NodeIndex, number>()
  const followers = new Map<NodeIndex, NodeIndex[]>()
  for (const node of nodes) {
    const makers = makersOf(node)
    waiting.set(node, makers.size)
    for (const maker of makers) {
      const list = followers.get(maker)
      if (list) list.push(node)
      else followers.set(maker, [node])
    }
  }
  const sorted = nodes.filter((node) => waiting.get(node) === 0)
  for (let cursor = 0; cursor < sorted.length; cursor++)
    for (const follower of followers.get(sorted[cursor]!) ?? []) {
      const left = waiting.get(follower)! - 1
      waiting.set(follower, left)
      if (left === 0) sorted.push(follower)
    }
  return sorted
}
