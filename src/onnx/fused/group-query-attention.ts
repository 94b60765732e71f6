import { findAttribute, floatAttribute, intAttribute } from '../graph-view'
import type { NodeIndex } from '../model-index'
import type { Edits, FusedRule } from '../rule'
import type { Tap } from '../types'
import { fusedSite } from './site'

const input = {
  queries: 0,
  keys: 1,
  values: 2,
  cos: 7,
  sin: 8,
  positions: 9,
  bias: 10,
  sink: 11,
  queryNorm: 14,
  keyNorm: 15,
}

/**
 * com.microsoft.GroupQueryAttention: keys and values as they enter the product are its second and third outputs. Queries may
 * be packed with them, and may be rotated inside: both steps are written out beside the operator.
 */
export const groupQueryAttention: FusedRule = {
  operator: 'GroupQueryAttention',
  domains: ['com.microsoft'],
  read(node, graph, edits) {
    const queries = node.inputs[input.queries]
    const [output] = node.outputs
    const heads = findAttribute(node, 'num_heads')?.int
    const kvHeads = findAttribute(node, 'kv_num_heads')?.int
    if (!queries || !output || !heads || !kvHeads)
      return 'The GroupQueryAttention operator lacks its queries or its head counts.'
    if (node.inputs[input.queryNorm] || node.inputs[input.keyNorm])
      return 'The GroupQueryAttention operator normalises its queries and keys inside, where they cannot be had.'
    const packed = !node.inputs[input.keys]
    const rotates = intAttribute(node, 'do_rotary', 0) === 1
    if (rotates && (!node.inputs[input.cos] || !node.inputs[input.sin]))
      return 'The GroupQueryAttention operator rotates its queries without tables of angles.'
    let q: Tap = { name: queries, layout: 'token-packed' }
    if (packed) q = { name: addUnpacking(queries, heads, kvHeads, edits), layout: 'head-token-width' }
    if (rotates) q = { name: addRotation(node, q.name, heads, edits), layout: q.layout }
    const window = intAttribute(node, 'local_window_size', -1)
    return fusedSite(node, graph, {
      q,
      k: { name: edits.ensureOutput(node, 1, 'k'), layout: 'head-token-width' },
      v: { name: edits.ensureOutput(node, 2, 'v'), layout: 'head-token-width' },
      output: { name: output, layout: 'token-packed' },
      heads,
      kvHeads,
      scale: floatAttribute(node, 'scale') || null,
      // A window of N holds the query's own token and N − 1 before it.
      mask: { causal: true, window: window > 0 ? window - 1 : null },
      flags: {
        operator: 'GroupQueryAttention',
        ...(rotates ? { rotary: true } : {}),
        additive: Boolean(node.inputs[input.bias]),
        softcap: (floatAttribute(node, 'softcap') ?? 0) > 0,
        sink: Boolean(node.inputs[input.sink]) || intAttribute(node, 'smooth_softmax', 0) === 1,
      },
      sources: { queries, values: node.inputs[input.values] || queries },
    })
  },
}

/** Queries of a packed [B,T,(H+2·Hk)·d], as [B,H,T,d]. */
function addUnpacking(packed: string, heads: number, kvHeads: number, edits: Edits): string {
  const split = edits.name('split')
  edits.addNode('Reshape', '', [packed, edits.addTensor('shape', [0, 0, heads + 2 * kvHeads, -1])], [split])
  const picked = edits.name('picked')
  const range = [edits.addTensor('start', [0]), edits.addTensor('end', [heads]), edits.addTensor('axis', [2])]
  edits.addNode('Slice', '', [split, ...range], [picked])
  const queries = edits.name('q')
  edits.addNode('Transpose', '', [picked], [queries], [{ name: 'perm', kind: 'ints', value: [0, 2, 1, 3] }])
  return queries
}

/** The rotation that the operator does, by the operator that does only that. Positions count from 0 where none are given. */
function addRotation(node: NodeIndex, queries: string, heads: number, edits: Edits): string {
  const rotated = edits.name('q_rotated')
  const positions = node.inputs[input.positions] || edits.addTensor('first_position', [0])
  edits.addNode(
    'RotaryEmbedding',
    'com.microsoft',
    [queries, positions, node.inputs[input.cos]!, node.inputs[input.sin]!],
    [rotated],
    [
      { name: 'interleaved', kind: 'int', value: intAttribute(node, 'rotary_interleaved', 0) },
      { name: 'num_heads', kind: 'int', value: heads },
    ],
  )
  return rotated
}
