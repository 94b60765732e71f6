import { AppError } from '../../core/errors'
import type { ModelSpec } from '../../rpc/contracts'
import { dtypeOfName, knownStem } from '../weight-file'
import { peekBlob } from './peek'
import type { ModelSource, ReadOptions } from './types'

export const folderPrefix = 'folder:'

/** The files of a folder under the paths that the Hub's layout would give them: weights lie in `onnx/`. */
export function arrangeFiles(files: readonly { path: string; blob: Blob }[]): Map<string, Blob> {
  const depth = (path: string) => path.split('/').length
  // What lies around the model (a folder of folders, a copy of the Hub's cache) is left out.
  const root = files
    .map(({ path }) => path)
    .filter((path) => /(?:^|\/)config\.json$/.test(path))
    .sort((a, b) => depth(a) - depth(b))[0]
    ?.replace(/config\.json$/, '')
  const inside = files
    .filter(({ path }) => path.startsWith(root ?? ''))
    .map(({ path, blob }) => ({ path: path.slice(root?.length ?? 0), blob }))
  const arranged = new Map(inside.map(({ path, blob }) => [path, blob]))
  if (inside.some(({ path }) => /^onnx\/[^/]+\.onnx$/.test(path))) return arranged
  const weights = inside.filter(({ path }) => path.endsWith('.onnx')).sort((a, b) => depth(a.path) - depth(b.path))[0]
  const folder = weights?.path.replace(/[^/]*$/, '')
  if (folder === undefined) return arranged
  for (const { path, blob } of inside) {
    const name = path.slice(folder.length)
    if (path.startsWith(folder) && !name.includes('/')) arranged.set(`onnx/${name}`, blob)
  }
  return arranged
}

/**
 * A folder of this computer. Nothing of it goes anywhere.
 * @throws AppError NOT_AVAILABLE where its files are not there any more
 */
export function folderSource({ id, files }: Pick<ModelSpec, 'id' | 'files'>): ModelSource {
  const name = id.slice(folderPrefix.length)
  if (!files)
    throw new AppError(
      'NOT_AVAILABLE',
      `The folder “${name}” has to be chosen again: after a reload a browser gives no page access to files of this computer.`,
    )
  const arranged = arrangeFiles(files)
  const weights = [...arranged.keys()].filter((path) => /^onnx\/[^/]+\.onnx$/.test(path))
  // A file with a name of its own is taken where none has a usual one.
  const own = weights.some((path) => knownStem(path)) ? undefined : weights[0]

  const read = async (path: string, { signal, onProgress, why }: ReadOptions) => {
    const blob = arranged.get(path)
    if (!blob) return null
    let bytes: Uint8Array<ArrayBuffer>
    try {
      bytes = new Uint8Array(await blob.arrayBuffer())
    } catch (error) {
      throw new AppError(
        'NOT_AVAILABLE',
        `${path} of the folder “${name}” (${why}) could not be read: it was changed or moved, or it is too big. Choose the folder again.`,
        { cause: error },
      )
    }
    if (signal?.aborted) throw new AppError('CANCELLED', 'Opening the model was cancelled.')
    onProgress?.(bytes.length, bytes.length)
    return bytes
  }

  return {
    id: name,
    address: (path) => `${name}/${path}`,
    preferred: own === undefined ? null : { file: own, dtype: dtypeOfName(own) },
    kind: null,
    mayLackConfig: true,
    list: (folder) =>
      Promise.resolve(
        [...arranged]
          .filter(([path]) => path.replace(/\/?[^/]*$/, '') === folder)
          .map(([path, { size }]) => ({ path, bytes: size, sha256: null })),
      ),
    exists: (path) => Promise.resolve(arranged.has(path)),
    peek: async (path) => {
      const blob = arranged.get(path)
      return blob ? await peekBlob(blob) : null
    },
    read,
  }
}
