import { AppError } from '../../core/errors'
import type { ModelSpec } from '../../rpc/contracts'
import { builtinSource } from './builtin'
import { folderPrefix, folderSource } from './folder'
import { hubSource } from './hub'
import type { ModelSource, ReadOptions, SourceEnvironment } from './types'

export type { FileEnds, ModelSource, ReadOptions, SourceEnvironment, SourceFile } from './types'
export { readManifest, type Manifest, type ManifestModel } from './builtin'

const builtinPrefix = 'builtin:'

/** One kind of place that models come from. One file each, one line in `sourceRules`. */
export interface SourceRule {
  name: string
  /** Whether an id means a model of this kind. */
  matches(id: string): boolean
  /** @throws AppError as `openSource` */
  open(
    spec: Pick<ModelSpec, 'id' | 'revision' | 'host' | 'files'>,
    options: Omit<ReadOptions, 'why'>,
    environment: SourceEnvironment,
  ): ModelSource | Promise<ModelSource>
}

const isHubId = (id: string): boolean => {
  const parts = id.split('/')
  return parts.length >= 2 && parts.every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part))
}

/** Where models come from; the first that knows an id takes it. */
export const sourceRules: readonly SourceRule[] = [
  {
    name: 'builtin',
    matches: (id) => id.startsWith(builtinPrefix),
    open: ({ id, host }, options, environment) =>
      builtinSource(id.slice(builtinPrefix.length), host, options, environment),
  },
  { name: 'folder', matches: (id) => id.startsWith(folderPrefix), open: (spec) => folderSource(spec) },
  {
    name: 'hub',
    matches: isHubId,
    open: ({ id, revision, host }, _, environment) => hubSource(id, revision, host, environment),
  },
]

/**
 * The folder that a model's id stands for.
 * @throws AppError BAD_ARGUMENT for what is no id; NOT_AVAILABLE for a folder that has to be chosen again; MODEL_NOT_FOUND, NETWORK, TRUNCATED, CANCELLED from the built-in list
 */
export async function openSource(
  spec: Pick<ModelSpec, 'id' | 'revision' | 'host' | 'files'>,
  options: Omit<ReadOptions, 'why'>,
  environment: SourceEnvironment,
): Promise<ModelSource> {
  const rule = sourceRules.find(({ matches }) => matches(spec.id))
  if (!rule)
    throw new AppError(
      'BAD_ARGUMENT',
      `“${spec.id}” is no model: write builtin:NAME or owner/name as on the Hugging Face Hub.`,
    )
  return await rule.open(spec, options, environment)
}
