import { findAttribute, type GraphView } from './graph-view'
import type { NodeIndex } from './model-index'
import type { Site, Tap, TapLayout } from './types'

const copying = new Set(['Cast', 'Identity', 'Contiguous'])
/** What a rotated half is made of: pieces of the vector, turned round and negated. */
const piecing = new Set([
  ...copying,
  'Slice',
  'Split',
  'Neg',
  'Concat',
  'Gather',
  'Unsqueeze',
  'Squeeze',
  'Reshape',
  'Mul',
])
const cutting = new Set([...copying, 'Slice', 'Split', 'Gather'])
const maximumSteps = 64

/** Queries and keys before their rotary encoding; null where either can't be told. */
export function findBefore({ q, k }: Pick<Site, 'q' | 'k'>, graph: GraphView): Site['before'] {
  const [queries, keys] = [findTurned(q, graph), findTurned(k, graph)]
  return queries && keys && { q: queries, k: keys }
}

/**
 * The vector that a rotary encoding turned: what both products of x·cos + rotated(x)·sin are made of, the input of a RotaryEmbedding
 * operator, or the whole that a part was cut from where only that part is turned (NeoX, Phi; patches without CLS). Between it and
 * the tap there may be casts and one exchange of heads and tokens.
 * @returns null where nothing is turned, or it can't be told what
 */
function findTurned(tap: Tap, graph: GraphView): Tap | null {
  let at = tap.name
  let { layout }: { layout: TapLayout } = tap
  for (let steps = 0; steps < maximumSteps; steps++) {
    const node = graph.producer(at)
    if (!node) return null
    const turned = turnedBy(node, graph)
    if (turned !== null) return { ...tap, name: turned, layout }
    const [first] = node.inputs
    if (!first) return null
    if (node.operator === 'Transpose') {
      const before = exchanged(layout, findAttribute(node, 'perm')?.ints ?? [])
      if (!before) return null
      layout = before
    } else if (!copying.has(node.operator)) return null
    at = first
  }
  return null
}

/** The layout before a transposition that brings heads before tokens, or exchanges the last two dimensions. */
function exchanged(layout: TapLayout, perm: readonly number[]): TapLayout | null {
  const order = perm.join()
  if (order === '0,2,1,3' && layout === 'head-token-width') return 'token-head-width'
  if (order === '0,2,3,1' && layout === 'head-width-token') return 'token-head-width'
  if (order === '0,1,3,2' && layout === 'head-width-token') return 'head-token-width'
  return null
}

/** What a node turns; null: it turns nothing. */
function turnedBy(node: NodeIndex, graph: GraphView): string | null {
  if (node.operator === 'RotaryEmbedding') return node.inputs[0] ?? null
  if (node.operator === 'Concat') return turnedInParts(node, graph)
  if (node.operator !== 'Add' && node.operator !== 'Sub') return null
  const [left, right] = node.inputs.map((input) => graph.producer(input))
  if (left?.operator !== 'Mul' || right?.operator !== 'Mul') return null
  const dataOf = ({ inputs }: NodeIndex) => inputs.filter((input) => graph.isData(input))
  for (const [own, made] of [
    [left, right],
    [right, left],
  ] as const)
    for (const x of dataOf(own)) if (dataOf(made).some((tensor) => tensor !== x && isMadeOf(tensor, x, graph))) return x
  return null
}

/** Every part of a concatenation is turned, or left as it is; all were cut from one vector. */
function turnedInParts({ inputs }: NodeIndex, graph: GraphView): string | null {
  let whole: string | null = null
  let isTurned = false
  for (const input of inputs) {
    const part = uncast(input, graph)
    const node = graph.producer(part)
    const turned = node ? turnedBy(node, graph) : null
    isTurned ||= turned !== null
    const origin = uncut(turned ?? part, graph)
    if (origin === null || (whole !== null && origin !== whole)) return null
    whole = origin
  }
  return isTurned ? whole : null
}

function uncast(tensor: string, graph: GraphView): string {
  let at = tensor
  for (let steps = 0; steps < maximumSteps; steps++) {
    const node = graph.producer(at)
    if (!node || !copying.has(node.operator) || !node.inputs[0]) break
    at = node.inputs[0]
  }
  return at
}

/** What a piece was cut from; null: it is no piece. */
function uncut(tensor: string, graph: GraphView): string | null {
  const at = uncast(tensor, graph)
  const node = graph.producer(at)
  return node && cutting.has(node.operator) ? uncast(node.inputs[0] ?? '', graph) : null
}

/** Whether a tensor is put together of pieces of another. */
function isMadeOf(tensor: string, whole: string, graph: GraphView): boolean {
  const seen = new Set([tensor])
  const queue = [tensor]
  for (let at = queue.shift(); at !== undefined && seen.size <= maximumSteps; at = queue.shift()) {
    if (at === whole) return true
    const node = graph.producer(at)
    if (!node || !piecing.has(node.operator)) continue
    for (const input of node.inputs) {
      if (!input || seen.has(input) || !graph.isData(input)) continue
      seen.add(input)
      queue.push(input)
    }
  }
  return false
}
