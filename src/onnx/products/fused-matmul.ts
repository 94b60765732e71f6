import { floatAttribute, intAttribute } from '../graph-view'
import type { ProductRule } from '../rule'

/** MatMul with transposition flags and a factor (onnxruntime contrib operators). */
export const fusedMatmul: ProductRule = {
  operator: 'FusedMatMul',
  domains: ['com.microsoft'],
  name: 'FusedMatMul',
  read(node) {
    const [left, right] = node.inputs
    if (!left || !right || intAttribute(node, 'transBatchA', 0) || intAttribute(node, 'transBatchB', 0)) return null
    return {
      left: { tensor: left, order: intAttribute(node, 'transA', 0) === 1 ? 'summed-kept' : 'kept-summed' },
      right: { tensor: right, order: intAttribute(node, 'transB', 0) === 1 ? 'kept-summed' : 'summed-kept' },
      factor: floatAttribute(node, 'alpha') ?? 1,
      quantised: false,
    }
  },
}
