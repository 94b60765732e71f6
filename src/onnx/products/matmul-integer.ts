import type { GraphView } from '../graph-view'
import type { ProductRule } from '../rule'

const quantisers = new Set(['DynamicQuantizeLinear', 'QuantizeLinear'])

/** The float tensor whose integers these are. */
function quantisedFrom(tensor: string, graph: GraphView): string | null {
  const maker = graph.producer(tensor)
  return maker && quantisers.has(maker.operator) ? (maker.inputs[0] ?? null) : null
}

/** An integer product of two quantised activations: the queries and keys are the floats that were quantised. */
export const matmulInteger: ProductRule = {
  operator: 'MatMulInteger',
  domains: [''],
  name: 'MatMulInteger',
  read(node, graph) {
    const left = quantisedFrom(node.inputs[0] ?? '', graph)
    const right = quantisedFrom(node.inputs[1] ?? '', graph)
    if (!left || !right) return null
    return {
      left: { tensor: left, order: 'kept-summed' },
      right: { tensor: right, order: 'summed-kept' },
      factor: 1,
      quantised: true,
    }
  },
}
