import type { StorageUse } from '../state/model-library'

/**
 * Bytes that are left for a download that would not fit into the browser's storage: it can be opened, but not kept.
 * @returns null where it fits, is there already, or nothing is known
 */
export function missingRoom(
  file: { bytes: number | null; isStored: boolean },
  storage: StorageUse | null,
): number | null {
  const { used = null, quota = null } = storage ?? {}
  if (file.isStored || file.bytes === null || used === null || quota === null) return null
  const left = Math.max(0, quota - used)
  return file.bytes > left ? left : null
}
