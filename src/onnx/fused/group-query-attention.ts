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

/** What the operator adds to the mean square where nothing is said. */
const normEpsilon = 1e-6

/**
 * com.microsoft.GroupQueryAttention: keys and values as they enter the product are its second and third outputs. Queries may
 * be packed with them, and may be normalised and rotated inside: these steps are written out. Packed and normalised parts are
 * given to the operator in the place of its own inputs, so that each is worked out once (and on the CPU, where the operator
 * knows no norm).
 */
export const groupQueryAttention: FusedRule = {
  operator: 'GroupQueryAttention',
  domains: ['com.microsoft'],
  read(node, graph, edits) {
    const [output] = node.outputs
    const packed = !node.inputs[input.keys]
    const heads = findAttribute(node, 'num_heads')?.int
    const kvHeads = findAttribute(node, 'kv_num_heads')?.int
    const source = node.inputs[input.queries]
    if (!source || !output || !heads || !kvHeads)
      return 'The GroupQueryAttention operator lacks its queries or its head counts.'
    const rotates = intAttribute(node, 'do_rotary', 0) === 1
    if (rotates && (!node.inputs[input.cos] || !node.inputs[input.sin]))
      return 'The GroupQueryAttention operator rotates its queries without tables of angles.'
    const { queries, keys } = addNorms(node, heads, kvHeads, edits)
    let q: Tap = { name: queries, layout: 'token-packed' }
    let unturned: Tap = { name: keys, layout: 'token-packed' }
    if (packed && queries === source) {
      const all = heads + 2 * kvHeads
      q = { name: addUnpacking(source, all, 0, heads, edits), layout: 'head-token-width' }
      if (rotates)
        unturned = { name: addUnpacking(source, all, heads, heads + kvHeads, edits), layout: 'head-token-width' }
    }
    const before = rotates ? { q, k: unturned } : null
    if (rotates) q = { name: addRotation(node, q.name, heads, edits), layout: q.layout }
    const window = intAttribute(node, 'local_window_size', -1)
    return fusedSite(node, graph, {
      q,
      k: { name: edits.ensureOutput(node, 1, 'k'), layout: 'head-token-width' },
      v: { name: edits.ensureOutput(node, 2, 'v'), layout: 'head-token-width' },
      ...(before && { before }),
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
      sources: { queries: source, values: node.inputs[input.values] || source },
    })
  },
}

/**
 * The root-mean-square norm of each query and key head that the operator does inside, done before it instead; it then gets
 * separate queries, keys and values.
 *
 * @returns the queries and keys that the operator gets, [B,T,H·d]: its own where it has no norm
 */
function addNorms(node: NodeIndex, heads: number, kvHeads: number, edits: Edits): { queries: string; keys: string } {
  const weights = [node.inputs[input.queryNorm], node.inputs[input.keyNorm]]
  let [queries, keys, values] = node.inputs as [string, string, string]
  if (!weights[0] && !weights[1]) return { queries, keys }
  const flat = edits.addTensor('flat', [0, 0, -1])
  if (!keys) {
    const split = addSplitHeads(queries, heads + 2 * kvHeads, edits)
    const bounds = [0, heads, heads + kvHeads, heads + 2 * kvHeads]
    const parts = ['q', 'k', 'v'].map((hint, part) => {
      const name = edits.name(hint)
      edits.addNode('Reshape', '', [addSlice(split, bounds[part]!, bounds[part + 1]!, edits), flat], [name])
      return name
    })
    ;[queries, keys, values] = parts as [string, string, string]
  }
  const epsilon = floatAttribute(node, 'qk_norm_epsilon') ?? normEpsilon
  const normalise = (tensor: string, weight: string | undefined, count: number, hint: string) => {
    if (!weight) return tensor
    const [normed, name] = [edits.name('normed'), edits.name(hint)]
    edits.addNode(
      'SimplifiedLayerNormalization',
      '',
      [addSplitHeads(tensor, count, edits), weight],
      [normed],
      [
        { name: 'axis', kind: 'int', value: -1 },
        { name: 'epsilon', kind: 'float', value: epsilon },
      ],
    )
    edits.addNode('Reshape', '', [normed, flat], [name])
    return name
  }
  queries = normalise(queries, weights[0], heads, 'q_normed')
  keys = normalise(keys, weights[1], kvHeads, 'k_normed')
  edits.setInputs(node, [queries, keys, values, ...node.inputs.slice(input.values + 1, input.queryNorm)])
  return { queries, keys }
}

/** [B,T,C] as [B,T,heads,C/heads]. */
function addSplitHeads(tensor: string, heads: number, edits: Edits): string {
  const split = edits.name('split')
  edits.addNode('Reshape', '', [tensor, edits.addTensor('shape', [0, 0, heads, -1])], [split])
  return split
}

/** Heads [from,to) of [B,T,heads,d]. */
function addSlice(split: string, from: number, to: number, edits: Edits): string {
  const picked = edits.name('picked')
  const range = [edits.addTensor('start', [from]), edits.addTensor('end', [to]), edits.addTensor('axis', [2])]
  edits.addNode('Slice', '', [split, ...range], [picked])
  return picked
}

/** Heads [from,to) of a packed [B,T,all·d], as [B,to−from,T,d]. */
function addUnpacking(packed: string, all: number, from: number, to: number, edits: Edits): string {
  const heads = edits.name('unpacked')
  const picked = addSlice(addSplitHeads(packed, all, edits), from, to, edits)
  edits.addNode('Transpose', '', [picked], [heads], [{ name: 'perm', kind: 'ints', value: [0, 2, 1, 3] }])
  return heads
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
