import type { Backend, FigureRow, HeadPicture, HeadRef, ProjectionSettings } from '../core/types'
import type { CacheEntry } from '../storage/cache'

/** Pictures and figures of all heads for one dataset and one list of settings, as far as they are there. */
export class PictureSet {
  /** Of data and settings: the same key, the same pictures. */
  readonly key: string
  readonly settings: ProjectionSettings
  readonly heads: number
  readonly #pictures: (HeadPicture | null)[]
  readonly #previews: (HeadPicture | null)[]
  readonly #figures: (FigureRow | null)[]
  #count = 0
  #bytes = 0
  /** The cache was asked. */
  isRestored = false
  /** Heads whose picture or figures came since the set was last written. */
  unsaved = 0

  constructor(key: string, settings: ProjectionSettings, layers: number, heads: number) {
    this.key = key
    this.settings = settings
    this.heads = heads
    this.#pictures = Array.from({ length: layers * heads }, () => null)
    this.#previews = this.#pictures.slice()
    this.#figures = Array.from({ length: layers * heads }, () => null)
  }

  picture(index: number): HeadPicture | null {
    return this.#pictures[index] ?? null
  }

  /** What stands in for the picture until it is there. */
  preview(index: number): HeadPicture | null {
    return this.#previews[index] ?? null
  }

  figures(index: number): FigureRow | null {
    return this.#figures[index] ?? null
  }

  isDone(index: number): boolean {
    return this.picture(index) !== null && this.figures(index) !== null
  }

  setPicture(index: number, picture: HeadPicture): void {
    if (!this.#pictures[index]) this.#count++
    this.#bytes += picture.points.byteLength - bytesOf(this.#pictures[index]) - bytesOf(this.#previews[index])
    this.#pictures[index] = picture
    this.#previews[index] = null
    this.unsaved++
  }

  setPreview(index: number, picture: HeadPicture): void {
    if (this.#pictures[index]) return
    this.#bytes += picture.points.byteLength - bytesOf(this.#previews[index])
    this.#previews[index] = { ...picture, preview: true }
  }

  setFigures(index: number, figures: Record<string, number | null>): void {
    this.#figures[index] = { ...refOf(index, this.heads), ...figures }
    this.unsaved++
  }

  /** All heads of the model, in order. */
  get indices(): number[] {
    return this.#pictures.map((_, index) => index)
  }

  get complete(): boolean {
    return this.#pictures.every((picture, index) => picture !== null && this.#figures[index] !== null)
  }

  /** Heads that have a picture; previews are none. */
  get count(): number {
    return this.#count
  }

  /** Bytes of all coordinates. */
  get bytes(): number {
    return this.#bytes
  }

  /** For the cache: the heads that have a picture, with their figures where these are there. Previews are left out. */
  toEntry(): CacheEntry {
    const there = this.indices.filter((index) => this.#pictures[index] !== null)
    const pictures = there.map((index) => this.#pictures[index]!)
    const points = new Float32Array(pictures.reduce((sum, picture) => sum + picture.points.length, 0))
    let at = 0
    for (const picture of pictures) {
      points.set(picture.points, at)
      at += picture.points.length
    }
    const first = pictures[0]
    return {
      json: {
        settings: this.settings,
        n: first?.n ?? 0,
        m: first?.m ?? 0,
        indices: there,
        c: pictures.map((picture) => picture.c),
        backends: pictures.map((picture) => picture.backend ?? null),
        reasons: pictures.map((picture) => picture.backendReason ?? null),
        figures: there.map((index) => this.#figures[index]),
      },
      arrays: { points },
    }
  }

  /** Fills in what is missing here from what `toEntry` gave, where it fits. */
  restore(entry: CacheEntry, n: number, m: number): void {
    const saved = entry.json as {
      n: number
      m: number
      indices: number[]
      c: number[]
      backends: (Backend | null)[]
      reasons?: (string | null)[] // not in those of earlier versions
      figures: (FigureRow | null)[]
    }
    const { points } = entry.arrays
    const size = (n + m) * this.settings.dims
    if (!points || saved.n !== n || saved.m !== m || points.length !== saved.indices.length * size) return
    const { unsaved } = this
    for (const [at, index] of saved.indices.entries()) {
      if (index >= this.#pictures.length) continue
      const backend = saved.backends[at]
      const backendReason = saved.reasons?.[at]
      if (!this.#pictures[index])
        this.setPicture(index, {
          ...refOf(index, this.heads),
          points: points.slice(at * size, (at + 1) * size),
          n,
          m,
          dims: this.settings.dims,
          projection: this.settings.projection,
          c: saved.c[at] ?? 1,
          ...(backend && { backend }),
          ...(backendReason && { backendReason }),
        })
      this.#figures[index] ??= saved.figures[at] ?? null
    }
    this.unsaved = unsaved
  }
}

const bytesOf = (picture: HeadPicture | null | undefined): number => picture?.points.byteLength ?? 0

export const refOf = (index: number, heads: number): HeadRef => ({
  layer: Math.floor(index / heads),
  head: index % heads,
})

/** Equal for settings that give the same pictures. */
export const settingsKey = (settings: ProjectionSettings): string =>
  JSON.stringify(settings, Object.keys(settings).sort())
