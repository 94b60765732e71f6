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

const folder = 'onnx'

export interface WeightWish {
  dtype: Dtype | null
  /** File stem, without `.onnx`; null: the known stems are tried. */
  file: string | null
  backend: Backend
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

/** All files that would do, best first. */
export function weightCandidates({ dtype, file, backend }: WeightWish): WeightFile[] {
  const wanted = dtype === null ? preferences[backend] : [dtype]
  return (file === null ? stems : [file]).flatMap((stem) =>
    wanted.map((candidate) => {
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
  options: Omit<ReadOptions, 'why'>,
): Promise<WeightFile> {
  const listed = await source.list(folder, { ...options, why: 'list of weight files' })
  const { preferred } = source
  if (preferred && wish.dtype === null && wish.file === null) {
    return { path: preferred.file, dtype: preferred.dtype, bytes: sizeIn(listed, preferred.file) }
  }
  const candidates = weightCandidates(wish)
  if (listed) {
    const found = candidates.find(({ path }) => listed.some((file) => file.path === path))
    if (found) return { ...found, bytes: sizeIn(listed, found.path) }
    throw noFile(source, wish, listed)
  }
  for (const candidate of candidates) {
    if (await source.exists(candidate.path, { ...options, why: 'search for the weight file' })) return candidate
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
