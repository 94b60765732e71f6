import type { PatchTable } from '../core/axis-figures/types'
import type { ClusterRequest, ClusterScore } from '../core/clustering'
import type { LabelMap } from '../core/label-map'
import type {
  Backend,
  Dtype,
  HeadVectors,
  ImageCrop,
  InputKind,
  ModelInfo,
  ModelInput,
  Progress,
  ProjectionSettings,
  SequenceVectors,
  Span,
  Token,
} from '../core/types'

/**
 * What the page and its workers say to each other. Typed arrays are transferred, not copied. Every method rejects with an
 * AppError (rpc/transport.ts carries code and message over the boundary).
 */

export interface ModelSpec {
  /** `builtin:NAME` or `owner/name`. */
  id: string
  revision: string
  /** Base address with the Hub's layout; for built-in models the address of `models/`. */
  host: string
  dtype: Dtype | null
  /** File stem without `.onnx`; null: the probe list decides. */
  file: string | null
  backend: Backend | 'auto'
  threads: number | null
  /** `before`: q and k as they are before the rotary encoding, in models that have one. Absent: after it. */
  rotation?: 'before'
  /** A token for the beginning goes before each text, in causal models that have one but don't add it by themselves. Absent: none. */
  bos?: true
  /** For `folder:NAME`: the folder's files under their paths inside it. Absent: they have to be chosen again. */
  files?: readonly { path: string; blob: Blob }[]
}

export interface RequestRecord {
  url: string
  bytes: number
  /** Milliseconds since the epoch. */
  at: number
  why: string
}

/** One line of text as tokens, or one decoded and cropped image. */
export interface PreparedInput {
  input: ModelInput
  tokens: Token[]
  truncated: number
  /** The line is a pair of sentences, but the model's tokenizer knows no pairs: they were joined to one text. */
  joined?: boolean
  grid?: { rows: number; columns: number }
  /** Images only: what the model sees. */
  crop?: ImageCrop
}

export interface ModelService {
  /** Downloads (or takes from the cache), patches, creates the session and runs the self-test. Replaces an open model. */
  open(
    spec: ModelSpec,
    onProgress: (progress: Progress) => void,
    onRequest: (record: RequestRecord) => void,
  ): Promise<ModelInfo>
  /** Tokens of each line, truncated to the model's length. */
  prepareTexts(lines: string[]): Promise<PreparedInput[]>
  /** Pixels of each image as the model sees them. An undecodable one gives IMAGE_FAILED in its place. */
  prepareImages(blobs: Blob[]): Promise<(PreparedInput | { error: { code: string; message: string } })[]>
  /** [rows·columns] the label of each patch of an image, an index into the map's names; −1: none. */
  labelImage(blob: Blob, map: LabelMap): Promise<Int16Array>
  /** q, k and v of inputs that have the same number of tokens: one batch. */
  run(inputs: ModelInput[]): Promise<SequenceVectors[]>
  /** The model's own attention of one input and layer: [H,t,t]. Only needed where `verified` is not `exact`. */
  attention(input: ModelInput, layer: number): Promise<Float32Array>
  close(): Promise<void>
}

/** A segmentation model that is open. */
export interface SegmentationInfo {
  id: string
  /** Of its weight file. */
  sha256: string
}

/** Says what is in pictures, pixel by pixel. */
export interface SegmentationService {
  /** Downloads (or takes from the cache) and creates the session. */
  open(
    spec: ModelSpec,
    onProgress: (progress: Progress) => void,
    onRequest: (record: RequestRecord) => void,
  ): Promise<SegmentationInfo>
  segment(blob: Blob): Promise<LabelMap>
}

/** What a look at a weight file shows before its download; null: could not be seen. */
export interface Preflight {
  kind: InputKind | null
  layers: number | null
  heads: number | null
  kvHeads: number | null
  headDim: number | null
  /** Computes in half precision. */
  half: boolean
  quantised: boolean
  /** Where it would run. */
  backend: Backend
  /** Why it can't be opened; null: nothing speaks against it. */
  problem: { code: string; message: string } | null
}

/** One weight file of a model. */
export interface WeightFileChoice {
  path: string
  /** Name without dtype and ending: the `file` of a spec. */
  stem: string
  dtype: Dtype
  /** With the data files beside it; null: not known before the download. */
  bytes: number | null
}

/** Why a file or a backend was chosen; the words are the interface's. */
export type ChoiceReason =
  'asked' | 'builtin' | 'only' | 'gpu-plain' | 'gpu-large' | 'gpu-other' | 'wasm-integer' | 'wasm-plain' | 'wasm-other'

