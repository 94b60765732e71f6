/**
 * What reading an ONNX file gives, and what running the patched file needs. Nothing here depends on a family, a name or a
 * width: sites are found from the graph's structure (docs/architecture.md, "Finding attention").
 */

/** How the numbers of a tapped tensor lie. B batch, H heads, T tokens, d width of a head. */
export type TapLayout =
  /** [B,H,T,d], or [B·H,T,d] */
  | 'head-token-width'
  /** [B,H,d,T], or [B·H,d,T] */
  | 'head-width-token'
  /** [B,T,H·d]; the head count comes from the site */
  | 'token-packed'
  /** [B,T,H,d] */
  | 'token-head-width'
  /** [T,B,H,d] */
  | 'token-batch-head-width'

export interface Tap {
  /** Name of the graph output. */
  name: string
  layout: TapLayout
  /** The tensor holds `factor` times the vectors: the model scales them before it splits them into heads. Absent: 1. */
  factor?: number
}

export interface SiteFlags {
  /** The operator that holds the product. */
  operator:
    | 'MatMul'
    | 'Einsum'
    | 'FusedMatMul'
    | 'MatMulInteger'
    | 'Attention'
    | 'MultiHeadAttention'
    | 'GroupQueryAttention'
    | 'com.microsoft.Attention'
  rotary: boolean
  /** Something is added to the scores: a mask, or a bias. Only the self-test can tell which. */
  additive: boolean
  softcap: boolean
  sink: boolean
  /** Queries and keys come from different token sources. */
  cross: boolean
  /** The leading dimension is not the batch (windowed attention). */
  windowed: boolean
  /** q or k pass through an integer product. */
  quantised: boolean
}

/** The product of `constant` (null: 1/√d) and of tensors that are read at run time: one number, or one a head. */
export interface Scale {
  constant: number | null
  runtime: { name: string; divide: boolean }[]
}

/** One attention of the graph, in topological order: a layer of the atlas. */
export interface Site {
  q: Tap
  k: Tap
  v: Tap | null
  /** Queries and keys before their rotary encoding; null: they have none, or it can't be told from them. */
  before: { q: Tap; k: Tap } | null
  /** The softmax itself, [B,H,T,T] or [B·H,T,T]; null where a fused operator keeps it inside. */
  weights: Tap | null
  /** Output of a fused operator, for a self-test through weights · v. */
  output: Tap | null
  /** Known from attributes; null: from the dimensions at run time. */
  heads: number | null
  kvHeads: number | null
  /**
   * The product of queries and keys with the factors behind it, [B,H,n,m] or [B·H,n,m], where something is added to it later:
   * whether it is scale · q·k tells a bias from a wrong finding. null: not needed, or inside a fused operator.
   */
  product: { name: string; scale: Scale } | null
  /** The mask that attributes of a fused operator ask for; null: nothing is known before a run. */
  mask: { causal: boolean; window: number | null } | null
  /** scores = scale · q·k: the product of `constant` (null: 1/√d) and the run-time scalars. */
  scale: Scale
  flags: SiteFlags
  /** A module path, when node names hold one: a hint for people, never used by code. */
  hint: string
}

export interface GraphInput {
  name: string
  /** ONNX element type: 1 float32, 6 int32, 7 int64, 9 bool, 10 float16, … */
  elementType: number
  /** Number, symbol, or null where nothing is said. */
  dims: (number | string | null)[]
}

export interface Plan {
  sites: Site[]
  /** Softmax nodes that are no attention, each with the reason: shown under "details". */
  rejected: { node: string; why: string }[]
  inputs: GraphInput[]
  /** Names of the file's own outputs. */
  outputs: string[]
  /** Element types of initializers, inputs and outputs that occur: tells fp16 files from others before a run. */
  elementTypes: number[]
  opset: number
  /** File names of external data that the graph itself names. */
  externalFiles: string[]
  quantised: boolean
  /** What is added to the graph so that every tap is a tensor of it. */
  additions: Additions
}

export interface NewNode {
  operator: string
  domain: string
  inputs: string[]
  outputs: string[]
  attributes: { name: string; kind: 'int' | 'ints' | 'float'; value: number | number[] }[]
}

export interface Additions {
  /** Behind the graph's own nodes. */
  nodes: NewNode[]
  /** Small int64 tensors. */
  tensors: { name: string; dims: number[]; values: number[] }[]
  /**
   * Nodes that get other inputs, further outputs or attributes, or lose some: `node` is the place in the graph's node list.
   */
  changes: {
    node: number
    inputs: string[]
    outputs: string[]
    attributes: NewNode['attributes']
  }[]
}

/** A small model whose big initializers point into the original bytes. */
export interface PatchedModel {
  model: Uint8Array
  /** To be mounted with the session, together with the file's own external data. */
  external: { path: string; data: Uint8Array }[]
}
