import type { GraphView } from './graph-view'
import type { NodeIndex } from './model-index'
import type { Edits } from './rule'
import type { Site } from './types'

const copying = new Set(['Cast', 'Identity', 'Mul', 'Div', 'Dropout'])
const cutting = new Set([...copying, 'Split', 'Slice', 'Concat', 'Add'])
const maximumSteps = 32

/** Whether a tensor comes from its layer through at least one reshape (`wanted`), or through none; never through a transposition. */
function comesReshaped(tensor: string, graph: GraphView, wanted: boolean): boolean {
  let at = tensor
  let reshapes = 0
  for (let steps = 0; steps < maximumSteps; steps++) {
    const node = graph.producer(at)
    const next = node?.inputs.find((input) => graph.isData(input))
    if (!node || next === undefined || node.operator === 'Transpose') return false
    if (node.operator === 'MatMul' || node.operator === 'Gemm') return reshapes > 0 === wanted
    if (node.operator === 'Reshape') reshapes++
    else if (!cutting.has(node.operator)) return false
    at = next
  }
  return false
}

/** Dimensions that a reshape makes, as far as its shape tells. */
function rankAfter(reshape: NodeIndex, graph: GraphView): number | null {
  const shape = reshape.inputs[1] ?? ''
  const known = graph.constant(shape)?.length ?? graph.dims(reshape.outputs[0] ?? '')?.length
  if (known !== undefined) return known
  const concat = graph.producer(shape)
  return concat?.operator === 'Concat' ? concat.inputs.length : null
}

/**
 * Multi-query attention in one product (GPT-BigCode): the queries of all heads are rows of one matrix, token by token, [B,T·H,d], the
 * only key head is [B,d,m], and their product is viewed as [B,T,H,m] before the softmax.
 * @param reshapes between the product and the softmax
 */
export const isTokenMajor = (
  { q, k }: Pick<Site, 'q' | 'k'>,
  reshapes: readonly NodeIndex[],
  graph: GraphView,
): boolean =>
  q.layout === 'head-token-width' &&
  reshapes.some((node) => rankAfter(node, graph) === 4) &&
  comesReshaped(q.name, graph, true) &&
  comesReshaped(k.name, graph, false)

/** The same site with taps in the usual order: queries [B,T,H,d], weights and product [B,H,T,m], by nodes beside the graph's own. */
export function untangle(site: Site, edits: Edits): Site {
  const { weights } = site
  if (!weights) return site
  const [shape, leading, dims] = [edits.name('shape'), edits.name('leading'), edits.name('dims')]
  edits.addNode('Shape', '', [weights.name], [shape])
  const range = [edits.addTensor('start', [0]), edits.addTensor('end', [3]), edits.addTensor('axis', [0])]
  edits.addNode('Slice', '', [shape, ...range], [leading])
  edits.addNode(
    'Concat',
    '',
    [leading, edits.addTensor('rest', [-1])],
    [dims],
    [{ name: 'axis', kind: 'int', value: 0 }],
  )
  const split = (tensor: string, hint: string): string => {
    const name = edits.name(hint)
    edits.addNode('Reshape', '', [tensor, dims], [name])
    return name
  }
  const headsFirst = (tensor: string, hint: string): string => {
    const name = edits.name(hint)
    edits.addNode('Transpose', '', [tensor], [name], [{ name: 'perm', kind: 'ints', value: [0, 2, 1, 3] }])
    return name
  }
  return {
    ...site,
    q: { ...site.q, name: split(site.q.name, 'q'), layout: 'token-head-width' },
    weights: { ...weights, name: headsFirst(weights.name, 'weights') },
    product: site.product && {
      ...site.product,
      name: headsFirst(split(site.product.name, 'product'), 'product_heads'),
    },
  }
}
