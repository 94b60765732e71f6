import { isAppError } from '../../core/errors'
import { fetchFile, fileExists, type Expected } from './fetch-file'
import { peekFile } from './peek'
import type { ModelSource, SourceEnvironment, SourceFile } from './types'

interface TreeEntry {
  type?: unknown
  path?: unknown
  size?: unknown
  lfs?: { oid?: unknown; size?: unknown }
}

const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

/** One entry of the Hub's `tree` answer; large files carry the SHA-256 of their content as `lfs.oid`. */
function toSourceFile(entry: TreeEntry): SourceFile[] {
  if (entry.type !== 'file' || typeof entry.path !== 'string') return []
  const bytes = entry.lfs?.size ?? entry.size
  return [
    {
      path: entry.path,
      bytes: typeof bytes === 'number' ? bytes : null,
      sha256: isHash(entry.lfs?.oid) ? entry.lfs.oid : null,
    },
  ]
}

/** A repository on any host with the Hub's addresses: `HOST/owner/name/resolve/REVISION/path`. */
export function hubSource(id: string, revision: string, host: string, environment: SourceEnvironment): ModelSource {
  const base = host.replace(/\/+$/, '')
  const name = id.split('/').map(encodeURIComponent).join('/')
  const at = encodeURIComponent(revision)
  const known = new Map<string, Expected>()
  const address = (path: string) => `${base}/${name}/resolve/${at}/${path.split('/').map(encodeURIComponent).join('/')}`

  return {
    id,
    address,
    preferred: null,
    kind: null,
    async list(folder, options) {
      try {
        const bytes = await fetchFile(`${base}/api/models/${name}/tree/${at}/${folder}`, options, environment, {
          freshFirst: true,
        })
        const entries: unknown = bytes && JSON.parse(new TextDecoder().decode(bytes))
        if (!Array.isArray(entries)) return null
        const files = entries.flatMap((entry: TreeEntry) => toSourceFile(entry))
        for (const { path, bytes: size, sha256 } of files) known.set(path, { bytes: size, sha256 })
        return files
      } catch (error) {
        if (isAppError(error) && error.code === 'CANCELLED') throw error
        return null // a plain file host: the caller probes
      }
    },
    peek: (path, options) => peekFile(address(path), options, environment, known.get(path)?.bytes ?? null),
    exists: (path, options) => fileExists(address(path), options, environment),
    read: (path, options) =>
      fetchFile(address(path), options, environment, { expected: known.get(path) ?? { bytes: null, sha256: null } }),
  }
}
