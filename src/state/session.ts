import type { ImageLabels } from '../core/label-map'
import type { HeadRef, InputKind, ModelInfo, ProjectionSettings, Sequence, SequenceVectors } from '../core/types'
import type { CacheEntry } from '../storage/cache'
import { hashParts } from '../storage/hash'
import type { SessionContent } from '../storage/session-file'
import { readPlace, type RememberedPlace } from './address-place'
import { readChoice, type ModelChoice } from './model-choice'
import type { Notice } from './api'
import { Dataset, spansOf } from './dataset'
import type { ImageInput, TextInput } from './dependencies'
import { pictureKey } from './picture-shelf'
import type { PictureSet } from './picture-set'
import { labelEntries, packLabels, readAllLabels, readTokenLabels } from './session-labels'
import { sessionKey } from './session-used'
import {
  misfit,
  readArray,
  readBackend,
  readBytes,
  readCount,
  readFigureRow,
  readList,
  readModelInfo,
  readObject,
  readSequence,
  readText,
  type Plain,
} from './session-checks'
import { defaultSettings, readSettings } from './settings'

/** What there is to save: the run of one moment. */
export interface SessionSource {
  dataset: Dataset
  pictures: readonly PictureSet[]
  /** By the dataset's keys; null: to be left out, the model gives them again. */
  vectors: ReadonlyMap<string, SequenceVectors> | null
  /** Settings and choice of the model, as they are saved in the browser. */
  work: object
  texts: readonly TextInput[]
  /** Names of the texts' columns. */
  columns: readonly string[]
  images: readonly ImageInput[]
  /** [t] what the tokens of each sequence show; null: not known. */
  labels: readonly (readonly (string | null)[] | null)[]
}

/** Inputs of a session, to be taken in like any others. */
export interface SessionInputs {
  texts: readonly string[]
  columns: { name: string; values: (string | null)[] }[]
  images: readonly File[]
  /** What the user or a model said of each image's patches; null: nothing. */
  labels: readonly (ImageLabels | null)[]
}

type Group = Record<string, Float32Array>

/** Content hashes are the last part of a key, whether the vectors came from the model or from a session. */
const hashOf = (key: string): string => key.slice(-64)

/** What a session file says of the run. Inputs of the other kind, which are not shown, stay at home. */
export function packSession(source: SessionSource, version: string, place: RememberedPlace): SessionContent {
  const { dataset, pictures, vectors, work } = source
  const { model, sequences, keys, notices } = dataset
  const isText = model.kind === 'text'
  const { arrays } = dataset.toEntry()
  const sets = pictures.map((set) => set.toEntry())
  const groups: Record<string, Group> = {
    dataset: arrays,
    pictures: Object.fromEntries(sets.map((set, index) => [`points${index}`, set.arrays['points']!])),
  }
  if (vectors) {
    const byIndex: Group = {}
    for (const [index, key] of keys.entries()) {
      const part = keys.indexOf(key) === index ? vectors.get(key) : undefined
      if (part && part.queries > 0)
        Object.assign(byIndex, { [`q${index}`]: part.q, [`k${index}`]: part.k, [`v${index}`]: part.v })
    }
    groups['vectors'] = byIndex
  }
  const labels = isText ? [] : source.images.map((image) => (image.labels ? packLabels(image.labels) : null))
  const maps = labels.flatMap((packed, index) => (packed?.pixels ? [[`map${index}`, packed.pixels] as const] : []))
  if (maps.length > 0) groups['labels'] = Object.fromEntries(maps)
  return {
    json: {
      app: version,
      work,
      place,
      texts: isText ? source.texts.map(({ text, values }) => ({ text, ...(values && { values }) })) : [],
      columns: isText ? source.columns : [],
      images: isText
        ? []
        : source.images.map(({ name, blob }, index) => ({
            name,
            type: blob.type,
            ...(labels[index] && { labels: labels[index].json }),
          })),
      model,
      sequences: sequences.map(({ tokens, truncated, grid, crop }, index) => ({
        tokens,
        truncated,
        ...(grid && { grid }),
        ...(crop && { crop: [crop.width, crop.height] }),
        ...(source.labels[index] && { labels: source.labels[index] }),
      })),
      keys: keys.map(hashOf),
      notices,
      pictures: sets.map(({ json }) => json),
    },
    groups,
    images: isText ? [] : source.images.map(({ blob }) => blob),
  }
}

