import type { NodeIndex } from '../model-index'
import type { ProductRule } from '../rule'
import { einsum } from './einsum'
import { fusedMatmul } from './fused-matmul'
import { matmul } from './matmul'
import { matmulInteger } from './matmul-integer'

/** Operators that may hold the product of queries and keys, or of weights and values. */
export const productRules: readonly ProductRule[] = [matmul, fusedMatmul, einsum, matmulInteger]

export const productRuleOf = (node: NodeIndex): ProductRule | null =>
  productRules.find((rule) => rule.operator === node.operator && rule.domains.includes(node.domain)) ?? null
