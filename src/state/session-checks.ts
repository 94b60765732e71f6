import { AppError } from '../core/errors'
import type { Backend, Dtype, FigureRow, Mask, ModelInfo, Sequence, Token, Verdict } from '../core/types'
import { backends, dtypes } from '../storage/address'

/** Reads what a session file says, field by field: it may come from anyone. All throw AppError BAD_SESSION. */

export const misfit = (what: string): AppError =>
  new AppError(
    'BAD_SESSION',
    `This session file can't be used: its ${what} make no sense. Get it again, or save it anew.`,
  )

export type Plain = Readonly<Record<string, unknown>>

export function readObject(value: unknown, what: string): Plain {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misfit(what)
  return value as Plain
}

export function readList<T>(value: unknown, what: string, read: (entry: unknown) => T): T[] {
  if (!Array.isArray(value)) throw misfit(what)
  return value.map(read)
}

export function readText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw misfit(what)
  return value
}

function readNumber(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw misfit(what)
  return value
}

export function readCount(value: unknown, what: string, low = 0, high = Number.MAX_SAFE_INTEGER): number {
  const count = readNumber(value, what)
  if (!Number.isInteger(count) || count < low || count > high) throw misfit(what)
  return count
}

function readFlag(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw misfit(what)
  return value
}

function readOneOf<T extends string>(value: unknown, known: readonly T[], what: string): T {
  const found = known.find((entry) => entry === value)
  if (found === undefined) throw misfit(what)
  return found
}

const ownBackends = backends.filter((id): id is Backend => id !== 'auto')

/** null where a picture was made before that was noted. */
export const readBackend = (value: unknown): Backend | null => ownBackends.find((id) => id === value) ?? null

export function readModelInfo(value: unknown): ModelInfo {
  const what = "model's figures"
  const given = readObject(value, what)
  const text = (key: string) => readText(given[key], what)
  const flag = (key: string) => readFlag(given[key], what)
  const count = (key: string, high: number) => readCount(given[key], what, 1, high)
  const layers = count('layers', 10_000)
  const heads = count('heads', 10_000)
  const kvHeads = count('kvHeads', heads)
  const scale = readList(given['scale'], what, (entry) => readNumber(entry, what))
  const masks = readList(given['masks'], what, (entry): Mask => {
    const { causal, window } = readObject(entry, what)
    return { causal: readFlag(causal, what), window: window === null ? null : readCount(window, what) }
  })
  if (scale.length !== layers * heads || masks.length !== layers) throw misfit(what)
  return {
    id: text('id'),
    revision: text('revision'),
    host: given['host'] === null ? null : text('host'),
    file: text('file'),
    dtype: readOneOf<Dtype>(given['dtype'], dtypes, what),
    sha256: text('sha256'),
    bytes: readCount(given['bytes'], what),
    backend: readOneOf<Backend>(given['backend'], ownBackends, what),
    kind: readOneOf(given['kind'], ['text', 'image'] as const, what),
    layers,
    heads,
    kvHeads,
    headDim: count('headDim', 100_000),
    valueDim: count('valueDim', 100_000),
    scale,
    causal: flag('causal'),
    masks,
    verified: readOneOf<Verdict>(given['verified'], ['exact', 'bias', 'unverified'], what),
    verification: text('verification'),
    quantised: flag('quantised'),
    rotary: flag('rotary'),
    ...(given['rotation'] !== undefined && { rotation: readOneOf(given['rotation'], ['before'] as const, what) }),
    ...(given['bos'] !== undefined && { bos: flag('bos') }),
    maxTokens: readCount(given['maxTokens'], what),
  }
}

function readToken(value: unknown): Token {
  const what = 'tokens'
  const { id, text, special } = readObject(value, what)
  return { id: readCount(id, what, -1), text: readText(text, what), special: readFlag(special, what) }
}

/** What the file says of a sequence beside its name: that is the input's. */
export function readSequence(value: unknown): Omit<Sequence, 'id' | 'name'> {
  const what = 'sequences'
  const { tokens, truncated, grid, crop } = readObject(value, what)
  const size = (entry: unknown) => readCount(entry, what, 1, 16_384)
  const read = { tokens: readList(tokens, what, readToken), truncated: readCount(truncated, what) }
  if (grid === undefined) return read
  const { rows, columns } = readObject(grid, what)
  const [width, height] = readList(crop, what, size)
  if (width === undefined || height === undefined) throw misfit(what)
  const patches = { rows: size(rows), columns: size(columns) }
  if (patches.rows * patches.columns > read.tokens.length) throw misfit(what)
  return { ...read, grid: patches, crop: { width, height, rgba: new Uint8ClampedArray() } }
}

/** Figures by id; what is no number is left out. */
export function readFigureRow(value: unknown): FigureRow | null {
  if (value === null) return null
  const row = readObject(value, 'figures')
  const isFigure = (entry: unknown) => entry === null || (typeof entry === 'number' && Number.isFinite(entry))
  return Object.fromEntries(Object.entries(row).filter(([, entry]) => isFigure(entry))) as FigureRow
}

/** An array of exactly so many finite numbers. */
export function readArray(array: Float32Array | undefined, length: number, what: string): Float32Array {
  if (array?.length !== length || !array.every(Number.isFinite)) throw misfit(what)
  return array
}

/** The same for bytes that lie four to a number: any bits are right. */
export function readBytes(
  array: Float32Array | undefined,
  bytes: number,
  what: string,
): Uint8ClampedArray<ArrayBuffer> {
  if (!array || array.byteLength !== bytes) throw misfit(what)
  return new Uint8ClampedArray(array.slice().buffer)
}