/**
 * A session that was read and checked: nothing in it is larger, smaller or of another kind than what it belongs to. Its results
 * get keys of their own, so that what a file says never passes for what was computed here.
 */
export class Session {
  /** The same for the same file. */
  readonly id: string
  readonly kind: InputKind
  readonly model: ModelInfo
  readonly inputs: SessionInputs
  /** Settings as they are saved in the browser; checked by who restores them. */
  readonly work: Plain
  readonly choice: ModelChoice & { id: string }
  readonly place: RememberedPlace | null
  readonly #content: SessionContent
  readonly #json: Plain
  readonly #sequences: readonly Omit<Sequence, 'id' | 'name'>[]
  readonly #labels: readonly (readonly (string | null)[] | null)[]
  readonly #keys: readonly string[]

  /** @throws AppError BAD_SESSION where the content does not fit together */
  constructor(content: SessionContent) {
    this.#content = content
    const json = (this.#json = readObject(content.json, 'contents'))
    this.id = hashParts(JSON.stringify(json)).slice(0, 32)
    this.model = readModelInfo(json['model'])
    this.kind = this.model.kind
    this.work = readObject(json['work'], 'settings')
    const choice = readChoice(this.work['choice'])
    if (choice?.id !== this.model.id) throw misfit('models')
    this.choice = { ...choice, id: choice.id }
    this.place = readPlace(json['place'])
    this.inputs = readInputs(json, content, this.id)
    this.#sequences = readList(json['sequences'], 'sequences', readSequence)
    this.#labels = readList(json['sequences'], 'sequences', (sequence) => readObject(sequence, 'sequences')).map(
      ({ labels }, index) => readTokenLabels(labels, this.#sequences[index]!.tokens.length),
    )
    this.#keys = readList(json['keys'], 'sequences', (key) => readText(key, 'sequences'))
    if (!this.#keys.every((key) => /^[0-9a-f]{64}$/.test(key)) || this.#keys.length !== this.#sequences.length)
      throw misfit('sequences')
    const given = this.kind === 'text' ? this.inputs.texts : this.inputs.images
    if (this.#sequences.length === 0 || this.#sequences.length > given.length) throw misfit('sequences')
    // All that can be wrong is found now, before anything is changed.
    this.entries(
      '',
      given.map(() => ({ id: '', name: '' })),
      'auto',
    )
  }

  /** Key of its results for inputs and a model that have the key `base` on this computer. */
  keyFor(base: string): string {
    return sessionKey(this.id, base)
  }

  /**
   * Its results, for the cache: the dataset, pictures, and vectors where it has them.
   * @param base key of the dataset on this computer
   * @param images as they were taken in, for what their patches show
   * @throws AppError BAD_SESSION
   */
  entries(
    base: string,
    inputs: readonly { id: string; name: string }[],
    backend: 'auto' | 'webgpu' | 'wasm',
    images: readonly ImageInput[] = [],
  ) {
    const dataset = this.#dataset(this.keyFor(base), inputs)
    const entries = new Map<string, CacheEntry>([[dataset.key, dataset.toEntry()]])
    for (const { settings, entry } of this.#pictures(dataset))
      entries.set(pictureKey(dataset, settings, backend), entry)
    for (const [index, key] of dataset.keys.entries()) {
      const entry = this.#vectors(index)
      if (entry && !entries.has(`vectors:${key}`)) entries.set(`vectors:${key}`, entry)
    }
    for (const [key, entry] of labelEntries(this.model.sha256, images, this.#sequences, this.#labels))
      entries.set(key, entry)
    return entries
  }

  #dataset(key: string, inputs: readonly { id: string; name: string }[]): Dataset {
    const group = this.#content.groups['dataset'] ?? {}
    const { layers, heads, kvHeads } = this.model
    const sequences = this.#sequences.map((sequence, index): Sequence => {
      const { crop } = sequence
      const rgba = crop && readBytes(group[`crop${index}`], crop.width * crop.height * 4, 'images')
      return { ...sequence, ...inputs[index]!, ...(crop && rgba && { crop: { ...crop, rgba } }) }
    })
    const notices = readList(this.#json['notices'], 'notices', (entry): Notice => {
      const { code, message } = readObject(entry, 'notices')
      return { code: readText(code, 'notices'), message: readText(message, 'notices') }
    })
    const keys = this.#keys.map((hash) => this.keyFor(hash))
    const dataset = new Dataset(
      key,
      this.model,
      sequences,
      keys,
      spansOf(sequences.map((e) => e.tokens.length)),
      notices,
    )
    dataset.norms = {
      q: readArray(group['normsQ'], layers * heads * dataset.n, 'norms'),
      k: readArray(group['normsK'], layers * kvHeads * dataset.m, 'norms'),
    }
    return dataset
  }

  #pictures({ n, m, model }: Dataset): { settings: ProjectionSettings; entry: CacheEntry }[] {
    const what = 'pictures'
    const all = model.layers * model.heads
    return readList(this.#json['pictures'], what, (value) => readObject(value, what)).map((set, at) => {
      const settings = { ...defaultSettings, ...readSettings(set['settings']) }
      const indices = readList(set['indices'], what, (index) => readCount(index, what, 0, all - 1))
      const c = readList(set['c'], what, (value) => (typeof value === 'number' && value > 0 ? value : 1))
      const madeBy = readList(set['backends'], what, readBackend)
      const figures = readList(set['figures'], what, readFigureRow).map(
        (row, place) => row && { ...row, ...headOf(indices[place] ?? 0, model.heads) },
      )
      const reasons = readList(set['reasons'], what, (reason) => (reason === null ? null : readText(reason, what)))
      const lists = [c, madeBy, reasons, figures]
      if (new Set(indices).size !== indices.length || lists.some(({ length }) => length !== indices.length))
        throw misfit(what)
      const length = indices.length * (n + m) * settings.dims
      const points = readArray(this.#content.groups['pictures']?.[`points${at}`], length, what)
      return {
        settings,
        entry: { json: { settings, n, m, indices, c, backends: madeBy, reasons, figures }, arrays: { points } },
      }
    })
  }

  #vectors(index: number): CacheEntry | null {
    const group = this.#content.groups['vectors']
    const first = this.#keys.indexOf(this.#keys[index]!)
    const t = this.#sequences[index]!.tokens.length
    if (!group || t === 0 || !group[`q${first}`]) return null
    const { layers, heads, kvHeads, headDim, valueDim } = this.model
    const read = (name: string, length: number) => readArray(group[`${name}${first}`], length, 'vectors')
    return {
      json: { queries: t, keys: t },
      arrays: {
        q: read('q', layers * heads * t * headDim),
        k: read('k', layers * kvHeads * t * headDim),
        v: read('v', layers * kvHeads * t * valueDim),
      },
    }
  }
}

