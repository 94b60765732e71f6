import { findAttribute, floatAttribute, intAttribute, type GraphView } from '../graph-view'
import type { NodeIndex } from '../model-index'
import type { Edits, FusedRule } from '../rule'
import type { Tap } from '../types'
import { fusedSite } from './site'

/**
 * com.microsoft.MultiHeadAttention adds a packed bias [q,k,v] inside; it is added again beside the operator. Inputs are
 * [B,T,H·d], keys and values of cross-attention may be [B,H,T,d]. A packed input, [B,T,H,3,d] or [B,T,H,2,d], is taken apart
 * before the operator, which on the CPU knows only separate ones.
 */
export const multiHeadAttention: FusedRule = {
  operator: 'MultiHeadAttention',
  domains: ['com.microsoft'],
  read(node, graph, edits) {
    const [output] = node.outputs
    const heads = findAttribute(node, 'num_heads')?.int
    if (!node.inputs[0] || !output || !heads)
      return 'The MultiHeadAttention operator lacks its queries or its head count.'
    const tensors = unpack(node, edits)
    const taps = addBias(tensors, node.inputs[3], graph, edits)
    const [queries, , values] = node.inputs
    const cached = (position: number): Tap | null => {
      const name = node.inputs[position + 5] && node.outputs[position]
      return name ? { name, layout: 'head-token-width' } : null
    }
    return fusedSite(node, graph, {
      q: taps[0],
      k: cached(1) ?? taps[1],
      v: cached(2) ?? taps[2],
      output: { name: output, layout: 'token-packed' },
      heads,
      kvHeads: heads,
      scale: floatAttribute(node, 'scale') || null,
      mask: { causal: intAttribute(node, 'unidirectional', 0) === 1, window: null },
      flags: { operator: 'MultiHeadAttention', additive: Boolean(node.inputs[5]) },
      sources: { queries: queries!, values: values || node.inputs[1] || queries! },
    })
  },
}

type Taps = [q: Tap, k: Tap, v: Tap]

function addBias(tensors: [string, string, string], bias: string | undefined, graph: GraphView, edits: Edits): Taps {
  const taps = tensors.map((name): Tap => ({ name, layout: 'token-packed' })) as Taps
  if (!bias) return taps
  const parts = ['q_bias', 'k_bias', 'v_bias'].map((hint) => edits.name(hint))
  const axis = { name: 'axis', kind: 'int' as const, value: 0 }
  edits.addNode(
    'Split',
    '',
    [bias],
    parts,
    graph.opset >= 18 ? [axis, { name: 'num_outputs', kind: 'int', value: 3 }] : [axis],
  )
  return tensors.map((tensor, index): Tap => {
    const name = edits.name(['q', 'k', 'v'][index]!)
    edits.addNode('Add', '', [tensor, parts[index]!], [name])
    return { name, layout: 'token-packed' }
  }) as Taps
}

/** The three inputs, [B,T,H·d] each; those of a packed one are given to the operator in its place. */
function unpack(node: NodeIndex, edits: Edits): [string, string, string] {
  const [queries, keys, values] = node.inputs as [string, string?, string?]
  if (keys && values) return [queries, keys, values]
  const flat = edits.addTensor('flat', [0, 0, -1])
  const pick = (tensor: string, place: number, hint: string): string => {
    const [picked, name, index] = [edits.name('picked'), edits.name(hint), edits.name('place')]
    edits.additions.tensors.push({ name: index, dims: [], values: [place] })
    edits.addNode('Gather', '', [tensor, index], [picked], [{ name: 'axis', kind: 'int', value: 3 }])
    edits.addNode('Reshape', '', [picked, flat], [name])
    return name
  }
  const parts: [string, string, string] = keys
    ? [queries, pick(keys, 0, 'k'), pick(keys, 1, 'v')]
    : [pick(queries, 0, 'q'), pick(queries, 1, 'k'), pick(queries, 2, 'v')]
  edits.setInputs(node, [...parts, ...node.inputs.slice(3)])
  return parts
}
