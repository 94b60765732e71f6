import { patchTable } from '../core/axis-figures/patch-table'
import type { PatchTable } from '../core/axis-figures/types'
import { AppError } from '../core/errors'
import type { Grid } from '../core/head-figures/sequence'
import { patchPixels } from '../core/patch-pixels'
import type {
  HeadRef,
  HeadVectors,
  InputKind,
  ModelInfo,
  ModelInput,
  Sequence,
  SequenceVectors,
  Span,
} from '../core/types'
import type { ModelSpec, TakeFloats } from '../rpc/contracts'
import type { CacheEntry } from '../storage/cache'
import { hashParts } from '../storage/hash'
import type { Notice } from './api'
import type { ImageInput, TextInput } from './dependencies'
import { specKey } from './model-choice'

/** Content hash of one sequence's vectors: the model file, how it is run, and what goes in. */
export const sequenceKey = (info: ModelInfo, input: ModelInput): string => {
  const run = [info.sha256, info.dtype, info.backend, ...(info.rotation ? [info.rotation] : [])]
  return input.kind === 'text'
    ? hashParts(...run, 'text', input.ids, input.typeIds ?? null)
    : hashParts(...run, 'image', input.shape.join('x'), input.pixels)
}

/** Hash of the model as asked for and of what goes in: known before anything is opened. */
export const datasetKey = (
  spec: ModelSpec,
  kind: InputKind,
  inputs: readonly (TextInput | ImageInput)[],
  limitBytes: number,
): string => {
  const parts = inputs.map((input) => ('text' in input ? input.text : `${input.key} ${input.blob.size}`))
  return `dataset:${hashParts(specKey(spec), kind, limitBytes, ...parts)}`
}

/** A head's norms: [n] of the queries, [m] of the keys. */
export interface HeadNorms {
  q: Float32Array
  k: Float32Array
}

/**
 * What the model made of the inputs, for one model and one list of sequences. Vectors may be missing after a reload; they
 * are looked up in `vectors` by key.
 */
export class Dataset {
  readonly key: string
  readonly model: ModelInfo
  readonly sequences: readonly Sequence[]
  /** One content hash a sequence. */
  readonly keys: readonly string[]
  readonly spans: readonly Span[]
  readonly notices: readonly Notice[]
  readonly n: number
  readonly m: number
  readonly special: Uint8Array
  /** [n] */
  readonly tokenIds: Int32Array
  /** [L,H,n] and [L,Hk,m]; null until computed. */
  norms: { q: Float32Array; k: Float32Array } | null = null
  #patches: PatchTable | null | undefined

  constructor(
    key: string,
    model: ModelInfo,
    sequences: readonly Sequence[],
    keys: readonly string[],
    spans: readonly Span[],
    notices: readonly Notice[],
  ) {
    this.key = key
    this.model = model
    this.sequences = sequences
    this.keys = keys
    this.spans = spans
    this.notices = notices
    this.n = spans.reduce((sum, span) => sum + span.queries, 0)
    this.m = spans.reduce((sum, span) => sum + span.keys, 0)
    this.special = Uint8Array.from(sequences.flatMap(({ tokens }) => tokens.map((token) => (token.special ? 1 : 0))))
    this.tokenIds = Int32Array.from(sequences.flatMap(({ tokens }) => tokens.map(({ id }) => id)))
  }

  /** Index of the key/value head that a query head uses. */
  keyHead(head: number): number {
    return Math.floor((head * this.model.kvHeads) / this.model.heads)
  }

  headIndex({ layer, head }: HeadRef): number {
    return layer * this.model.heads + head
  }

  /** @throws AppError BAD_ARGUMENT for a head that the model does not have */
  checkHead({ layer, head }: HeadRef): void {
    const { layers, heads } = this.model
    const inside = (value: number, count: number) => Number.isInteger(value) && value >= 0 && value < count
    if (!inside(layer, layers) || !inside(head, heads))
      throw new AppError(
        'BAD_ARGUMENT',
        `There is no head L${layer} H${head}: the model has ${layers} layers of ${heads} heads, counted from 0.`,
      )
  }

