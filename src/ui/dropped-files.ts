/** Files of a drop or a picker, with their paths inside what was given. */
export interface GivenFile {
  path: string
  file: File
}

/** What was given is a model: it has weights. Other files of the folder come along. */
export const isModel = (files: readonly GivenFile[]): boolean => files.some(({ path }) => /\.onnx$/i.test(path))

/** What was given is one saved session. */
export const sessionAmong = (files: readonly GivenFile[]): File | null =>
  files.find(({ path }) => /\.atlas$/i.test(path))?.file ?? null

/** `folder/sub/file` of a folder picker, a plain name otherwise. */
export const fromPicker = (files: ArrayLike<File>): GivenFile[] =>
  Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, file }))

/** The name of the one folder that holds everything; null: several, or loose files. */
export function commonFolder(files: readonly GivenFile[]): string | null {
  const [first] = files
  const folder = first?.path.includes('/') ? first.path.slice(0, first.path.indexOf('/')) : null
  return folder !== null && files.every(({ path }) => path.startsWith(`${folder}/`)) ? folder : null
}

/** What a model of these files is called, and its files with paths inside it. */
export function nameModel(files: readonly GivenFile[]): { name: string; files: { path: string; blob: File }[] } {
  const folder = commonFolder(files)
  const weights = files.find(({ path }) => /\.onnx$/i.test(path))
  return {
    name: folder ?? weights?.file.name.replace(/\.onnx$/i, '') ?? 'model',
    files: files.map(({ path, file }) => ({
      path: folder === null ? path : path.slice(folder.length + 1),
      blob: file,
    })),
  }
}

/** More than this is no model folder but a whole disk. */
const mostFiles = 2000

/**
 * Everything that was dropped, folders walked through. To be called inside the event: afterwards the browser gives nothing
 * any more.
 */
export async function readDrop(transfer: DataTransfer): Promise<GivenFile[]> {
  const entries = Array.from(transfer.items, (item) => (item.kind === 'file' ? item.webkitGetAsEntry() : null))
  const loose = fromPicker(transfer.files)
  if (!entries.some((entry) => entry?.isDirectory)) return loose
  const found: GivenFile[] = []
  for (const entry of entries) if (entry) await walk(entry, '', found)
  return found
}

async function walk(entry: FileSystemEntry, folder: string, found: GivenFile[]): Promise<void> {
  if (found.length >= mostFiles) return
  const path = folder + entry.name
  if (entry.isFile) {
    const file = await new Promise<File | null>((resolve) =>
      (entry as FileSystemFileEntry).file(resolve, () => resolve(null)),
    )
    if (file) found.push({ path, file })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A reader gives a hundred at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])))
    if (some.length === 0) return
    for (const each of some) await walk(each, `${path}/`, found)
  }
}

interface DirectoryHandle {
  kind: 'directory'
  name: string
  values(): AsyncIterable<DirectoryHandle | { kind: 'file'; name: string; getFile(): Promise<File> }>
}

type DirectoryPicker = (options: { id: string; mode: 'read' }) => Promise<DirectoryHandle>

/** The browser's own folder dialog; null where there is none (then an `<input>` does it), an empty list where it was closed. */
export async function pickFolder(): Promise<GivenFile[] | null> {
  const pick = (window as { showDirectoryPicker?: DirectoryPicker }).showDirectoryPicker
  if (!pick) return null
  try {
    const found: GivenFile[] = []
    await walkHandle(await pick.call(window, { id: 'model', mode: 'read' }), '', found)
    return found
  } catch (error) {
    return error instanceof DOMException && error.name === 'AbortError' ? [] : null
  }
}

async function walkHandle(folder: DirectoryHandle, above: string, found: GivenFile[]): Promise<void> {
  for await (const handle of folder.values()) {
    if (found.length >= mostFiles) return
    const path = `${above}${folder.name}/`
    if (handle.kind === 'directory') await walkHandle(handle, path, found)
    else found.push({ path: path + handle.name, file: await handle.getFile() })
  }
}
