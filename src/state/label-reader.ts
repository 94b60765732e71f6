import { toAppError } from '../core/errors'
import type { ImageLabels } from '../core/label-map'
import type { Sequence } from '../core/types'
import { hashParts } from '../storage/hash'
import type { Dataset } from './dataset'
import type { CachePort, ImageInput, ModelPort } from './dependencies'
import type { Pass } from './pass'

type PatchNames = readonly (string | null)[]

interface LabelledSequences {
  sequences: readonly Sequence[]
  /** Why labels of an image could not be read; null: all could. */
  problem: string | null
}

/** Labels of patches from what the user brought along: in memory, in the cache, or from the model's resize and crop. */
export class LabelReader {
  readonly #model: Pick<ModelPort, 'labelImage'>
  readonly #cache: CachePort
  readonly #known = new Map<string, PatchNames>()
  /** What was read last: the same question gives the same lists. */
  #last: { dataset: Dataset; images: readonly ImageInput[]; answer: LabelledSequences } | null = null

  constructor(ports: { model: Pick<ModelPort, 'labelImage'>; cache: CachePort }) {
    this.#model = ports.model
    this.#cache = ports.cache
  }

  /**
   * The sequences of a dataset with the labels of their images; the same list where there are none. Labels that can't be read are left
   * out and named.
   * @param openModel called where the model itself is needed
   */
  async read(
    dataset: Dataset,
    images: readonly ImageInput[],
    openModel: () => Promise<unknown>,
    pass: Pass,
  ): Promise<LabelledSequences> {
    if (this.#last?.dataset === dataset && this.#last.images === images) return this.#last.answer
    const byId = new Map(images.map((image) => [image.id, image]))
    const sequences: Sequence[] = []
    let problem: string | null = null
    for (const sequence of dataset.sequences) {
      const image = byId.get(sequence.id)
      const { grid, tokens } = sequence
      if (!image?.labels || !grid) {
        sequences.push(sequence)
        continue
      }
      try {
        const names = await this.#namesOf(dataset, image, image.labels, grid, openModel)
        const before = Array.from({ length: tokens.length - names.length }, () => null)
        sequences.push({ ...sequence, labels: [...before, ...names] })
      } catch (error) {
        pass.check()
        problem ??= `The labels of ${image.name} could not be read. ${toAppError(error, 'IMAGE_FAILED').message}`
        sequences.push(sequence)
      }
      pass.check()
    }
    const isAny = sequences.some(({ labels }) => labels)
    const answer = { sequences: isAny ? sequences : dataset.sequences, problem }
    this.#last = problem === null ? { dataset, images, answer } : null
    return answer
  }

  async #namesOf(
    { model }: Dataset,
    { key: imageKey, blob }: ImageInput,
    labels: ImageLabels,
    { rows, columns }: { rows: number; columns: number },
    openModel: () => Promise<unknown>,
  ): Promise<PatchNames> {
    if ('patches' in labels) {
      const names = new Array<string | null>(rows * columns).fill(null)
      for (const { row, column, label } of labels.patches)
        if (row < rows && column < columns) names[row * columns + column] = label
      return names
    }
    const key = labelsKey(model.sha256, imageKey, labels, { rows, columns })
    const found = this.#known.get(key) ?? readNames((await this.#cache.get(key))?.json, rows * columns)
    if (found) {
      this.#known.set(key, found)
      return found
    }
    await openModel()
    const indices = await this.#model.labelImage(blob, labels.map)
    const names = Array.from(indices, (index) => labels.map.names[index] ?? null)
    this.#known.set(key, names)
    await this.#cache.put(key, { json: names, arrays: {} })
    return names
  }
}

/** Where the names of an image's patches lie in the cache. */
export const labelsKey = (
  sha256: string,
  imageKey: string,
  labels: ImageLabels,
  { rows, columns }: { rows: number; columns: number },
): string => `labels:${hashParts(sha256, imageKey, labels.key, String(rows), String(columns))}`

function readNames(json: unknown, count: number): PatchNames | null {
  if (!Array.isArray(json) || json.length !== count) return null
  return json.every((name) => name === null || typeof name === 'string') ? json : null
}
