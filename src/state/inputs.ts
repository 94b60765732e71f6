import { AppError } from '../core/errors'
import type { InputKind } from '../core/types'
import type { ImageInput, TextInput } from './dependencies'

const isTextInput = (value: unknown): value is TextInput =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as TextInput).id === 'string' &&
  typeof (value as TextInput).text === 'string'

const isImageInput = (value: unknown): value is ImageInput =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as ImageInput).id === 'string' &&
  typeof (value as ImageInput).key === 'string' &&
  typeof (value as ImageInput).name === 'string' &&
  (value as ImageInput).blob instanceof Blob

const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16).padStart(8, '0')).join('')

/** What was typed and dropped. Every change gives new lists; ids stay with their line or image and are never used twice. */
export class InputList {
  texts: readonly TextInput[] = []
  images: readonly ImageInput[] = []
  #nextId = 1
  readonly #createKey: () => string

  constructor(createKey: () => string = randomKey) {
    this.#createKey = createKey
  }

  /** Lines that are kept: verbatim, blank ones dropped. A line that was there already keeps its id. */
  setTexts(lines: readonly string[]): void {
    const known = new Map<string, string[]>()
    for (const { id, text } of this.texts) known.set(text, [...(known.get(text) ?? []), id])
    this.texts = keepLines(lines).map((text) => ({ id: known.get(text)?.shift() ?? this.#createId(), text }))
  }

  addTexts(lines: readonly string[]): void {
    this.texts = [...this.texts, ...keepLines(lines).map((text) => ({ id: this.#createId(), text }))]
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
    if (kind === 'text') this.texts = this.texts.filter((_, at) => at !== index)
    else this.images = this.images.filter((_, at) => at !== index)
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
    return { texts: this.texts, images: this.images, nextId: this.#nextId }
  }

  /** Puts what was saved back, as far as it is sound. `keep` says what was set since and must stay. */
  restore(saved: unknown, keep: { texts: boolean; images: boolean }): void {
    if (typeof saved !== 'object' || saved === null) return
    const { texts, images, nextId } = saved as Record<string, unknown>
    const used = typeof nextId === 'number' ? nextId : 1
    this.#nextId = Math.max(this.#nextId, used)
    if (!keep.texts && Array.isArray(texts)) this.texts = texts.filter(isTextInput)
    if (!keep.images && Array.isArray(images)) this.images = images.filter(isImageInput)
    // Lines that were typed before the saved ones came back may carry ids that those have.
    if (keep.texts) this.texts = this.texts.map(({ text }) => ({ id: this.#createId(), text }))
    if (keep.images) this.images = this.images.map((image) => ({ ...image, id: this.#createId() }))
  }

  #createId(): string {
    return `s${this.#nextId++}`
  }
}

const keepLines = (lines: readonly string[]): string[] => lines.filter((line) => line.trim() !== '')
