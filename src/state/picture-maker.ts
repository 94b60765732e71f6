import { AppError } from '../core/errors'
import { figuresKey } from '../core/figures'
import type { FigureRow, HeadPicture, HeadRef, ProjectionSettings, SequenceVectors } from '../core/types'
import type { ProjectionAnswer, ProjectionJob } from '../rpc/contracts'
import { hashParts } from '../storage/hash'
import type { Dataset } from './dataset'
import type { CachePort, PoolPort, ProjectionOffer } from './dependencies'
import { quietPass, type Pass } from './pass'
import { PictureSet, refOf, settingsKey } from './picture-set'

const jobsPerWorker = 2
const keptSets = 4
/** From this many points on a head's figures come in a second pass, so that its picture is there sooner. */
const manyPoints = 2000

export interface PictureRequest {
  dataset: Dataset
  settings: Readonly<ProjectionSettings>
  offer: ProjectionOffer
  /** The opened head: all that a slow projection is computed for. */
  focus: HeadRef | null
  /** Brings all vectors into memory. */
  load(): Promise<ReadonlyMap<string, SequenceVectors>>
  pass: Pass
}

/** Pictures and figures of all heads: PCA first, then what was asked for, visible heads before the others. */
export class PictureMaker {
  readonly #pool: PoolPort
  readonly #cache: CachePort
  readonly #onChange: () => void
  readonly #sets = new Map<string, PictureSet>()
  #shown: (HeadPicture | null)[] = []
  #current: PictureSet | null = null
  /** PCA for the settings of now. */
  #base: PictureSet | null = null
  visible: readonly HeadRef[] = []

  constructor(ports: { pool: PoolPort; cache: CachePort }, onChange: () => void) {
    this.#pool = ports.pool
    this.#cache = ports.cache
    this.#onChange = onChange
  }

  /** For another dataset: nothing of the earlier one is shown. */
  clear(): void {
    this.#sets.clear()
    this.#shown = []
    this.#current = null
    this.#base = null
    this.#onChange()
  }

  /** What is to be drawn for a head: the newest that is there. */
  shown(index: number): HeadPicture | null {
    return this.#shown[index] ?? null
  }

  /** The picture for these very settings, or null. */
  picture(index: number, settings: Readonly<ProjectionSettings>): HeadPicture | null {
    return this.#sets.get(settingsKey(settings))?.picture(index) ?? null
  }

  /** Figures of the settings of now; where a slow projection leaves a head out, those of its PCA. */
  figures(index: number): FigureRow | null {
    return this.#current?.figures(index) ?? this.#base?.figures(index) ?? null
  }

  /** How many heads have the picture that was asked for last. */
  get done(): number {
    return this.#current?.count ?? 0
  }

  /** Computes what is missing and shows it as it comes. @throws AppError all of the pool; CANCELLED */
  async project(request: PictureRequest): Promise<void> {
    const { dataset, settings, offer, focus, pass } = request
    const target = this.#setOf(dataset, settings)
    const all = target.indices
    const wanted = offer.allHeads ? all : focus ? all.filter((index) => index === dataset.headIndex(focus)) : []
    await this.#restore(dataset, target)
    pass.check()
    this.#current = target
    this.#base = null
    this.#show(all, target)
    const complete = (set: PictureSet, indices: readonly number[]) => indices.every((index) => isDone(set, index))
    const slow = !offer.allHeads
    if (settings.projection !== 'pca' && (slow || !wanted.every((index) => target.picture(index)))) {
      const base = this.#setOf(dataset, { ...settings, projection: 'pca' })
      await this.#restore(dataset, base)
      pass.check()
      this.#base = base
      this.#show(all, base)
      if (!slow || !complete(base, all)) await this.#fill(request, base, all, slow)
      if (slow) await this.#store(dataset, base)
    }
    if (complete(target, wanted)) return
    await this.#fill(request, target, wanted, true)
    await this.#store(dataset, target)
  }

