/** One file of a folder: its path inside, with `/`. */
export interface FolderFile {
  path: string
  blob: Blob
}

const prefix = 'folder:'

export const isFolder = (id: string | null): boolean => id?.startsWith(prefix) ?? false

/** Folders that were given during this visit. A browser forgets them with the page: nothing of them is kept anywhere. */
export class ModelFolders {
  readonly #folders = new Map<string, { files: readonly FolderFile[]; print: string }>()

  /** The id under which the folder can be opened; another folder of the same name gets a number. */
  add(name: string, files: readonly FolderFile[]): string {
    const clean = name.replace(/[/\\\n\r]+/g, ' ').trim() || 'model'
    const print = files
      .map(({ path, blob }) => `${path} ${blob.size} ${'lastModified' in blob ? String(blob.lastModified) : ''}`)
      .sort()
      .join('\n')
    for (let count = 1; ; count++) {
      const id = `${prefix}${clean}${count === 1 ? '' : ` (${count})`}`
      const known = this.#folders.get(id)
      if (known && known.print !== print) continue
      this.#folders.set(id, { files, print })
      return id
    }
  }

  get(id: string): readonly FolderFile[] | null {
    return this.#folders.get(id)?.files ?? null
  }
}
