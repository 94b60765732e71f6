import { AppError } from '../../core/errors'
import type { ModelSpec } from '../../rpc/contracts'
import { builtinSource } from './builtin'
import { folderPrefix, folderSource } from './folder'
import { hubSource } from './hub'
import type { ModelSource, ReadOptions, SourceEnvironment } from './types'

export type { FileEnds, ModelSource, ReadOptions, SourceEnvironment, SourceFile } from './types'
export { readManifest, type Manifest, type ManifestModel } from './builtin'

const builtinPrefix = 'builtin:'

/**
 * The folder that a model's id stands for.
 * @throws AppError BAD_ARGUMENT for what is no id; NOT_AVAILABLE for a folder that has to be chosen again; MODEL_NOT_FOUND, NETWORK, TRUNCATED, CANCELLED from the built-in list
 */
export async function openSource(
  spec: Pick<ModelSpec, 'id' | 'revision' | 'host' | 'files'>,
  options: Omit<ReadOptions, 'why'>,
  environment: SourceEnvironment,
): Promise<ModelSource> {
  const { id, revision, host } = spec
  if (id.startsWith(builtinPrefix))
    return await builtinSource(id.slice(builtinPrefix.length), host, options, environment)
  if (id.startsWith(folderPrefix)) return folderSource(spec)
  const parts = id.split('/')
  if (parts.length < 2 || parts.some((part) => !/^[\w.-]+$/.test(part) || /^\.+$/.test(part))) {
    throw new AppError(
      'BAD_ARGUMENT',
      `“${id}” is no model: write builtin:NAME or owner/name as on the Hugging Face Hub.`,
    )
  }
  return hubSource(id, revision, host, environment)
}
