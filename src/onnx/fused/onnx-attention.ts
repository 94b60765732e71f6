import { findAttribute, floatAttribute, intAttribute } from '../graph-view'
import type { FusedRule } from '../rule'
import type { Tap } from '../types'
import { fusedSite } from './site'

/** Value of `qk_matmul_output_mode` that asks for the weights behind the softmax. */
const weightsMode = 3
const weightsOutput = 3

/**
 * Attention of ONNX 23 and later (https://onnx.ai/onnx/operators/onnx__Attention.html). Queries and keys are inputs, [B,T,H·d]
 * or [B,H,T,d]; with a cache the keys are an output. The weights come from its fourth output.
 */
export const onnxAttention: FusedRule = {
  operator: 'Attention',
  domains: [''],
  read(node, graph, edits) {
    const [queries, keys, values] = node.inputs
    const [output] = node.outputs
    if (!queries || !keys || !values || !output) return 'The Attention operator lacks queries, keys or values.'
    const heads = findAttribute(node, 'q_num_heads')?.int ?? null
    const kvHeads = findAttribute(node, 'kv_num_heads')?.int ?? null
    const tap = (name: string): Tap => ({ name, layout: heads === null ? 'head-token-width' : 'token-packed' })
    const cached = (position: number): Tap | null => {
      const name = node.inputs[position + 3] && node.outputs[position]
      return name ? { name, layout: 'head-token-width' } : null
    }
    const hasOther =
      Boolean(node.outputs[weightsOutput]) && intAttribute(node, 'qk_matmul_output_mode', 0) !== weightsMode
    let weights: Tap | null = null
    if (!hasOther) {
      if (!node.outputs[weightsOutput]) edits.setAttribute(node, 'qk_matmul_output_mode', weightsMode)
      weights = { name: edits.ensureOutput(node, weightsOutput, 'weights'), layout: 'head-token-width' }
    }
    const causal = intAttribute(node, 'is_causal', 0) === 1
    return fusedSite(node, graph, {
      q: tap(queries),
      k: cached(1) ?? tap(keys),
      v: cached(2) ?? tap(values),
      weights,
      output: { name: output, layout: heads === null ? 'head-token-width' : 'token-packed' },
      heads,
      kvHeads,
      scale: floatAttribute(node, 'scale'),
      mask: node.inputs[3] ? null : { causal, window: null },
      flags: {
        operator: 'Attention',
        additive: Boolean(node.inputs[3]),
        softcap: (floatAttribute(node, 'softcap') ?? 0) > 0,
      },
      sources: { queries, values },
    })
  },
}
