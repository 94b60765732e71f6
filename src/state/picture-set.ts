import type { FigureRow, HeadPicture, HeadRef, ProjectionSettings } from '../core/types'
import type { CacheEntry } from '../storage/cache'

/** Pictures and figures of all heads for one dataset and one list of settings, as far as they are there. */
export class PictureSet {
  readonly settings: ProjectionSettings
  readonly heads: number
  readonly #pictures: (HeadPicture | null)[]
  readonly #figures: (FigureRow | null)[]
  #count = 0

  constructor(settings: ProjectionSettings, layers: number, heads: number) {
    this.settings = settings
    this.heads = heads
    this.#pictures = Array.from({ length: layers * heads }, () => null)
    this.#figures = Array.from({ length: layers * heads }, () => null)
  }

  picture(index: number): HeadPicture | null {
    return this.#pictures[index] ?? null
  }

  figures(index: number): FigureRow | null {
    return this.#figures[index] ?? null
  }

  setPicture(index: number, picture: HeadPicture): void {
    if (!this.#pictures[index]) this.#count++
    this.#pictures[index] = picture
  }

  setFigures(index: number, figures: Record<string, number | null>): void {
    this.#figures[index] = { ...refOf(index, this.heads), ...figures }
  }

  /** All heads of the model, in order. */
  get indices(): number[] {
    return this.#pictures.map((_, index) => index)
  }

  get complete(): boolean {
    return this.#pictures.every((picture, index) => picture !== null && this.#figures[index] !== null)
  }

  /** Heads that have a picture. */
  get count(): number {
    return this.#count
  }

  /** For the cache: the heads that are there. */
  toEntry(): CacheEntry {
    const there = this.indices.filter((index) => this.#pictures[index] !== null && this.#figures[index] !== null)
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
        figures: there.map((index) => this.#figures[index]),
      },
      arrays: { points },
    }
  }

  /** Fills in what `toEntry` gave, where it fits. */
  restore(entry: CacheEntry, n: number, m: number): void {
    const saved = entry.json as { n: number; m: number; indices: number[]; c: number[]; figures: FigureRow[] }
    const { points } = entry.arrays
    const size = (n + m) * this.settings.dims
    if (!points || saved.n !== n || saved.m !== m || points.length !== saved.indices.length * size) return
    for (const [at, index] of saved.indices.entries()) {
      const figures = saved.figures[at]
      if (index >= this.#pictures.length || !figures) continue
      this.setPicture(index, {
        ...refOf(index, this.heads),
        points: points.slice(at * size, (at + 1) * size),
        n,
        m,
        dims: this.settings.dims,
        projection: this.settings.projection,
        c: saved.c[at] ?? 1,
      })
      this.#figures[index] = figures
    }
  }
}

export const refOf = (index: number, heads: number): HeadRef => ({
  layer: Math.floor(index / heads),
  head: index % heads,
})

/** Equal for settings that give the same pictures. */
export const settingsKey = (settings: ProjectionSettings): string =>
  JSON.stringify(settings, Object.keys(settings).sort())