  /** @throws AppError BAD_ARGUMENT for a sequence that is not there */
  checkSequence(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.sequences.length)
      throw new AppError(
        'BAD_ARGUMENT',
        `There is no sequence ${index}: there are ${this.sequences.length}, counted from 0.`,
      )
  }

  /** One head's raw vectors of all sequences, copied into memory from `take`: q [n,d], k [m,d]. `vectors` has every key. */
  gather(
    head: HeadRef,
    vectors: ReadonlyMap<string, SequenceVectors>,
    take: TakeFloats = (length) => new Float32Array(length),
  ): HeadVectors {
    const { kvHeads, headDim, scale } = this.model
    const q = take(this.n * headDim)
    const k = take(this.m * headDim)
    const queryHead = this.headIndex(head)
    const keyHead = head.layer * kvHeads + this.keyHead(head.head)
    for (const [index, span] of this.spans.entries()) {
      const part = requireVectors(vectors, this.keys[index]!)
      q.set(blockOf(part.q, queryHead, span.queries * headDim), span.queryStart * headDim)
      k.set(blockOf(part.k, keyHead, span.keys * headDim), span.keyStart * headDim)
    }
    return { q, k, n: this.n, m: this.m, dim: headDim, scale: scale[queryHead] ?? 1 / Math.sqrt(headDim) }
  }

  /** The values of a head's keys, fresh: [m,D]. */
  gatherValues(head: HeadRef, vectors: ReadonlyMap<string, SequenceVectors>): Float32Array {
    const { kvHeads, valueDim } = this.model
    const v = new Float32Array(this.m * valueDim)
    const keyHead = head.layer * kvHeads + this.keyHead(head.head)
    for (const [index, span] of this.spans.entries()) {
      const part = requireVectors(vectors, this.keys[index]!)
      v.set(blockOf(part.v, keyHead, span.keys * valueDim), span.keyStart * valueDim)
    }
    return v
  }

  /** The 2-norms of all queries and keys; one sequence at a time, so that the page stays responsive. */
  async computeNorms(vectors: ReadonlyMap<string, SequenceVectors>, pause: () => Promise<void>): Promise<void> {
    const { layers, heads, kvHeads, headDim } = this.model
    const q = new Float32Array(layers * heads * this.n)
    const k = new Float32Array(layers * kvHeads * this.m)
    let sincePause = 0
    for (const [index, span] of this.spans.entries()) {
      const part = requireVectors(vectors, this.keys[index]!)
      writeNorms(part.q, layers * heads, span.queries, headDim, q, this.n, span.queryStart)
      writeNorms(part.k, layers * kvHeads, span.keys, headDim, k, this.m, span.keyStart)
      sincePause += part.q.length + part.k.length
      if (sincePause > 2e6) {
        sincePause = 0
        await pause()
      }
    }
    this.norms = { q, k }
  }

  /** Looks at the pixels of all patches, one image at a time, so that the page stays responsive. */
  async measurePatches(pause: () => Promise<void>): Promise<void> {
    for (const { grid, crop } of this.sequences) {
      if (!grid || !crop) continue
      patchPixels(crop, grid.rows, grid.columns)
      await pause()
    }
  }

  /** What lies under each token, fresh; null: no image among them. */
  copyPatches(): PatchTable | null {
    this.#patches ??= patchTable(this.sequences)
    if (!this.#patches) return null
    const { row, column, hue, brightness, frequency } = this.#patches
    return {
      row: row.slice(),
      column: column.slice(),
      hue: hue.slice(),
      brightness: brightness.slice(),
      frequency: frequency.slice(),
    }
  }

  /** The patches of each sequence; null: a text. */
  grids(): (Grid | null)[] {
    return this.sequences.map(({ grid, crop }) =>
      grid ? { ...grid, ...(crop && { patchPx: Math.floor(crop.height / grid.rows) }) } : null,
    )
  }

  headNorms(head: HeadRef): HeadNorms | null {
    if (!this.norms) return null
    const queryAt = this.headIndex(head) * this.n
    const keyAt = (head.layer * this.model.kvHeads + this.keyHead(head.head)) * this.m
    return { q: this.norms.q.slice(queryAt, queryAt + this.n), k: this.norms.k.slice(keyAt, keyAt + this.m) }
  }

  /** For the cache: everything but the vectors, which have keys of their own. */
  toEntry(): CacheEntry {
    const { key, model, keys, spans, notices } = this
    const crops = this.sequences.flatMap(({ crop }, index) =>
      crop ? [[`crop${index}`, new Float32Array(crop.rgba.buffer)] as const] : [],
    )
    const sequences = this.sequences.map((sequence) => packCrop(sequence))
    return {
      json: { key, model, sequences, keys, spans, notices },
      arrays: {
        ...(this.norms && { normsQ: this.norms.q, normsK: this.norms.k }),
        ...Object.fromEntries(crops),
      },
    }
  }

  /** What `toEntry` gave; null where the entry is of another make. Sequences get the ids and names of now. */
  static fromEntry(entry: CacheEntry, key: string, inputs: readonly { id: string; name: string }[]): Dataset | null {
    const saved = entry.json as Partial<Dataset> | null
    if (!saved?.model || !saved.sequences || !saved.keys || !saved.spans || saved.key !== key) return null
    const sequences = saved.sequences.map((sequence, index) => ({
      ...unpackCrop(sequence, entry.arrays[`crop${index}`]),
      ...inputs[index],
    }))
    // Entries of an earlier make have no crops: they are made again.
    if (sequences.some(({ grid, crop }) => grid && !crop)) return null
    const dataset = new Dataset(key, saved.model, sequences, saved.keys, saved.spans, saved.notices ?? [])
    const { normsQ, normsK } = entry.arrays
    if (normsQ && normsK) dataset.norms = { q: normsQ, k: normsK }
    return dataset
  }
}

