import { AppError } from '../../core/errors'
import type { Dtype, InputKind } from '../../core/types'
import { fetchFile } from './fetch-file'
import { peekFile } from './peek'
import type { ModelSource, ReadOptions, SourceEnvironment } from './types'

/** One model of `public/models/manifest.json`, written by `scripts/manifest.mjs`. */
export interface ManifestModel {
  name: string
  kind: InputKind
  title: string
  licence: string
  origin: string
  /** How the weight file was made. */
  made: string
  /** The weight file that is opened when nothing else is asked. */
  file: string
  dtype: Dtype
  bytes: number
  files: { path: string; bytes: number; sha256: string }[]
}

export interface Manifest {
  version: 1
  models: ManifestModel[]
}

const withSlash = (address: string) => address.replace(/\/*$/, '/')

/**
 * The list of models that come with the app.
 * @throws AppError NETWORK, TRUNCATED, CANCELLED; MODEL_NOT_FOUND where the list is missing or is not one
 */
export async function readManifest(
  host: string,
  options: Omit<ReadOptions, 'why'>,
  environment: SourceEnvironment,
): Promise<Manifest> {
  const url = `${withSlash(host)}manifest.json`
  const bytes = await fetchFile(url, { ...options, why: 'list of built-in models' }, environment, { freshFirst: true })
  try {
    const manifest = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array())) as Manifest
    if (Array.isArray(manifest.models)) return manifest
  } catch {
    // falls through: the same message serves for all
  }
  throw new AppError(
    'MODEL_NOT_FOUND',
    'The list of built-in models is missing from this site: the app was not deployed whole.',
    { details: url },
  )
}

/**
 * A model under the app's own `models/`. Only files of the manifest are ever asked for.
 * @throws AppError MODEL_NOT_FOUND for a name that is not in the manifest; those of readManifest
 */
export async function builtinSource(
  name: string,
  host: string,
  options: Omit<ReadOptions, 'why'>,
  environment: SourceEnvironment,
): Promise<ModelSource> {
  const { models } = await readManifest(host, options, environment)
  const model = models.find((candidate) => candidate.name === name)
  if (!model) {
    const names = models.map((candidate) => `builtin:${candidate.name}`).join(', ')
    throw new AppError('MODEL_NOT_FOUND', `There is no built-in model named “${name}”: choose one of ${names}.`)
  }
  const files = new Map(model.files.map((file) => [file.path, file]))
  const address = (path: string) => withSlash(host) + [name, ...path.split('/')].map(encodeURIComponent).join('/')

  return {
    id: `builtin:${name}`,
    address,
    preferred: { file: model.file, dtype: model.dtype },
    kind: model.kind,
    list: (folder) => Promise.resolve(model.files.filter((file) => file.path.replace(/\/?[^/]*$/, '') === folder)),
    peek: async (path, readOptions) => {
      const file = files.get(path)
      return file ? await peekFile(address(path), readOptions, environment, file.bytes) : null
    },
    exists: (path) => Promise.resolve(files.has(path)),
    read: async (path, readOptions) => {
      const file = files.get(path)
      return file ? await fetchFile(address(path), readOptions, environment, { expected: file }) : null
    },
  }
}
