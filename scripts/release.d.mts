/** Packs a built app with its licences into one folder of a zip; the same files give the same bytes. */
export function packRelease(options: {
  folder: string
  target: string
  version: string
}): Promise<{ files: number; bytes: number }>