const headOf = (index: number, heads: number): HeadRef & Record<string, number> => ({
  layer: Math.floor(index / heads),
  head: index % heads,
})

function readInputs(json: Plain, { images: blobs, groups }: SessionContent, id: string): SessionInputs {
  const what = 'inputs'
  const lines = readList(json['texts'], what, (entry) => {
    const { text, values } = readObject(entry, what)
    const line = readText(text, what)
    if (line.trim() === '') throw misfit(what)
    const cells =
      values === undefined ? [] : readList(values, what, (cell) => (cell === null ? null : readText(cell, what)))
    return { line, cells }
  })
  const names = readList(json['columns'], what, (name) => readText(name, what))
  const given = readList(json['images'], what, (entry) => readObject(entry, what))
  const images = given.map(({ name, type }) => ({ name: readText(name, what), type: readText(type, what) }))
  if (images.length !== blobs.length) throw misfit(what)
  return {
    texts: lines.map(({ line }) => line),
    columns: names.map((name, at) => ({ name, values: lines.map(({ cells }) => cells[at] ?? null) })),
    images: images.map(({ name, type }, at) => {
      const safe = /^image\/[\w.+-]+$/.test(type) ? type : ''
      return new File([blobs[at]!], name, { type: safe })
    }),
    labels: readAllLabels(given, groups['labels'] ?? {}, id),
  }
}
