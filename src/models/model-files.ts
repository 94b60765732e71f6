import { AppError } from '../core/errors'
import type { Progress } from '../core/types'
import type { PatchedModel } from '../onnx/types'
import { createPictureProcessor, type PictureProcessor } from './image-processor'
import type { ModelSource } from './sources'
import { looksLikeHtml } from './sources/fetch-file'
import type { TokenizerFiles } from './tokenizer'
import type { WeightFile } from './weight-file'

/** The files of one model, read from its source, with an error that names what is missing. */

type Report = (progress: Progress) => void

async function readJson(source: ModelSource, path: string, why: string, signal: AbortSignal): Promise<unknown> {
  const bytes = await source.read(path, { why, signal })
  if (!bytes || looksLikeHtml(bytes)) return null
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw new AppError(
      'TRUNCATED',
      `${path} of ${source.id} is no whole JSON file: try again, or choose another model.`,
      { cause: error },
    )
  }
}

export async function readConfig(source: ModelSource, signal: AbortSignal): Promise<unknown> {
  const config = await readJson(source, 'config.json', 'model configuration', signal)
  if (config !== null) return config
  if (source.mayLackConfig) return {}
  throw new AppError(
    'MODEL_NOT_FOUND',
    `${source.id} was not found: check the spelling. A model that needs a login or an agreement can't be opened from a browser either.`,
    { details: source.address('config.json') },
  )
}

export async function readWeightFile(source: ModelSource, file: WeightFile, signal: AbortSignal, onProgress: Report) {
  const bytes = await source.read(file.path, {
    why: 'weights',
    signal,
    onProgress: (done, total) => onProgress({ stage: 'download', done, total: file.bytes ?? total, unit: 'bytes' }),
  })
  if (!bytes) throw new AppError('NO_ONNX_FILE', `${source.id} has no file ${file.path}: choose another weight file.`)
  if (looksLikeHtml(bytes)) {
    throw new AppError(
      'NOT_ONNX',
      `The host sent a web page in the place of ${file.path}: check the model's name and the host.`,
      {
        details: source.address(file.path),
      },
    )
  }
  return bytes
}

/** Weights beside the graph, under the names that the graph itself gives them. */
export async function readExternal(
  source: ModelSource,
  file: WeightFile,
  locations: string[],
  signal: AbortSignal,
  onProgress: Report,
) {
  const folder = file.path.replace(/[^/]*$/, '')
  const external: PatchedModel['external'] = []
  for (const location of locations) {
    const path = location.replace(/^\.\//, '')
    const missing = new AppError(
      'EXTERNAL_DATA_MISSING',
      `${file.path} keeps weights in “${location}”, which ${source.id} does not have: choose another weight file.`,
    )
    if (path.split(/[\\/]/).includes('..') || /^[\\/]|:/.test(path)) throw missing
    const data = await source.read(folder + path, {
      why: 'weights (external data)',
      signal,
      onProgress: (done, total) => onProgress({ stage: 'download', done, total, unit: 'bytes' }),
    })
    if (!data || looksLikeHtml(data)) throw missing
    external.push({ path, data })
  }
  return external
}

export async function readTokenizerFiles(source: ModelSource, signal: AbortSignal): Promise<TokenizerFiles> {
  const tokenizer = await readJson(source, 'tokenizer.json', 'tokenizer', signal)
  if (tokenizer === null) {
    throw new AppError(
      'TOKENIZER_FAILED',
      `${source.id} has no tokenizer.json, so text can't be split into its tokens: choose a model that has one.`,
    )
  }
  return { tokenizer, config: await readJson(source, 'tokenizer_config.json', 'tokenizer configuration', signal) }
}

export async function readPictures(source: ModelSource, signal: AbortSignal): Promise<PictureProcessor> {
  const config = await readJson(source, 'preprocessor_config.json', 'picture settings', signal)
  if (config === null) {
    throw new AppError(
      'IMAGE_FAILED',
      `${source.id} has no preprocessor_config.json, so it is not known how it wants its pictures: choose a model that has one.`,
    )
  }
  return await createPictureProcessor(config)
}
