import { AppError } from '../core/errors'
import type { ModelInput } from '../core/types'
import type { GraphInput } from '../onnx/types'
import type { ModelConfig } from './model-config'

/** ONNX element types that inputs have. */
const elementNames = { 1: 'float32', 2: 'uint8', 3: 'int8', 6: 'int32', 7: 'int64', 9: 'bool', 10: 'float16' } as const

export type FeedType = (typeof elementNames)[keyof typeof elementNames]

/** One input of a session: plain data, the runtime's tensor is made of it. */
export interface Feed {
  type: FeedType
  data: Float32Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array | Int8Array
  dims: number[]
}

/** float32 as IEEE 754 binary16 bits, rounded to nearest even. */
export function toFloat16Bits(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  return Uint16Array.from(bits, (word) => {
    const sign = (word >>> 16) & 0x8000
    const exponent = ((word >>> 23) & 0xff) - 112
    const fraction = word & 0x7fffff
    if (exponent >= 31) return sign | 0x7c00 | ((word & 0x7fffffff) > 0x7f800000 ? 0x200 : 0)
    const shift = exponent > 0 ? 13 : 14 - exponent
    if (shift > 24) return sign
    const whole = exponent > 0 ? fraction : fraction | 0x800000
    const kept = whole >>> shift
    const rest = whole & ((1 << shift) - 1)
    const half = 1 << (shift - 1)
    const rounded = kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0)
    return sign | ((exponent > 0 ? exponent << 10 : 0) + rounded)
  })
}

function typeOf(input: GraphInput): FeedType {
  const name = (elementNames as Record<number, FeedType | undefined>)[input.elementType]
  if (!name)
    throw new AppError(
      'DTYPE_UNSUPPORTED',
      `The model's input “${input.name}” has an element type (${input.elementType}) that this app can't give.`,
    )
  return name
}

function pack(type: FeedType, values: ArrayLike<number>): Feed['data'] {
  switch (type) {
    case 'float32':
      return values instanceof Float32Array ? values : Float32Array.from(values)
    case 'float16':
      return toFloat16Bits(values instanceof Float32Array ? values : Float32Array.from(values))
    case 'int64':
      return BigInt64Array.from({ length: values.length }, (_, index) => BigInt(values[index] ?? 0))
    case 'int32':
      return Int32Array.from(values)
    case 'int8':
      return Int8Array.from(values)
    case 'uint8':
    case 'bool':
      return Uint8Array.from(values)
  }
}

const constant = (length: number, value: number) => new Float64Array(length).fill(value)

/** Which axis of a key/value cache grows: the one that is named after the past, else the usual place for its rank. */
function pastAxis(dims: GraphInput['dims']): number {
  const named = dims.findIndex(
    (dim) => typeof dim === 'string' && /past|cache|kv.*(?:seq|len)/i.test(dim) && !/batch/i.test(dim),
  )
  return named >= 0 ? named : dims.length === 5 ? 3 : dims.length === 4 ? 2 : 1
}

function emptyPast(input: GraphInput, batch: number, config: ModelConfig): number[] {
  const grows = pastAxis(input.dims)
  return input.dims.map((dim, axis) => {
    if (axis === grows) return 0
    if (typeof dim === 'number' && dim > 0) return dim
    const leading = input.dims.length === 5 ? 1 : 0
    if (axis === leading) return batch
    const heads = config.kvHeads ?? config.heads
    const size = axis === leading + 1 ? heads : config.headDim
    if (size === null)
      throw new AppError(
        'NEEDS_OTHER_INPUT',
        `The model's input “${input.name}” has a shape that neither the file nor config.json states.`,
      )
    return size
  })
}

/** Kinds of models that are known by their inputs and can't be shown. */
const others = [
  {
    inputs: ['input_features', 'input_values', 'audio_values', 'waveform', 'audio'],
    what: 'This model listens to sound, which this app cannot give it',
  },
  {
    inputs: ['sample', 'timestep', 'latent_sample'],
    what: 'This is a part of a picture generator (a diffusion model), which takes noise and no text of its own',
  },
]

/** Whether a graph takes pictures or text. @throws AppError NEEDS_OTHER_INPUT */
export function inputKind(inputs: GraphInput[]): ModelInput['kind'] {
  const names = inputs.map(({ name }) => name)
  const pixels = names.includes('pixel_values')
  const text = names.some((name) => name === 'input_ids' || name === 'decoder_input_ids')
  if (pixels && text) {
    throw new AppError(
      'NEEDS_OTHER_INPUT',
      'This file needs text and pictures at once: choose one of its towers (file=vision_model or file=text_model).',
    )
  }
  if (!pixels && !text) {
    const other = others.find(({ inputs: own }) => own.some((name) => names.includes(name)))
    if (other)
      throw new AppError(
        'NEEDS_OTHER_INPUT',
        `${other.what} (its inputs: ${names.join(', ')}): choose a model for text or pictures.`,
      )
    throw new AppError(
      'NEEDS_OTHER_INPUT',
      `This file takes neither text nor pictures (its inputs: ${names.join(', ')}): choose another file of the model.`,
    )
  }
  return pixels ? 'image' : 'text'
}

