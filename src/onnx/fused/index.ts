import type { NodeIndex } from '../model-index'
import type { FusedRule } from '../rule'
import { contribAttention } from './contrib-attention'
import { groupQueryAttention } from './group-query-attention'
import { multiHeadAttention } from './multi-head-attention'
import { onnxAttention } from './onnx-attention'

/** Operators that hold a whole attention inside. */
export const fusedRules: readonly FusedRule[] = [
  onnxAttention,
  contribAttention,
  multiHeadAttention,
  groupQueryAttention,
]

export const fusedRuleOf = (node: NodeIndex): FusedRule | null =>
  fusedRules.find((rule) => rule.operator === node.operator && rule.domains.includes(node.domain)) ?? null
