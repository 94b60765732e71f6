import { AppError } from '../core/errors'
import { isImageLabels, type FindLabels } from '../core/label-map'
import type { InputKind } from '../core/types'
import type { UserColumn } from '../core/user-column'
import type { ImageInput, TextInput } from './dependencies'

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const isTextInput = (value: unknown): value is TextInput => {
  if (!isObject(value) || typeof value['id'] !== 'string' || typeof value['text'] !== 'string') return false
  const { values } = value
  return (
    values === undefined ||
    (Array.isArray(values) && values.every((entry) => entry === null || typeof entry === 'string'))
  )
}

const isImageInput = (value: unknown): value is ImageInput =>
  isObject(value) &&
  typeof value['id'] === 'string' &&
  typeof value['key'] === 'string' &&
  typeof value['name'] === 'string' &&
  value['blob'] instanceof Blob

/** Labels that were stored damaged are left out; the image stays. */
const withSoundLabels = ({ labels, ...image }: ImageInput): ImageInput =>
  isImageLabels(labels) ? { ...image, labels } : image

const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16).padStart(8, '0')).join('')

/** Texts with what belongs to them. */
interface TextSet {
  texts: readonly TextInput[]
  columns: readonly string[]
}

const noTexts: TextSet = { texts: [], columns: [] }

function readTextSet(saved: unknown): TextSet | null {
  if (!isObject(saved) || !Array.isArray(saved['texts'])) return null
  const { columns } = saved
  const names = Array.isArray(columns) && columns.every((name) => typeof name === 'string') ? columns : []
  return { texts: saved['texts'].filter(isTextInput), columns: names }
}

/** What was typed and dropped. Every change gives new lists; ids stay with their line or image and are never used twice. */
export class InputList {
  images: readonly ImageInput[] = []
  #set: TextSet = noTexts
  /** The user wrote or opened the texts; false: they are a sample's or a link's, and can be had again. */
  #isOwn = true
  #kept: TextSet | null = null
  #nextId = 1
  readonly #createKey: () => string

  constructor(createKey: () => string = randomKey) {
    this.#createKey = createKey
  }

  get isOwn(): boolean {
    return this.#isOwn
  }

  get texts(): readonly TextInput[] {
    return this.#set.texts
  }

