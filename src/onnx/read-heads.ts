import { AppError } from '../core/errors'
import { float16ToFloat32 } from './float16'
import type { Site, Scale, Tap } from './types'

/** Numbers of a tensor as a session gives them: float32, or the bits of float16. */
export type TensorData = Float32Array | Uint16Array | Float64Array | ArrayLike<number>

export interface HeadTensor {
  batch: number
  heads: number
  tokens: number
  width: number
  /** [batch,heads,tokens,width] */
  values: Float32Array
}

export interface WeightTensor {
  batch: number
  heads: number
  queries: number
  keys: number
  /** [batch,heads,queries,keys] */
  values: Float32Array
}

const surprise = (what: string, dims: readonly number[]) =>
  new AppError('SHAPE_SURPRISE', `The model gave ${what}, so its heads cannot be told apart. Choose another model.`, {
    details: `dimensions [${dims.join(', ')}]`,
  })

/** float16 bits (where the browser has no Float16Array) and whatever else, as float32; a Float32Array is given back itself. */
export function toFloat32(data: TensorData): Float32Array {
  if (data instanceof Float32Array) return data
  if (!(data instanceof Uint16Array)) return new Float32Array(data)
  const values = new Float32Array(data.length)
  for (let index = 0; index < data.length; index++) values[index] = float16ToFloat32(data[index]!)
  return values
}

/** How the dimensions of a tensor are to be read: strides of batch, head, token, width in the data. */
interface Reading {
  batch: number
  heads: number
  tokens: number
  width: number
  strides: [batch: number, head: number, token: number, width: number]
}

/**
 * Brings a tapped tensor into the order [B,H,T,d].
 *
 * @param dims dimensions at run time
 * @param batch number of inputs in the run
 * @param heads head count of the site (`heads` or `kvHeads`), needed for packed layouts only
 * @throws AppError SHAPE_SURPRISE where the dimensions don't fit, UNSUPPORTED_OP where the leading one counts windows
 */
export function readHeads(
  tap: Tap,
  data: TensorData,
  dims: readonly number[],
  batch: number,
  heads: number | null = null,
): HeadTensor {
  const count = dims.reduce((product, dim) => product * dim, 1)
  if (count !== data.length || count === 0) throw surprise(`${data.length} numbers for a tensor of ${count}`, dims)
  const reading = readDims(tap, dims, batch, heads)
  const source = toFloat32(data)
  const { tokens, width, strides } = reading
  const plain = strides[3] === 1 && strides[2] === width && strides[1] === tokens * width
  const factor = tap.factor ?? 1
  // Taps lie in memory that belongs to the session: always a copy.
  const values = plain && factor === 1 ? source.slice() : rearrange(source, reading, factor)
  return { batch: reading.batch, heads: reading.heads, tokens, width, values }
}

function rearrange(source: Float32Array, reading: Reading, factor: number): Float32Array {
  const { batch, heads, tokens, width, strides } = reading
  const values = new Float32Array(source.length)
  let to = 0
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let t = 0; t < tokens; t++) {
        let from = b * strides[0] + h * strides[1] + t * strides[2]
        for (let i = 0; i < width; i++, from += strides[3]) values[to++] = source[from]! / factor
      }
  return values
}

function readDims(tap: Tap, dims: readonly number[], batch: number, heads: number | null): Reading {
  const rank = dims.length
  if (tap.layout === 'token-packed' && rank <= 3) return readPacked(dims, batch, heads)
  if (tap.layout === 'token-head-width' || tap.layout === 'token-batch-head-width')
    return readSplit(dims, batch, tap.layout === 'token-batch-head-width')
  const leading = readLeading(dims, batch)
  const [before, last] = [dims[rank - 2]!, dims[rank - 1]!]
  const isTransposed = tap.layout === 'head-width-token'
  const [tokens, width] = isTransposed ? [last, before] : [before, last]
  const size = tokens * width
  return {
    batch,
    heads: leading,
    tokens,
    width,
    strides: [leading * size, size, ...(isTransposed ? ([1, tokens] as const) : ([width, 1] as const))],
  }
}

