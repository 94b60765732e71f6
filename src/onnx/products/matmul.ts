import type { ProductRule } from '../rule'

export const matmul: ProductRule = {
  operator: 'MatMul',
  domains: [''],
  name: 'MatMul',
  read(node) {
    const [left, right] = node.inputs
    if (!left || !right) return null
    return {
      left: { tensor: left, order: 'kept-summed' },
      right: { tensor: right, order: 'summed-kept' },
      factor: 1,
      quantised: false,
    }
  },
}
