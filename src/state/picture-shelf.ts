import { figuresKey } from '../core/figures'
import type { Backend, ProjectionSettings } from '../core/types'
import { hashParts } from '../storage/hash'
import type { Dataset } from './dataset'
import { PictureSet, settingsKey } from './picture-set'

/** Grows when the same settings give other pictures or figures than before: those that browsers hold are left alone. */
const makeOfPictures = 3

/** Key of the pictures of a dataset for these settings, computed by what `backend` asks for. */
export const pictureKey = (
  { key, model }: Dataset,
  settings: Readonly<ProjectionSettings>,
  backend: Backend | 'auto',
): string =>
  `picture:${hashParts(key, model.sha256, model.backend, backend, settingsKey(settings), figuresKey, String(makeOfPictures))}`

/** So much of coordinates is held for a change of mind: ten sets of 144 heads with 10,000 points. */
const heldBytes = 128 * 2 ** 20

/** Sets of pictures by data and settings; the least recently used go when they take too much memory. */
export class PictureShelf {
  readonly #sets = new Map<string, PictureSet>()
  readonly #limitBytes: number

  constructor(limitBytes = heldBytes) {
    this.#limitBytes = limitBytes
  }

  /** The set for these settings, computed by what `backend` asks for; new where there is none. */
  take(dataset: Dataset, settings: Readonly<ProjectionSettings>, backend: Backend | 'auto' = 'auto'): PictureSet {
    const { model } = dataset
    const key = pictureKey(dataset, settings, backend)
    const set = this.#sets.get(key) ?? new PictureSet(key, { ...settings }, model.layers, model.heads)
    this.#sets.delete(key)
    this.#sets.set(key, set)
    return set
  }

  /** Lets go of what is too much, but never of `used`. */
  trim(used: readonly (PictureSet | null)[]): void {
    let bytes = 0
    for (const set of this.#sets.values()) bytes += set.bytes
    for (const [key, set] of this.#sets) {
      if (bytes <= this.#limitBytes) return
      if (used.includes(set)) continue
      bytes -= set.bytes
      this.#sets.delete(key)
    }
  }

  get bytes(): number {
    let bytes = 0
    for (const set of this.#sets.values()) bytes += set.bytes
    return bytes
  }
}