/** Heads of [B,H,…], [B·H,…] or [B,Hk,group,…]: the last two dimensions belong to a head. */
function readLeading(dims: readonly number[], batch: number): number {
  const rank = dims.length
  if (rank < 3) throw surprise(`a tensor of rank ${rank} where one with a dimension for heads was expected`, dims)
  const leading = dims.slice(0, rank - 2).reduce((product, dim) => product * dim, 1)
  if (rank > 3 && dims[0] !== batch && !(dims[0] === 1 && leading % batch === 0)) {
    if (dims[0]! % batch === 0 && dims[0]! > batch)
      throw new AppError(
        'UNSUPPORTED_OP',
        'The model attends within windows of the image, which is not supported: choose a model whose tokens attend to all others.',
        { details: `dimensions [${dims.join(', ')}] for ${batch} inputs` },
      )
    throw surprise(`${dims[0]} sequences for ${batch}`, dims)
  }
  if (leading % batch !== 0) throw surprise(`${leading} heads for ${batch} inputs`, dims)
  return leading / batch
}

/** [batch, token, head, width], or tokens first. */
function readSplit(dims: readonly number[], batch: number, areTokensFirst: boolean): Reading {
  const [first, second, heads, width] = dims as [number, number, number, number]
  const [tokens, b] = areTokensFirst ? [first, second] : [second, first]
  if (dims.length !== 4 || b !== batch) {
    const wanted = areTokensFirst ? '[token, batch, head, width]' : '[batch, token, head, width]'
    throw surprise(`a tensor of rank ${dims.length} in the place of ${wanted}`, dims)
  }
  const row = heads * width
  return {
    batch,
    heads,
    tokens,
    width,
    strides: areTokensFirst ? [row, width, batch * row, 1] : [tokens * row, width, row, 1],
  }
}

function readPacked(dims: readonly number[], batch: number, heads: number | null): Reading {
  const channels = dims.at(-1)!
  const rows = dims.slice(0, -1).reduce((product, dim) => product * dim, 1)
  if (
    heads === null ||
    heads < 1 ||
    channels % heads !== 0 ||
    rows % batch !== 0 ||
    (dims.length === 3 && dims[0] !== batch)
  )
    throw surprise(`${channels} channels for ${heads ?? 'an unknown number of'} heads`, dims)
  const tokens = rows / batch
  const width = channels / heads
  return { batch, heads, tokens, width, strides: [tokens * channels, width, channels, 1] }
}

/**
 * The weights (or the product) of a site, [B,H,n,m].
 *
 * @throws AppError SHAPE_SURPRISE, UNSUPPORTED_OP as `readHeads`
 */
export function readWeights(data: TensorData, dims: readonly number[], batch: number): WeightTensor {
  const { heads, tokens, width, values } = readHeads({ name: '', layout: 'head-token-width' }, data, dims, batch)
  return { batch, heads, queries: tokens, keys: width, values }
}

/**
 * The factor of q·k in the scores of each head: [heads].
 *
 * @param runtime numbers of the tensors that `scale.runtime` names
 * @param width d, for operators whose factor is 1/√d
 * @throws AppError SHAPE_SURPRISE where a tensor is missing, holds neither one number nor one a head, or no finite one
 */
export function readScale(
  { scale }: Pick<Site, 'scale'> | { scale: Scale },
  runtime: ReadonlyMap<string, TensorData>,
  width: number,
  heads: number,
): Float64Array {
  const scales = new Float64Array(heads).fill(scale.constant ?? 1 / Math.sqrt(width))
  for (const { name, divide } of scale.runtime) {
    const data = runtime.get(name)
    if (!data || (data.length !== 1 && data.length !== heads))
      throw surprise(`${data?.length ?? 'no'} scale factors for ${heads} heads`, [])
    const values = toFloat32(data)
    for (let head = 0; head < heads; head++) {
      const value = values[values.length === 1 ? 0 : head]!
      scales[head]! *= divide ? 1 / value : value
    }
  }
  if (!scales.every((value) => Number.isFinite(value) && value !== 0)) throw surprise('a scale that is no number', [])
  return scales
}
