import { findAttribute, floatAttribute, intAttribute, type GraphView } from '../graph-view'
import type { Edits, FusedRule } from '../rule'
import type { Tap } from '../types'
import { fusedSite } from './site'

/**
 * com.microsoft.MultiHeadAttention adds a packed bias [q,k,v] inside; it is added again beside the operator. Inputs are
 * [B,T,H·d], keys and values of cross-attention may be [B,H,T,d], a packed input is [B,T,H,3,d].
 */
export const multiHeadAttention: FusedRule = {
  operator: 'MultiHeadAttention',
  domains: ['com.microsoft'],
  read(node, graph, edits) {
    const [queries, keys, values, bias] = node.inputs
    const [output] = node.outputs
    const heads = findAttribute(node, 'num_heads')?.int
    if (!queries || !output || !heads) return 'The MultiHeadAttention operator lacks its queries or its head count.'
    if ((!keys || !values) && bias)
      return 'The MultiHeadAttention operator packs its queries and keys and adds a bias inside, where they cannot be had.'
    const taps = keys && values ? addBias([queries, keys, values], bias, graph, edits) : unpack(queries, keys, edits)
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
      sources: { queries, values: values || keys || queries },
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

/** [B,T,H,3,d], or keys and values in [B,T,H,2,d]. */
function unpack(queries: string, keys: string | undefined, edits: Edits): Taps {
  const pick = (tensor: string, place: number, hint: string): Tap => {
    const name = edits.name(hint)
    const index = edits.name('place')
    edits.additions.tensors.push({ name: index, dims: [], values: [place] })
    edits.addNode('Gather', '', [tensor, index], [name], [{ name: 'axis', kind: 'int', value: 3 }])
    return { name, layout: 'token-head-width' }
  }
  if (keys) return [{ name: queries, layout: 'token-packed' }, pick(keys, 0, 'k'), pick(keys, 1, 'v')]
  return [pick(queries, 0, 'q'), pick(queries, 1, 'k'), pick(queries, 2, 'v')]
}
