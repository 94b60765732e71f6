import type { Dtype, InputKind } from '../../core/types'
import type { RequestRecord } from '../../rpc/contracts'

/** What a host says about one file; null: not said. */
export interface SourceFile {
  /** Path inside the model's folder, with `/`. */
  path: string
  bytes: number | null
  /** Hex SHA-256 of the content. */
  sha256: string | null
}

export interface ReadOptions {
  /** For the request ledger: what the file is needed for. */
  why: string
  signal?: AbortSignal
  /** Bytes so far and in all (0: not known). */
  onProgress?: (done: number, total: number) => void
}

/** What a look before the download shows of a file. */
export interface FileEnds {
  head: Uint8Array
  /** Not overlapping `head`; empty where `head` is the whole file, null where the host gives no ranges. */
  tail: Uint8Array | null
  /** Bytes of the whole file; null: not known. */
  length: number | null
}

/** One model's folder, wherever it lies. */
export interface ModelSource {
  readonly id: string
  readonly address: (path: string) => string
  /**
   * Files directly in a folder of the model, or null when the host does not list files.
   * @throws AppError CANCELLED
   */
  list(folder: string, options: ReadOptions): Promise<SourceFile[] | null>
  /** Whether the file is there (in the cache or at the host). @throws AppError NETWORK, CANCELLED */
  exists(path: string, options: ReadOptions): Promise<boolean>
  /**
   * The whole file, checked for length and hash where they are known; null where there is no such file for us.
   * @throws AppError NETWORK, TRUNCATED, WRONG_HASH, CANCELLED
   */
  read(path: string, options: ReadOptions): Promise<Uint8Array<ArrayBuffer> | null>
  /**
   * The first and last bytes of a file, for a look before the download; null where there is no such file for us.
   * @throws AppError NETWORK, CANCELLED
   */
  peek(path: string, options: ReadOptions): Promise<FileEnds | null>
  /** The weight file to take when nothing is asked; null: choose by the backend. */
  readonly preferred: { file: string; dtype: Dtype } | null
  /** A model without config.json can be opened too. */
  readonly mayLackConfig?: boolean
  /** What the model takes, where that is known before its graph is read. */
  readonly kind: InputKind | null
}

/** What a source needs from its surroundings; tests give their own. */
export interface SourceEnvironment {
  fetch: typeof fetch
  /** Cache Storage, where there is one. */
  caches: CacheStorage | null
  /** Milliseconds since the epoch. */
  now: () => number
  onRequest: (record: RequestRecord) => void
}