/** Pixels go into the entry's arrays, four bytes a number, bit for bit; the JSON keeps the size. */
function packCrop({ crop, ...sequence }: Sequence): object {
  return crop ? { ...sequence, cropSize: [crop.width, crop.height] } : sequence
}

function unpackCrop(saved: Sequence, bytes: Float32Array | undefined): Sequence {
  const { cropSize, ...sequence } = saved as Sequence & { cropSize?: [number, number] }
  const [width, height] = cropSize ?? [0, 0]
  if (!bytes || bytes.length !== width * height) return sequence
  const rgba = new Uint8ClampedArray(bytes.slice().buffer)
  return { ...sequence, crop: { width, height, rgba } }
}

/** Rows of one head among all heads of a sequence; a view. */
export const blockOf = (array: Float32Array, index: number, length: number): Float32Array =>
  array.subarray(index * length, (index + 1) * length)

function requireVectors(vectors: ReadonlyMap<string, SequenceVectors>, key: string): SequenceVectors {
  const found = vectors.get(key)
  if (!found) throw new AppError('CACHE_CORRUPT', 'Vectors of a sequence are missing. Run the model again.')
  return found
}

function writeNorms(
  source: Float32Array,
  blocks: number,
  rows: number,
  dim: number,
  target: Float32Array,
  stride: number,
  offset: number,
): void {
  for (let block = 0, at = 0; block < blocks; block++)
    for (let row = 0; row < rows; row++) {
      let sum = 0
      for (let column = 0; column < dim; column++, at++) sum += source[at]! * source[at]!
      target[block * stride + offset + row] = Math.sqrt(sum)
    }
}

/** Spans of sequences that have as many keys as queries. */
export function spansOf(lengths: readonly number[]): Span[] {
  let at = 0
  return lengths.map((length) => {
    const span = { queryStart: at, queries: length, keyStart: at, keys: length }
    at += length
    return span
  })
}