  /** Columns of the texts, one value a line. */
  get columns(): readonly UserColumn[] {
    return this.#set.columns.map((name, at) => ({
      name,
      values: this.texts.map(({ values }) => values?.[at] ?? null),
    }))
  }

  /** The user's own texts that something else took the place of. */
  get kept(): readonly TextInput[] | null {
    return this.#kept?.texts ?? null
  }

  /**
   * Lines that are kept: verbatim, blank ones dropped. A line that was there already keeps its id and its values.
   * @param columns values of the lines as given, blank ones included; absent: no new ones
   */
  setTexts(
    lines: readonly string[],
    { columns, isOwn = true }: { columns?: readonly UserColumn[]; isOwn?: boolean } = {},
  ) {
    this.#set = this.#makeSet(lines, columns)
    this.#isOwn = isOwn
  }

  /**
   * Puts other texts in the place of the user's, which are kept.
   * @param unshown lines that the user wrote but that are not among the texts yet; null: none
   */
  replaceTexts(
    lines: readonly string[],
    options: { columns?: readonly UserColumn[]; isOwn: boolean },
    unshown: readonly string[] | null = null,
  ): void {
    const own = this.#ownNow(unshown)
    const isOther = own?.texts.some(({ text }, index) => text !== lines[index]) || own?.texts.length !== lines.length
    if (own && isOther) this.#kept = own
    this.setTexts(lines, options)
  }

  /** Exchanges the texts for those that were kept. */
  bringBack(unshown: readonly string[] | null = null): void {
    if (!this.#kept) return
    const own = this.#ownNow(unshown)
    this.#set = this.#kept
    this.#isOwn = true
    this.#kept = own
  }

  addTexts(lines: readonly string[]): void {
    const added = keepLines(lines).map((text) => ({ id: this.#createId(), text }))
    this.#set = { ...this.#set, texts: [...this.texts, ...added] }
    this.#isOwn = true
  }

  setImages(blobs: readonly Blob[]): void {
    this.images = []
    this.addImages(blobs)
  }

  addImages(blobs: readonly Blob[]): void {
    const first = this.images.length + 1
    const added = blobs.map((blob, index) => ({
      id: this.#createId(),
      key: this.#createKey(),
      name: 'name' in blob && typeof blob.name === 'string' && blob.name !== '' ? blob.name : `image ${first + index}`,
      blob,
    }))
    this.images = [...this.images, ...added]
  }

  /** @throws AppError BAD_ARGUMENT where there is no such sequence */
  remove(kind: InputKind, index: number): void {
    const list = kind === 'text' ? this.texts : this.images
    if (!Number.isInteger(index) || index < 0 || index >= list.length)
      throw new AppError('BAD_ARGUMENT', `There is no sequence ${index}: there are ${list.length}, counted from 0.`)
    if (kind === 'text') this.#set = { ...this.#set, texts: this.texts.filter((_, at) => at !== index) }
    else this.images = this.images.filter((_, at) => at !== index)
  }

  /** @throws AppError BAD_ARGUMENT where one of the places does not exist */
  moveImage(from: number, to: number): void {
    const isPlace = (index: number) => Number.isInteger(index) && index >= 0 && index < this.images.length
    if (!isPlace(from) || !isPlace(to))
      throw new AppError('BAD_ARGUMENT', `There are ${this.images.length} images, counted from 0.`)
    const others = this.images.filter((_, at) => at !== from)
    this.images = [...others.slice(0, to), this.images[from]!, ...others.slice(to)]
  }

  labelImages(find: FindLabels): void {
    this.images = this.images.map((image, index) => {
      const given = find(image, index)
      if (given === undefined) return image
      const { labels: _, ...bare } = image
      return given === null ? bare : { ...bare, labels: given }
    })
  }

  /** Keeps the texts that another tab saved, where they are others than these. */
  keepOther(saved: unknown): void {
    const other = readTextSet(saved)
    const linesOf = ({ texts }: TextSet) => texts.map(({ text }) => text).join('\n')
    if (other && other.texts.length > 0 && linesOf(other) !== linesOf(this.#set)) this.#kept = other
  }

  /** Lets go of everything, also of what was kept. */
  clear(): void {
    this.images = []
    this.#set = noTexts
    this.#isOwn = true
    this.#kept = null
  }

  /** Takes images out that can't be read. */
  dropImages(ids: ReadonlySet<string>): void {
    this.images = this.images.filter(({ id }) => !ids.has(id))
  }

  count(kind: InputKind): number {
    return kind === 'text' ? this.texts.length : this.images.length
  }

  /** For the store. */
  save(): unknown {
    return { ...this.#set, isOwn: this.#isOwn, kept: this.#kept, images: this.images, nextId: this.#nextId }
  }

  /** Puts what was saved back, as far as it is sound. `keep` says what was set since and must stay. */
  restore(saved: unknown, keep: { texts: boolean; images: boolean }): void {
    if (!isObject(saved)) return
    const { images, nextId } = saved
    const used = typeof nextId === 'number' ? nextId : 1
    this.#nextId = Math.max(this.#nextId, used)
    const wasOwn = saved['isOwn'] !== false
    const before = readTextSet(saved)
    this.#kept = readTextSet(saved['kept'])
    if (keep.texts) {
      // Lines that were set before the saved ones came back may carry ids that those have.
      this.#set = { ...this.#set, texts: this.texts.map((entry) => ({ ...entry, id: this.#createId() })) }
      const isOther = before?.texts.map(({ text }) => text).join('\n') !== this.texts.map(({ text }) => text).join('\n')
      if (before && before.texts.length > 0 && wasOwn && isOther) this.#kept = before
    } else if (before) {
      this.#set = before
      this.#isOwn = wasOwn
    }
    if (!keep.images && Array.isArray(images)) this.images = images.filter(isImageInput).map(withSoundLabels)
    if (keep.images) this.images = this.images.map((image) => ({ ...image, id: this.#createId() }))
  }

  #makeSet(lines: readonly string[], columns?: readonly UserColumn[]): TextSet {
    const known = new Map<string, TextInput[]>()
    for (const entry of this.texts) known.set(entry.text, [...(known.get(entry.text) ?? []), entry])
    const texts = lines.flatMap((text, at) => {
      if (text.trim() === '') return []
      const before = known.get(text)?.shift()
      const values = columns ? columns.map((column) => column.values[at] ?? null) : before?.values
      return [{ id: before?.id ?? this.#createId(), text, ...(values && values.length > 0 && { values }) }]
    })
    const names = columns ? columns.map(({ name }) => name) : this.#set.columns
    return { texts, columns: texts.some(({ values }) => values) ? names : [] }
  }

  /** What the user wrote, shown or not; null where that is nothing. */
  #ownNow(unshown: readonly string[] | null): TextSet | null {
    const set = unshown ? this.#makeSet(unshown) : this.#isOwn ? this.#set : noTexts
    return set.texts.length > 0 ? set : null
  }

  #createId(): string {
    return `s${this.#nextId++}`
  }
}

const keepLines = (lines: readonly string[]): string[] => lines.filter((line) => line.trim() !== '')
