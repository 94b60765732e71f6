import { findAttribute, floatAttribute, intAttribute, type GraphView } from '../graph-view'
import type { NodeIndex } from '../model-index'
import type { Edits, FusedRule } from '../rule'
import { fusedSite } from './site'

/**
 * com.microsoft.Attention takes the hidden states and one packed weight: no tensor of queries or keys exists. The projection
 * is written out beside it: MatMul, Add, Split.
 */
export const contribAttention: FusedRule = {
  operator: 'Attention',
  domains: ['com.microsoft'],
  read(node, graph, edits) {
    const [hidden, weight, bias] = node.inputs
    const [output] = node.outputs
    const heads = findAttribute(node, 'num_heads')?.int
    if (!hidden || !weight || !output || !heads) return 'The Attention operator lacks its weight or its head count.'
    if (intAttribute(node, 'do_rotary', 0) === 1)
      return 'The Attention operator rotates its queries and keys inside, which this runtime cannot run.'
    let packed = edits.name('qkv')
    edits.addNode('MatMul', '', [hidden, weight], [packed])
    if (bias) {
      const summed = edits.name('qkv_bias')
      edits.addNode('Add', '', [packed, bias], [summed])
      packed = summed
    }
    const parts = [edits.name('q'), edits.name('k'), edits.name('v')]
    addSplit(node, graph, edits, packed, parts)
    const [q, k, v] = parts as [string, string, string]
    return fusedSite(node, graph, {
      q: { name: q, layout: 'token-packed' },
      k: { name: k, layout: 'token-packed' },
      v: { name: v, layout: 'token-packed' },
      output: { name: output, layout: 'token-packed' },
      heads,
      kvHeads: heads,
      scale: floatAttribute(node, 'scale') || null,
      mask: { causal: intAttribute(node, 'unidirectional', 0) === 1, window: null },
      flags: { operator: 'com.microsoft.Attention', rotary: false, additive: Boolean(node.inputs[5]), cross: false },
      sources: { queries: hidden, values: hidden },
    })
  },
}

/** Splits the last dimension in three; the form of Split changed with opsets 13 and 18. */
function addSplit(node: NodeIndex, graph: GraphView, edits: Edits, packed: string, parts: string[]): void {
  const sizes = findAttribute(node, 'qkv_hidden_sizes')?.ints ?? []
  const axis = { name: 'axis', kind: 'int' as const, value: -1 }
  if (sizes.length !== 3)
    edits.addNode(
      'Split',
      '',
      [packed],
      parts,
      graph.opset >= 18 ? [axis, { name: 'num_outputs', kind: 'int', value: 3 }] : [axis],
    )
  else if (graph.opset < 13)
    edits.addNode('Split', '', [packed], parts, [axis, { name: 'split', kind: 'ints', value: sizes }])
  else edits.addNode('Split', '', [packed, edits.addTensor('sizes', sizes)], parts, [axis])
}
