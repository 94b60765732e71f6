/**
 * The shapes that every module shares. Shape letters (docs/architecture.md): L layers, H heads, Hk key/value heads,
 * n queries, m keys (m = n but for cross-attention), t tokens of one sequence, d head dimension, D value dimension.
 * All arrays are row-major float32 unless said otherwise; layers, heads, sequences and positions are 0-based.
 */

export type InputKind = 'text' | 'image'
export type Backend = 'webgpu' | 'wasm'
export type Dtype = 'fp32' | 'fp16' | 'q8' | 'int8' | 'uint8' | 'q4' | 'q4f16' | 'bnb4'

/** `exact`: softmax(scale · q·kᵀ + mask) is the model's attention. `bias`: the model adds something else to the scores. */
export type Verdict = 'exact' | 'bias' | 'unverified'

/** Which pairs a layer's mask leaves visible: all, earlier ones, or a band of `window` tokens around (or before) the query. */
export interface Mask {
  causal: boolean
  /** Keys further than this from the query are masked; null: no window. */
  window: number | null
}

export interface HeadRef {
  layer: number
  head: number
}

export interface Token {
  /** Vocabulary id; −1 for patches, CLS and register tokens of an image. */
  id: number
  /** The vocabulary's own string with its marks (`##ing`, `Ġthe`). */
  text: string
  special: boolean
}

export interface Sequence {
  /** Stable while the sequence exists, whatever is added or removed around it. */
  id: string
  /** What the user typed, or the image's file name. */
  name: string
  tokens: Token[]
  /** Number of tokens that did not fit and were left out. */
  truncated: number
  grid?: { rows: number; columns: number }
  /** Images only: what the model sees. */
  crop?: ImageCrop
  /** One a token: what the user or a segmentation says it is; null: nothing. Absent: no labels. */
  labels?: readonly (string | null)[]
}

/** An image resized and cropped as the model takes it, before normalisation. */
export interface ImageCrop {
  width: number
  height: number
  /** [height,width,4] bytes, opaque. */
  rgba: Uint8ClampedArray<ArrayBuffer>
}

/** What is known of an opened and self-tested model. Plain JSON. */
export interface ModelInfo {
  /** `builtin:NAME` or a Hub id `owner/name`. */
  id: string
  revision: string
  host: string | null
  /** Path of the weight file inside the model's folder. */
  file: string
  dtype: Dtype
  /** Hex SHA-256 of the weight file: results are cached under it. */
  sha256: string
  bytes: number
  backend: Backend
  kind: InputKind
  layers: number
  heads: number
  kvHeads: number
  headDim: number
  valueDim: number
  /** [L·H] scores = scale · q·k. */
  scale: number[]
  causal: boolean
  /** One a layer. */
  masks: Mask[]
  verified: Verdict
  /** One a layer: the worst deviation the self-test measured, or why it could not be run. */
  verification: string
  quantised: boolean
  rotary: boolean
  /** q and k are those before the rotary encoding: their softmax is not the model's attention. Absent: after it, as the model uses them. */
  rotation?: 'before'
  /** Causal models with a token for the beginning of a text: whether it is put before each text. Absent: there is no choice. */
  bos?: boolean
  maxTokens: number
}

/** One sequence as the model takes it. `ids` for text, `pixels` for images. */
export type ModelInput =
  | { kind: 'text'; ids: Int32Array; typeIds: Int32Array | null }
  | { kind: 'image'; pixels: Float32Array; shape: [channels: number, height: number, width: number] }

/** q, k and v of one sequence in all layers: raw, after bias and rotation, before the scale. */
export interface SequenceVectors {
  /** Queries and keys of the sequence. */
  queries: number
  keys: number
  /** [L,H,queries,d] */
  q: Float32Array
  /** [L,Hk,keys,d] */
  k: Float32Array
  /** [L,Hk,keys,D] */
  v: Float32Array
}

/** Where each sequence's rows lie among a head's n queries and m keys. */
export interface Span {
  queryStart: number
  queries: number
  keyStart: number
  keys: number
}

declare const space: unique symbol

/** One head's q and k over all sequences as the model has them. They can't be projected: bring them into a joint space first. */
export interface HeadVectors {
  readonly [space]?: 'raw'
  /** [n,d] */
  q: Float32Array
  /** [m,d] */
  k: Float32Array
  n: number
  m: number
  dim: number
  /** scores = scale · q·k */
  scale: number
}

/** One head's queries and keys in one space: c·q and k/c + shift (for `lift`: one more dimension). */
export interface JointVectors {
  readonly [space]?: 'joint'
  q: Float32Array
  k: Float32Array
  n: number
  m: number
  dim: number
  c: number
  /** [dim]; zeros where nothing is shifted. */
  shift: Float32Array
  /** The search for c stopped at an end of its range. */
  cAtBound?: boolean
}

export type JointId = 'raw' | 'translate' | 'scale' | 'lift'
export type ProjectionId = 'pca' | 'umap' | 'umap-js' | 'tsne' | 'singular'
export type MetricId = 'cosine' | 'euclidean'
export type ColorId = string
export type ViewId = 'matrix' | 'head' | 'sequence'

/** What decides a picture's coordinates. */
/** A setting of a projection that people may change. */
export interface ProjectionParameter {
  id: 'metric' | 'seed' | 'neighbors' | 'mindist' | 'perplexity' | 'epochs' | 'follow'
  /** What the usual Python library calls it. */
  pythonName: string
  /** null: chosen from the data. */
  default: number | string | null
  /** Of a number that is chosen; 1: whole numbers. Absent: it is no number. */
  step?: number
  minimum?: number
  maximum?: number
}

export interface ProjectionSettings {
  joint: JointId
  projection: ProjectionId
  dims: 2 | 3
  metric: MetricId
  seed: number
  neighbors: number
  mindist: number
  perplexity: number
  epochs: number | null
  follow: number
}

/** Coordinates of one head: n queries, then m keys. */
export interface HeadPicture extends HeadRef {
  /** [n+m,dims] */
  points: Float32Array
  n: number
  m: number
  dims: 2 | 3
  /** The projection that made it: PCA while a slower one is pending. */
  projection: ProjectionId
  c: number
  /** What computed it; absent: not known. */
  backend?: Backend
  /** Why that, in one sentence for people, where there was a choice. */
  backendReason?: string
  /** A quick look made from a sample while the picture itself is computed: never final, never given away. */
  preview?: true
}

/** Row of head figures: layer, head, and figure ids of the registry; null = undefined for this input. */
export type FigureRow = Record<string, number | null>

/** How far a long work is. `total` 0: not known. */
export interface Progress {
  stage: 'download' | 'load' | 'verify' | 'tokenize' | 'run' | 'project' | 'figures' | 'restore'
  done: number
  total: number
  /** Bytes, heads, sequences … */
  unit: 'bytes' | 'heads' | 'sequences' | 'steps'
  /** Milliseconds still to go, where the work itself can tell; null: not known yet. */
  leftMs?: number | null
}