  /** One head that the run leaves out. */
  async computeHead(request: Omit<PictureRequest, 'offer' | 'focus' | 'pass'>, index: number): Promise<HeadPicture> {
    const { dataset, settings } = request
    const set = this.#setOf(dataset, settings)
    const vectors = await request.load()
    if (!set.picture(index)) await this.#projectHead(dataset, set, index, true, vectors, quietPass(0).signal)
    if (this.#current === set) this.#show([index], set)
    return set.picture(index)!
  }

  async #fill(request: PictureRequest, set: PictureSet, indices: readonly number[], figures: boolean): Promise<void> {
    const vectors = await request.load()
    request.pass.check()
    const { dataset } = request
    const inOneGo = figures && dataset.n + dataset.m <= manyPoints
    const withoutPicture = indices.filter((index) => !set.picture(index))
    await this.#projectHeads(request, set, withoutPicture, inOneGo, vectors)
    if (figures)
      await this.#projectHeads(
        request,
        set,
        indices.filter((index) => !isDone(set, index)),
        true,
        vectors,
      )
  }

  /** Some heads through the workers, a few at a time so that a change of mind costs nothing. */
  async #projectHeads(
    { dataset, pass }: PictureRequest,
    set: PictureSet,
    indices: readonly number[],
    figures: boolean,
    vectors: ReadonlyMap<string, SequenceVectors>,
  ): Promise<void> {
    if (indices.length === 0) return
    const waiting = new Set(indices)
    const stage = indices.every((index) => set.picture(index)) ? 'figures' : 'project'
    let done = 0
    const report = () => pass.step({ stage, done, total: indices.length, unit: 'heads' })
    const next = (): number | null => {
      const visible = this.visible.map((head) => dataset.headIndex(head)).find((index) => waiting.has(index))
      const [first = null] = waiting
      const index = visible ?? first
      if (index !== null) waiting.delete(index)
      return index
    }
    const work = async (): Promise<void> => {
      for (let index = next(); index !== null; index = next()) {
        await this.#projectHead(dataset, set, index, figures, vectors, pass.signal)
        pass.check()
        done++
        this.#show([index], set)
        report()
      }
    }
    report()
    await Promise.all(Array.from({ length: Math.max(1, this.#pool.size) * jobsPerWorker }, work))
  }

  async #projectHead(
    dataset: Dataset,
    set: PictureSet,
    index: number,
    figures: boolean,
    vectors: ReadonlyMap<string, SequenceVectors>,
    signal: AbortSignal,
  ): Promise<void> {
    const { model, special } = dataset
    const head = refOf(index, model.heads)
    const there = set.picture(index)
    const createJob = (): ProjectionJob => {
      return {
        vectors: dataset.gather(head, vectors),
        spans: [...dataset.spans],
        causal: model.masks[head.layer]?.causal ?? model.causal,
        window: model.masks[head.layer]?.window ?? null,
        special: special.slice(),
        tokenIds: dataset.tokenIds.slice(),
        grids: dataset.sequences.map(({ grid }) => (grid ? { ...grid } : null)),
        attentionFromScores: model.verified === 'exact',
        settings: { ...set.settings },
        figures,
        points: there ? there.points.slice() : null,
        headIndex: index,
      }
    }
    const answer = await this.#pool.run(head, createJob, signal)
    if (there) set.setFigures(index, answer.figures ?? {})
    else keepAnswer(dataset, set, index, answer)
  }

  /** A head's picture of the wanted settings is never replaced by one of its PCA. */
  #show(indices: readonly number[], set: PictureSet): void {
    const current = this.#current
    for (const index of indices) {
      const picture = set.picture(index)
      if (picture && (set === current || !current?.picture(index))) this.#shown[index] = picture
    }
    this.#onChange()
  }

  #setOf(dataset: Dataset, settings: Readonly<ProjectionSettings>): PictureSet {
    const key = settingsKey(settings)
    const set = this.#sets.get(key) ?? new PictureSet({ ...settings }, dataset.model.layers, dataset.model.heads)
    this.#sets.delete(key)
    this.#sets.set(key, set)
    for (const oldest of this.#sets.keys()) {
      if (this.#sets.size <= keptSets) break
      this.#sets.delete(oldest)
    }
    return set
  }

  #cacheKey(dataset: Dataset, set: PictureSet): string {
    return `picture:${hashParts(dataset.key, dataset.model.sha256, dataset.model.backend, settingsKey(set.settings), figuresKey)}`
  }

  async #restore(dataset: Dataset, set: PictureSet): Promise<void> {
    if (set.complete) return
    const entry = await this.#cache.get(this.#cacheKey(dataset, set))
    if (entry) set.restore(entry, dataset.n, dataset.m)
  }

  async #store(dataset: Dataset, set: PictureSet): Promise<void> {
    await this.#cache.put(this.#cacheKey(dataset, set), set.toEntry()).catch(() => false)
  }
}

const isDone = (set: PictureSet, index: number): boolean => set.picture(index) !== null && set.figures(index) !== null

function keepAnswer(dataset: Dataset, set: PictureSet, index: number, { points, c, figures }: ProjectionAnswer): void {
  const { n, m, model } = dataset
  const { dims, projection } = set.settings
  if (points.length !== (n + m) * dims)
    throw new AppError(
      'SHAPE_SURPRISE',
      'A projection gave another number of points than there are tokens: try another projection.',
    )
  set.setPicture(index, { ...refOf(index, model.heads), points, n, m, dims, projection, c })
  if (figures) set.setFigures(index, figures)
}
