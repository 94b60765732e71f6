import type { ImageLabels } from '../core/label-map'
import type { HeadRef, InputKind, ProjectionId } from '../core/types'
import type { UserColumn } from '../core/user-column'
import type { ModelService, ProjectionAnswer, ProjectionJob, TakeFloats } from '../rpc/contracts'
import type { CacheEntry } from '../storage/cache'
import type { ModelFolders } from './model-folders'

/** What the explorer needs of the model worker (rpc/model-client.ts). Calls are answered in order. */
export interface ModelPort extends Omit<ModelService, 'close'> {
  /** Ends whatever runs; the next call starts afresh. */
  cancel(): void
}

/** Projection workers; pool-port.ts makes one of rpc/projection-pool.ts. */
export interface PoolPort {
  /** Number of workers. */
  readonly size: number
  /**
   * One head. `createJob` is called when a worker takes it, again after a crash; its arrays are transferred, q and k in memory from `take`. Aborting
   * rejects CANCELLED. Of all that wait the one of the smallest `rank` is taken, asked anew whenever a worker is free.
   */
  run(
    head: HeadRef,
    createJob: (take: TakeFloats) => ProjectionJob,
    signal: AbortSignal,
    options?: { rank?: () => number; onProgress?: (done: number, total: number) => void },
  ): Promise<ProjectionAnswer>
  /** At most so many workers take new jobs from now on (at least 1). */
  setLimit(workers: number): void
}

/** The cache by content hash (storage/cache.ts). */
export interface CachePort {
  get(key: string): Promise<CacheEntry | null>
  put(key: string, entry: CacheEntry, protectSince?: number): Promise<boolean>
}

/** The last inputs and settings (storage/saved-work.ts). */
export interface SavedPort {
  load(): Promise<unknown>
  schedule(read: () => unknown): void
  flush(): Promise<unknown>
}

export interface ClockPort {
  /** Milliseconds since the epoch. */
  now(): number
  /** Lets the page handle events before the work goes on. */
  pause(): Promise<void>
  /** Before the next frame is drawn, or soon where nothing is drawn. */
  nextFrame(action: () => void): void
  setTimer(action: () => void, milliseconds: number): unknown
  clearTimer(timer: unknown): void
}

export interface ProjectionOffer {
  id: ProjectionId
  /** false: too slow for all heads, so it is computed for the opened head, the others show PCA. */
  allHeads: boolean
  /** Dimensions that it can draw in. */
  dims: readonly (2 | 3)[]
}

/** Sample sets by name, fetched when they are asked for. */
export interface SamplesPort {
  has(id: string): boolean
  /** Lines or pictures of a set that is there. Rejects where they can't be fetched. */
  load(id: string): Promise<{ lines: readonly string[] } | { images: readonly Blob[] }>
}

export interface ExplorerDependencies {
  model: ModelPort
  pool: PoolPort
  cache: CachePort
  /** Kept apart, so that a moved slider does not write all texts and images anew. */
  saved: { inputs: SavedPort; settings: SavedPort }
  clock: ClockPort
  projections: readonly ProjectionOffer[]
  samples: SamplesPort
  /** Absolute address of the folder of built-in models. */
  builtinHost: string
  /** Where Hub ids are loaded from unless the address says otherwise. */
  defaultHost: string
  /** Folders that were given during this visit. */
  folders?: Pick<ModelFolders, 'get'>
  limits: {
    /** Vectors and coordinates may take this much. */
    bytes: number
  }
}

/** An image that was taken in. */
export interface ImageInput {
  id: string
  /** Unique in this browser, whatever tab took it in: results are found again by it. */
  key: string
  name: string
  blob: Blob
  /** What its patches are, where the user brought that along. */
  labels?: ImageLabels
}

/** A line that was taken in. */
export interface TextInput {
  id: string
  text: string
  /** One value a column of the user's; absent: there are none. */
  values?: readonly (string | null)[]
}

/** Texts that take the place of others. */
export interface TextReplacement {
  /** Values of the lines as given, blank ones included. */
  columns?: readonly UserColumn[]
  /** They are a sample's and can be had again. */
  isSample?: boolean
  /** Lines that the user wrote but that were not shown yet; null or absent: none. */
  unshown?: readonly string[] | null
}

/** The built-in model for each kind of input. */
export const defaultModels: Readonly<Record<InputKind, string>> = {
  text: 'builtin:bge-small-en-v1.5',
  image: 'builtin:dinov2-small',
}

/** `edited`: texts were changed by a call, so that the address's own are no longer what is there. */
export type ExplorerEvent = 'status' | 'settings' | 'inputs' | 'edited' | 'model' | 'pictures'