/** The batch size that the file fixes; null: any. */
export function fixedBatch(inputs: GraphInput[]): number | null {
  const main = inputs.find(
    ({ name }) => name === 'input_ids' || name === 'pixel_values' || name === 'decoder_input_ids',
  )
  const size = main?.dims[0]
  return typeof size === 'number' && size > 0 ? size : null
}

/** The number of tokens that the file fixes; null: any. */
export function fixedLength(inputs: GraphInput[]): number | null {
  const main = inputs.find(({ name }) => name === 'input_ids' || name === 'decoder_input_ids')
  const size = main?.dims[1]
  return typeof size === 'number' && size > 0 ? size : null
}

/**
 * Everything a graph asks for, for a batch of inputs that all have the same shape. Types and fixed sizes are the file's own.
 * @throws AppError NEEDS_OTHER_INPUT for an input that can't be made up, BAD_ARGUMENT for a mixed batch, DTYPE_UNSUPPORTED
 */
export function buildFeeds(inputs: GraphInput[], batch: ModelInput[], config: ModelConfig): Record<string, Feed> {
  const first = batch[0]
  if (!first) throw new AppError('BAD_ARGUMENT', 'A batch needs at least one input.')
  const size = lengthOf(first)
  if (batch.some((input) => input.kind !== first.kind || lengthOf(input) !== size)) {
    throw new AppError(
      'BAD_ARGUMENT',
      'All inputs of one batch must have the same size: padding would change what the model sees.',
    )
  }
  const feeds: Record<string, Feed> = {}
  for (const input of inputs) {
    const { dims, values } = valuesFor(input, batch, first, config)
    const type = typeOf(input)
    feeds[input.name] = { type, data: pack(type, values), dims }
  }
  return feeds
}

const lengthOf = (input: ModelInput) => (input.kind === 'text' ? input.ids.length : input.pixels.length)

function valuesFor(
  input: GraphInput,
  batch: ModelInput[],
  first: ModelInput,
  config: ModelConfig,
): { dims: number[]; values: ArrayLike<number> } {
  const { name } = input
  const count = batch.length
  if (/past|cache_(?:key|value)/.test(name) && input.dims.length >= 3) {
    const dims = emptyPast(input, count, config)
    return { dims, values: [] }
  }
  if (name === 'use_cache_branch') return { dims: [1], values: [0] }
  if (name === 'num_logits_to_keep' || name === 'logits_to_keep') return { dims: input.dims.map(() => 1), values: [1] }
  if (first.kind === 'image') {
    const [channels, height, width] = first.shape
    if (name === 'pixel_values') {
      const each = channels * height * width
      const values = new Float32Array(count * each)
      batch.forEach((image, index) => image.kind === 'image' && values.set(image.pixels, index * each))
      return { dims: [count, channels, height, width], values }
    }
    if (name === 'pixel_mask') return { dims: [count, height, width], values: constant(count * height * width, 1) }
    if (name === 'interpolate_pos_encoding') return { dims: input.dims.map(() => 1), values: [0] }
  } else {
    const tokens = first.ids.length
    const dims = [count, tokens]
    const each = (pick: (text: Extract<ModelInput, { kind: 'text' }>) => ArrayLike<number> | null) => {
      const values = new Float64Array(count * tokens)
      batch.forEach((text, index) => text.kind === 'text' && values.set(pick(text) ?? [], index * tokens))
      return values
    }
    switch (name) {
      case 'input_ids':
      case 'decoder_input_ids':
        return { dims, values: each((text) => text.ids) }
      case 'attention_mask':
      case 'decoder_attention_mask':
        if (input.dims.length > 2) break
        return { dims, values: constant(count * tokens, 1) }
      case 'token_type_ids':
        return { dims, values: each((text) => text.typeIds) }
      case 'position_ids':
        return { dims, values: each((text) => Int32Array.from(text.ids, (_, position) => position)) }
      case 'cache_position':
        return { dims: [tokens], values: Int32Array.from({ length: tokens }, (_, position) => position) }
    }
  }
  throw new AppError(
    'NEEDS_OTHER_INPUT',
    `This file needs the input “${name}”, which this app can't give: choose another file of the model (an encoder or a decoder without extra inputs).`,
  )
}
