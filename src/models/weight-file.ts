import { AppError } from '../core/errors'
import type { Backend, Dtype } from '../core/types'
import type { ModelSource, ReadOptions, SourceFile } from './sources'

const suffixes: Record<Dtype, string> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
}

/** File stems that exporters use, in the order they are looked for. */
const stems = [
  'model',
  'decoder_model',
  'decoder_model_merged',
  'decoder_with_past_model',
  'encoder_model',
  'vision_model',
  'vision_encoder',
  'text_model',
]

/** Integer products run on the CPU only; half precision needs a GPU feature: so each backend has its own order. */
const preferences: Record<Backend, Dtype[]> = {
  wasm: ['q8', 'int8', 'uint8', 'fp32', 'q4', 'bnb4', 'fp16', 'q4f16'],
  webgpu: ['fp32', 'fp16', 'q4', 'q4f16', 'q8', 'int8', 'uint8', 'bnb4'],
}

/** On WebGPU, plain weights above this give way to 4-bit ones where there are any. */
export const largeBytes = 600_000_000

const halfPrecision: ReadonlySet<Dtype> = new Set(['fp16', 'q4f16'])

const folder = 'onnx'

export interface WeightWish {
  dtype: Dtype | null
  /** File stem, without `.onnx`; null: the known stems are tried. */
  file: string | null
  backend: Backend
  /** The GPU computes in half precision; absent: yes. */
  float16?: boolean
}

export interface WeightFile {
  /** Path inside the model's folder. */
  path: string
  dtype: Dtype
  /** null: not known before the download. */
  bytes: number | null
}

/** The dtype that a file's name states; plain names are fp32. */
export function dtypeOfName(name: string): Dtype {
  const stem = name.replace(/\.onnx$/, '')
  const found = (Object.entries(suffixes) as [Dtype, string][]).find(
    ([, suffix]) => suffix !== '' && stem.endsWith(suffix),
  )
  return found?.[0] ?? 'fp32'
}

/** One file among which to choose. */
export interface WeightOption extends WeightFile {
  /** The file's name without dtype and ending: what `file` asks for. */
  stem: string
}

/** The weight files of a listing, with the data files beside them counted in. */
export function weightOptions(listed: readonly SourceFile[]): WeightOption[] {
  return listed
    .filter(({ path }) => path.endsWith('.onnx'))
    .map(({ path, bytes }) => {
      const dtype = dtypeOfName(path)
      const beside = listed.filter((file) => isDataOf(path, file.path))
      return {
        path,
        dtype,
        stem: path.replace(/^.*\//, '').slice(0, -`${suffixes[dtype]}.onnx`.length),
        bytes: beside.reduce<number | null>((sum, file) => add(sum, file.bytes), bytes),
      }
    })
}

const isDataOf = (weights: string, path: string) =>
  path.startsWith(weights) && /^[._]data(?:_\d+)?$/.test(path.slice(weights.length))

const add = (one: number | null, other: number | null) => (one === null || other === null ? null : one + other)

/** The dtypes of a backend, best first. @param plainBytes size of the fp32 file, where it is known */
function dtypeOrder({ backend, float16 = true }: WeightWish, plainBytes: number | null): Dtype[] {
  const order = preferences[backend]
  if (backend === 'wasm') return order
  const able = float16 ? order : [...order].sort((a, b) => +halfPrecision.has(a) - +halfPrecision.has(b))
  if (plainBytes === null || plainBytes <= largeBytes) return able
  const small = able.filter((dtype) => dtype === 'q4' || (float16 && halfPrecision.has(dtype)))
  return [...small, ...able.filter((dtype) => !small.includes(dtype))]
}

/** Whether exporters use this name. */
export const knownStem = (path: string): boolean =>
  stems.includes(path.replace(/^.*\//, '').slice(0, -`${suffixes[dtypeOfName(path)]}.onnx`.length))

/** All files that would do, best first. @param sizeOf bytes of a file, where they are known */
export function weightCandidates(wish: WeightWish, sizeOf: (path: string) => number | null = () => null): WeightFile[] {
  const { dtype, file } = wish
  return (file === null ? stems : [file]).flatMap((stem) =>
    (dtype === null ? dtypeOrder(wish, sizeOf(`${folder}/${stem}.onnx`)) : [dtype]).map((candidate) => {
      const path = `${folder}/${stem}${suffixes[candidate]}.onnx`
      return { path, dtype: dtypeOfName(path), bytes: null }
    }),
  )
}

/**
 * Which weight file of a model to open. A dtype that was asked for is never replaced by another one.
 * @throws AppError NO_ONNX_FILE (the message says what there is), NETWORK, CANCELLED
 */
export async function chooseWeightFile(
  source: ModelSource,
  wish: WeightWish,
  readOptions: Omit<ReadOptions, 'why'>,
): Promise<WeightFile> {
  const listed = await source.list(folder, { ...readOptions, why: 'list of weight files' })
  const { preferred } = source
  if (preferred && wish.dtype === null && wish.file === null) {
    return { path: preferred.file, dtype: preferred.dtype, bytes: sizeIn(listed, preferred.file) }
  }
  const options = listed ? weightOptions(listed) : []
  const sizeOf = (path: string) => options.find((option) => option.path === path)?.bytes ?? null
  const candidates = weightCandidates(wish, sizeOf)
  if (listed) {
    const found = candidates.find(({ path }) => options.some((option) => option.path === path))
    if (found) return { ...found, bytes: sizeOf(found.path) }
    throw noFile(source, wish, listed)
  }
  for (const candidate of candidates) {
    if (await source.exists(candidate.path, { ...readOptions, why: 'search for the weight file' })) return candidate
  }
  throw noFile(source, wish, null)
}

const sizeIn = (listed: SourceFile[] | null, path: string) => listed?.find((file) => file.path === path)?.bytes ?? null

function noFile(source: ModelSource, { dtype, file }: WeightWish, listed: SourceFile[] | null): AppError {
  const wanted = [file && `named “${file}”`, dtype && `of type ${dtype}`].filter(Boolean).join(' ')
  const names = listed?.map(({ path }) => path).filter((path) => path.endsWith('.onnx'))
  const rest = names?.length ? `it has ${names.join(', ')}` : 'choose a model that was exported to ONNX'
  return new AppError(
    'NO_ONNX_FILE',
    `${source.id} has no ONNX file${wanted && ` ${wanted}`} in its ${folder} folder: ${rest}.`,
  )
}
