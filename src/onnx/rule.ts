import type { GraphView } from './graph-view'
import type { NodeIndex } from './model-index'
import type { Additions, SiteFlags, Site } from './types'

/**
 * One operand of a matrix product. `kept` is the dimension that stays in the result (tokens, in the product of queries and
 * keys), `summed` the one that is summed over.
 */
export interface Operand {
  tensor: string
  /** Order of the last dimensions, or of all where it names batch or heads. */
  order:
    | 'kept-summed'
    | 'summed-kept'
    | 'kept-head-summed'
    | 'summed-head-kept'
    | 'kept-batch-head-summed'
    | 'summed-batch-head-kept'
}

/** What an operator that may hold the product says of itself. */
export interface Product {
  /** Runs along the rows of the scores. */
  left: Operand
  /** Runs along their columns. */
  right: Operand
  /** Factor that the operator applies itself. */
  factor: number
  quantised: boolean
}

/** How one operator multiplies two matrices. One file each, one line in products/index.ts. */
export interface ProductRule {
  operator: string
  domains: string[]
  name: SiteFlags['operator']
  /** null: this node multiplies something else. */
  read(node: NodeIndex, graph: GraphView): Product | null
  /** The operand that the weights are multiplied with, where `read` doesn't tell (its result has other dimensions). */
  readValues?(node: NodeIndex, weights: string): Operand | null
}

/** How one fused operator holds a whole attention. One file each, one line in fused/index.ts. */
export interface FusedRule {
  operator: string
  domains: string[]
  /** A site, or the reason why its queries and keys can't be had. */
  read(node: NodeIndex, graph: GraphView, edits: Edits): Site | string
}

/** Collects what is added to the graph, under names that it does not hold yet. */
export interface Edits {
  readonly additions: Additions
  /** A tensor name that is free. */
  name(hint: string): string
  addNode(
    operator: string,
    domain: string,
    inputs: string[],
    outputs: string[],
    attributes?: Additions['nodes'][number]['attributes'],
  ): void
  /** Adds an int64 tensor and gives its name. */
  addTensor(hint: string, values: number[]): string
  /** Gives a node an output at a position where it has none, and returns the tensor's name. */
  ensureOutput(node: NodeIndex, position: number, hint: string): string
  setAttribute(node: NodeIndex, name: string, value: number): void
  /** Gives a node other inputs: what it does inside to its own is done before it, where it can be had. */
  setInputs(node: NodeIndex, inputs: readonly string[]): void
}