export type BackendReason = 'asked' | 'gpu' | 'no-gpu' | 'software-gpu' | 'integer' | 'no-half'

export interface Inspection {
  id: string
  /** null: the host does not list files. */
  files: WeightFileChoice[] | null
  chosen: WeightFileChoice
  reason: ChoiceReason
  backendReason: BackendReason
  preflight: Preflight | null
  /** The chosen file lies in this browser already. */
  isStored: boolean
}

/** A model that comes with the app. */
export interface BuiltinModel {
  id: string
  kind: InputKind
  title: string
  licence: string
  origin: string
  dtype: Dtype
  bytes: number
}

/** Files of one model that this browser keeps. */
export interface StoredModel {
  /** `builtin:NAME` or `owner/name`; the address of a folder where it is neither. */
  id: string
  bytes: number
  /** Bytes of downloads that were cut and can go on. */
  partialBytes: number
  addresses: string[]
}

export interface StorageUse {
  /** Bytes that this site uses, and may use; null: the browser does not say. */
  used: number | null
  quota: number | null
  /** The browser has promised not to clear it by itself. */
  persisted: boolean
}

/** What can be known and done about models without opening one. */
export interface LibraryService {
  builtins(host: string, onRequest: (record: RequestRecord) => void): Promise<BuiltinModel[]>
  /** Files, sizes, what the best (or asked) file holds, and why. A later call ends an earlier one with CANCELLED. */
  inspect(spec: ModelSpec, onRequest: (record: RequestRecord) => void): Promise<Inspection>
  stored(hosts: { builtinHost: string }): Promise<StoredModel[]>
  remove(addresses: string[]): Promise<void>
  storage(): Promise<StorageUse>
}

/** Everything a projection worker needs for one head. */
export interface ProjectionJob {
  vectors: HeadVectors
  spans: Span[]
  causal: boolean
  /** Keys further than this from the query are masked; null or absent: no window. */
  window?: number | null
  /** [n] 1 where the token is special. */
  special: Uint8Array
  /** [m] the same for the keys of cross-attention; absent: the keys' tokens are the queries'. */
  keySpecial?: Uint8Array
  /** [n] Vocabulary ids, below 0 where there is none; absent: figures of equal tokens stay empty. */
  tokenIds?: Int32Array
  /** One a span: the patches of an image; absent: texts. */
  grids?: ({ rows: number; columns: number; patchPx?: number } | null)[]
  /** What lies under each token; absent: texts, or pixels that are not known. */
  patches?: PatchTable
  /** softmax(scale · q·k + mask) is known to be the model's attention; false: figures of attention need `weights`. Absent: true. */
  attentionFromScores?: boolean
  /** One a span, [queries,keys]: the model's own attention, taken instead of q·k. */
  weights?: Float32Array[]
  settings: ProjectionSettings
  /** Figures of the joint space and of the picture are computed too. */
  figures: boolean
  /** Coordinates that are there already: only the figures are computed. */
  points: Float32Array | null
  /** Index of the head, for seeded randomness: layer · H + head. */
  headIndex: number
  /** Indices of spans: only these are laid out, every other point goes near its like (a preview). Absent: all are. */
  sample?: readonly number[]
  /** What computes the picture; `auto`: whatever is faster here. Absent: `wasm`. */
  backend?: Backend | 'auto'
}

export interface ProjectionAnswer {
  /** [n+m,dims] */
  points: Float32Array
  c: number
  shift: Float32Array
  /** Figure ids → values, where asked for. */
  figures: Record<string, number | null> | null
  /** What computed the points; absent where they were given. Only WASM gives the same bits everywhere. */
  backend?: Backend
  /** Why that one, in a sentence; absent where the projection knows no other. */
  backendReason?: string
  /** The memory of the job's q and k, which the next job may fill; absent: it is gone. */
  spent?: ArrayBuffer[]
}

/** Memory for `length` numbers of a job, of any value: whoever takes it fills it all. */
export type TakeFloats = (length: number) => Float32Array

export interface ProjectionService {
  project(job: ProjectionJob, onProgress: ((done: number, total: number) => void) | null): Promise<ProjectionAnswer>
  /** Ends the running job at the next slice; its promise rejects CANCELLED. */
  cancel(): Promise<void>
}

/** How the matches of a search lie in the heads' pictures. */
export interface ClusteringService {
  score(request: ClusterRequest): Promise<(ClusterScore | null)[]>
}
