import { findAttribute } from '../graph-view'
import type { NodeIndex } from '../model-index'
import type { Operand, ProductRule } from '../rule'

interface Labels {
  operands: { tensor: string; labels: string }[]
  out: string
}

const unusedLabel = 'Z'

function readEquation(node: NodeIndex): Labels | null {
  // An ellipsis stands for the dimensions that all three share: one label does.
  const equation = findAttribute(node, 'equation')?.text?.replace(/\s/g, '').replaceAll('...', unusedLabel)
  const match = equation?.match(/^([a-zA-Z]{3,8}),([a-zA-Z]{3,8})->([a-zA-Z]{3,8})$/)
  const [first, second] = node.inputs
  if (!match || !first || !second) return null
  const [, a, b, out] = match as unknown as [string, string, string, string]
  return {
    operands: [
      { tensor: first, labels: a },
      { tensor: second, labels: b },
    ],
    out,
  }
}

/** How `labels` lie, given the labels of the leading dimensions (batch, heads). */
function orderOf(labels: string, leading: string, kept: string, summed: string): Operand['order'] | null {
  const batch = leading.slice(0, -1)
  const head = leading.slice(-1)
  if (labels === leading + kept + summed) return 'kept-summed'
  if (labels === leading + summed + kept) return 'summed-kept'
  if (labels === batch + kept + head + summed) return 'kept-head-summed'
  if (labels === batch + summed + head + kept) return 'summed-head-kept'
  if (batch.length !== 1) return null
  if (labels === kept + batch + head + summed) return 'kept-batch-head-summed'
  return labels === summed + batch + head + kept ? 'summed-batch-head-kept' : null
}

/** `bhid,bhjd->bhij` and its relatives: the last two labels of the result are the rows and columns of the scores. */
export const einsum: ProductRule = {
  operator: 'Einsum',
  domains: [''],
  name: 'Einsum',
  read(node) {
    const equation = readEquation(node)
    if (!equation) return null
    const row = equation.out.at(-2)!
    const column = equation.out.at(-1)!
    const leading = equation.out.slice(0, -2)
    const read = (kept: string, other: string): Operand | null => {
      const found = equation.operands.filter(({ labels }) => labels.includes(kept) && !labels.includes(other))
      const operand = found[0]
      if (found.length !== 1 || !operand) return null
      const summed = [...operand.labels].filter((label) => label !== kept && !leading.includes(label)).join('')
      const order = summed.length === 1 ? orderOf(operand.labels, leading, kept, summed) : null
      return order && { tensor: operand.tensor, order }
    }
    const left = read(row, column)
    const right = read(column, row)
    return left && right && { left, right, factor: 1, quantised: false }
  },
  readValues(node, weights) {
    const equation = readEquation(node)
    const of = equation?.operands.find(({ tensor }) => tensor === weights)
    const values = equation?.operands.find(({ tensor }) => tensor !== weights)
    if (!of || !values) return null
    const leading = of.labels.slice(0, -2)
    const key = of.labels.at(-1)!
    const kept = [...values.labels].filter((label) => label !== key && !leading.includes(label)).join('')
    const order = kept.length === 1 ? orderOf(values.labels, leading, kept, key) : null
    return order && { tensor: values.tensor, order }
  },
}
