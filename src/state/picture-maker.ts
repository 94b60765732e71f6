import { AppError, isAppError } from '../core/errors'
import type { Backend, FigureRow, HeadPicture, HeadRef, ProjectionSettings, SequenceVectors } from '../core/types'
import type { ProjectionAnswer, ProjectionJob, TakeFloats } from '../rpc/contracts'
import type { Dataset } from './dataset'
import type { CachePort, ClockPort, PoolPort, ProjectionOffer } from './dependencies'
import { HeadOrder } from './head-order'
import { LayerWeights } from './layer-weights'
import { quietPass, superseded, type Pass } from './pass'
import { PictureSet, refOf } from './picture-set'
import { PictureShelf } from './picture-shelf'
import { chooseSample } from './sample'
import { WorkEstimate, type WorkKind } from './work-estimate'

/** From this many points on a head's figures come in a second pass, so that its picture is there sooner. */
const manyPoints = 2000
/** Heads that are done are written to the cache in the course of a long run. */
const saveEveryMs = 10_000
/** What an abandoned run did in less than this is kept in memory only. */
const worthSavingMs = 2000

type Vectors = ReadonlyMap<string, SequenceVectors>

export interface PictureRequest {
  dataset: Dataset
  settings: Readonly<ProjectionSettings>
  /** What may compute the pictures. */
  backend: Backend | 'auto'
  offer: ProjectionOffer
  /** The opened head: all that a slow projection is computed for. */
  focus: HeadRef | null
  /** Brings all vectors into memory. */
  load(): Promise<Vectors>
  /** The model's own weights of a layer and sequence, [H,t,t]; null where q and k give them, or nothing does. */
  own: ((layer: number, sequence: number) => Promise<Float32Array>) | null
  pass: Pass
}

interface Work {
  kind: WorkKind
  set: PictureSet
  index: number
  figures: boolean
  /** Indices of the sequences that a preview is made of. */
  sample?: readonly number[]
}

/** One run of a request: what all its heads share. */
interface Run {
  dataset: Dataset
  backend: Backend | 'auto'
  vectors: Vectors
  weights: LayerWeights | null
  pass: Pass
  /** Jobs that wait or run; each has its own way out, as a preview ends when its picture is there. */
  jobs: Map<Work, AbortController>
  /** Done, failed or abandoned: no job begins any more. */
  isOver: boolean
  /** Works that are still to be done. */
  left: Map<WorkKind, number>
  /** Sets whose pictures and figures the progress counts, with the heads wanted of each. */
  counted: { set: PictureSet; indices: readonly number[] }[]
}

/**
 * Pictures and figures of all heads: PCA at once, then a preview of each head from a sample where that pays, then what was
 * asked for, then figures; the opened head first, visible heads before the others. Everything is handed to the pool at the
 * start of a run and picked by rank, so the order follows the views; what is done is kept by data and settings.
 */
export class PictureMaker {
  readonly #pool: PoolPort
  readonly #cache: CachePort
  readonly #clock: Pick<ClockPort, 'now'>
  readonly #onChange: () => void
  readonly #shelf: PictureShelf
  readonly #order = new HeadOrder()
  #shown: (HeadPicture | null)[] = []
  #current: PictureSet | null = null
  /** PCA for the settings of now. */
  #base: PictureSet | null = null
  #estimate = new WorkEstimate()
  #dataset: Dataset | null = null
  #backend: Backend | 'auto' = 'auto'
  /** 0 … 1 of heads that are being computed. */
  readonly #shares = new Map<number, number>()
  #savedAt = 0
  #saving: Promise<unknown> | null = null

  constructor(
    ports: { pool: PoolPort; cache: CachePort; clock: Pick<ClockPort, 'now'> },
    onChange: () => void,
    shelf = new PictureShelf(),
  ) {
    this.#pool = ports.pool
    this.#cache = ports.cache
    this.#clock = ports.clock
    this.#onChange = onChange
    this.#shelf = shelf
  }

  /** For another dataset: nothing of the earlier one is shown. It is found again if it comes back. */
  clear(): void {
    this.#shown = []
    this.#current = null
    this.#base = null
    this.#dataset = null
    this.#shares.clear()
    this.#onChange()
  }

  /** What the views show: these heads come first, from the next job on. */
  set visible(heads: readonly HeadRef[]) {
    this.#order.visible = heads
  }

  /** The opened head: it comes before all others, from the next job on. */
  set focus(head: HeadRef | null) {
    this.#order.focus = head
  }

  /** Pictures for the settings of now, and the PCA that stands in where a slow projection leaves heads out. */
  get sets(): readonly PictureSet[] {
    const sets = this.#current?.complete ? [this.#current] : [this.#current, this.#base]
    return sets.filter((set) => set !== null && set.count > 0) as PictureSet[]
  }

  /** What is to be drawn for a head: the newest that is there, a preview among them. */
  shown(index: number): HeadPicture | null {
    return this.#shown[index] ?? null
  }

  /** The picture for these very settings, never a preview, or null. */
  picture(index: number, settings: Readonly<ProjectionSettings>): HeadPicture | null {
    return this.#dataset && this.#shelf.take(this.#dataset, settings, this.#backend).picture(index)
  }

  /** Figures of the settings of now; where a slow projection leaves a head out, those of its PCA. */
  figures(index: number): FigureRow | null {
    return this.#current?.figures(index) ?? this.#base?.figures(index) ?? null
  }

  /** How many heads have the picture that was asked for last. */
  get done(): number {
    return this.#current?.count ?? 0
  }

  /** How far the picture of a head is, 0 … 1; null: it is not being computed. */
  share(index: number): number | null {
    return this.#current?.picture(index) ? 1 : (this.#shares.get(index) ?? null)
  }

  /** Computes what is missing and shows it as it comes. @throws AppError all of the pool; CANCELLED */
  async project(request: PictureRequest): Promise<void> {
    const { dataset, settings, backend, offer, focus, own, pass } = request
    this.#dataset = dataset
    this.#backend = backend
    this.#order.heads = dataset.model.heads
    const target = this.#shelf.take(dataset, settings, backend)
    const all = target.indices
    const isSlow = !offer.allHeads
    const wanted = !isSlow ? all : focus ? all.filter((index) => index === dataset.headIndex(focus)) : []
    await this.#restore(dataset, target)
    pass.check()
    if (this.#current !== target) this.#estimate = new WorkEstimate()
    this.#current = target
    this.#base = null
    this.#show(all)
    const needsBase = isSlow || !wanted.every((index) => target.picture(index))
    if (settings.projection !== 'pca' && needsBase) {
      const base = this.#shelf.take(dataset, { ...settings, projection: 'pca' }, backend)
      await this.#restore(dataset, base)
      pass.check()
      this.#base = base
      this.#show(all)
    }
    this.#shelf.trim([this.#current, this.#base])
    const works = this.#plan(dataset, target, wanted, isSlow, own !== null)
    if (works.length > 0) await this.#run(request, works, target, wanted, isSlow)
  }

  /** One head that the run leaves out. */
  async computeHead(request: Omit<PictureRequest, 'offer' | 'focus' | 'pass'>, index: number): Promise<HeadPicture> {
    const { dataset, settings, backend } = request
    const set = this.#shelf.take(dataset, settings, backend)
    const there = set.picture(index)
    if (there) return there
    const vectors = await request.load()
    const { signal } = quietPass(0)
    const work: Work = { kind: 'full', set, index, figures: true }
    const head = refOf(index, set.heads)
    const own = request.own && new LayerWeights(dataset.spans, dataset.model.heads, request.own)
    const answer = await withWeights(own, head, (weights) =>
      this.#pool.run(head, jobMaker(dataset, vectors, work, backend, weights), signal, { rank: () => -1 }),
    )
    const picture = keepAnswer(dataset, work, answer)
    if (this.#current === set) this.#show([index])
    return picture
  }

  /** First works of each head; its figures follow from its picture. */
  #plan(
    dataset: Dataset,
    target: PictureSet,
    wanted: readonly number[],
    isSlow: boolean,
    waitsForWeights: boolean,
  ): Work[] {
    const base = this.#base
    const isSmall = dataset.n + dataset.m <= manyPoints && !waitsForWeights
    const works: Work[] = []
    if (base)
      for (const index of base.indices)
        if (isSlow ? !base.isDone(index) : !base.picture(index) && !target.picture(index))
          works.push({ kind: 'base', set: base, index, figures: isSlow && isSmall })
    const sample = base && !isSlow ? chooseSample(dataset.spans, target.settings.seed) : null
    for (const index of wanted) {
      const picture = target.picture(index)
      if (sample && !picture && !target.preview(index))
        works.push({ kind: 'preview', set: target, index, figures: false, sample })
      if (!target.isDone(index))
        works.push({ kind: picture ? 'figures' : 'full', set: target, index, figures: isSmall || picture !== null })
    }
    return works
  }

  async #run(
    request: PictureRequest,
    works: readonly Work[],
    target: PictureSet,
    wanted: readonly number[],
    isSlow: boolean,
  ): Promise<void> {
    const { dataset, backend, pass } = request
    const vectors = await request.load()
    pass.check()
    const stop = () => {
      run.isOver = true
      run.jobs.forEach((abort) => abort.abort())
    }
    pass.signal.addEventListener('abort', stop)
    const base = this.#base
    const run: Run = {
      dataset,
      backend,
      vectors,
      weights: request.own && new LayerWeights(dataset.spans, dataset.model.heads, request.own),
      pass,
      jobs: new Map(),
      isOver: false,
      left: new Map(),
      counted: [
        ...(isSlow && base ? [{ set: base, indices: base.indices }] : []),
        ...(wanted.length > 0 ? [{ set: target, indices: wanted }] : []),
      ],
    }
    const startedAt = (this.#savedAt = this.#clock.now())
    try {
      for (const work of works) {
        this.#count(run, work.kind, 1)
        if (leadsToFigures(work, isSlow)) this.#count(run, 'figures', 1)
      }
      this.#report(run)
      await this.#runAll(run, works, isSlow)
      await this.#save(target, base)
    } finally {
      // After a failure or an abort nothing goes on, and nothing that was done is lost.
      stop()
      pass.signal.removeEventListener('abort', stop)
      this.#shares.clear()
      if (this.#clock.now() - startedAt >= worthSavingMs) void this.#save(target, base)
    }
  }

  async #runAll(run: Run, works: readonly Work[], isSlow: boolean): Promise<void> {
    const previews = new Map(works.flatMap((work) => (work.kind === 'preview' ? [[work.index, work] as const] : [])))
    const runPreview = async (work: Work): Promise<void> => {
      try {
        await this.#do(run, work)
      } catch (problem) {
        // The picture itself came first.
        const isLate = isAppError(problem) && problem.code === 'CANCELLED' && work.set.picture(work.index) !== null
        if (!isLate) throw problem
        this.#count(run, 'preview', -1)
      }
    }
    /** Figures that need the model itself are left for a visit in which it can be opened; nothing stands in for them. */
    const runWithoutModel = async (work: Work): Promise<void> => {
      if (work.kind === 'figures') this.#count(run, 'figures', -1)
      else await this.#do(run, { ...work, figures: false })
    }
    const runPart = async (work: Work): Promise<void> => {
      try {
        await this.#do(run, work)
      } catch (problem) {
        const isMissing = isAppError(problem) && problem.code === 'NOT_AVAILABLE'
        if (!isMissing || !run.weights || !work.figures) throw problem
        await runWithoutModel(work)
      }
    }
    const runHead = async (work: Work): Promise<void> => {
      await runPart(work)
      const preview = work.kind === 'full' && previews.get(work.index)
      if (preview) run.jobs.get(preview)?.abort()
      if (leadsToFigures(work, isSlow)) await runPart({ ...work, kind: 'figures', figures: true })
    }
    await Promise.all(works.map((work) => (work.kind === 'preview' ? runPreview(work) : runHead(work))))
  }

  /** One job of the pool. */
  async #do(run: Run, work: Work): Promise<void> {
    const { kind, index, set } = work
    const { dataset, pass } = run
    if (run.isOver) throw superseded()
    const head = refOf(index, set.heads)
    const abort = new AbortController()
    run.jobs.set(work, abort)
    let startedAt = 0
    const starter = (weights: Float32Array[] | null) => (take: TakeFloats) => {
      startedAt = this.#clock.now()
      if (kind === 'full') this.#shares.set(index, 0)
      return jobMaker(dataset, run.vectors, work, run.backend, weights)(take)
    }
    const onProgress = (done: number, total: number) => {
      this.#shares.set(index, total > 0 ? Math.min(1, done / total) : 0)
      this.#report(run)
    }
    const rank = () => this.#order.rank(kind, index)
    const answer = await withWeights(work.figures ? run.weights : null, head, (weights) => {
      if (abort.signal.aborted) throw superseded()
      return this.#pool.run(head, starter(weights), abort.signal, { rank, ...(kind === 'full' && { onProgress }) })
    }).finally(() => run.jobs.delete(work))
    keepAnswer(dataset, work, answer)
    this.#shares.delete(index)
    pass.check()
    this.#estimate.record(kind, this.#clock.now() - startedAt)
    this.#count(run, kind, -1)
    this.#show([index])
    this.#report(run)
    if (kind !== 'preview' && this.#clock.now() - this.#savedAt >= saveEveryMs) void this.#save(set)
  }

  #count({ left }: Run, kind: WorkKind, change: number): void {
    left.set(kind, (left.get(kind) ?? 0) + change)
  }

  #report({ pass, left, counted }: Run): void {
    let total = 0
    let pictures = 0
    let figures = 0
    for (const { set, indices } of counted)
      for (const index of indices) {
        total++
        if (set.picture(index)) pictures++
        if (set.figures(index)) figures++
      }
    const stage = pictures < total ? 'project' : 'figures'
    const done = pictures < total ? pictures : figures
    pass.step({ stage, done, total, unit: 'heads', leftMs: this.#estimate.left(left, this.#pool.size) })
  }

  /** A head's picture, its preview until then, its PCA until there is one. What was shown before stays until something is there. */
  #show(indices: readonly number[]): void {
    for (const index of indices) {
      const picture = this.#current?.picture(index) ?? this.#current?.preview(index) ?? this.#base?.picture(index)
      if (picture) this.#shown[index] = picture
    }
    this.#onChange()
  }

  async #restore(dataset: Dataset, set: PictureSet): Promise<void> {
    if (set.isRestored || set.complete) return
    const entry = await this.#cache.get(set.key)
    if (entry) set.restore(entry, dataset.n, dataset.m)
    set.isRestored = true
  }

  /** Writes what is new, one write at a time. */
  async #save(...sets: (PictureSet | null)[]): Promise<void> {
    this.#savedAt = this.#clock.now()
    for (const set of sets) {
      await this.#saving
      if (!set || set.unsaved === 0) continue
      set.unsaved = 0
      this.#saving = this.#cache.put(set.key, set.toEntry()).catch(() => false)
      await this.#saving
    }
  }
}

/** Figures of a head come in a job of their own; the base of a fast projection has none. */
const leadsToFigures = ({ kind, figures }: Work, isSlow: boolean): boolean =>
  !figures && (kind === 'full' || (kind === 'base' && isSlow))

async function withWeights<T>(
  own: LayerWeights | null,
  head: HeadRef,
  use: (weights: Float32Array[] | null) => Promise<T>,
): Promise<T> {
  return own ? await own.with(head, use) : await use(null)
}

const jobMaker =
  (
    dataset: Dataset,
    vectors: Vectors,
    { set, index, figures, sample }: Work,
    backend: Backend | 'auto',
    weights: Float32Array[] | null,
  ): ((take: TakeFloats) => ProjectionJob) =>
  (take) => {
    const { model } = dataset
    const head = refOf(index, model.heads)
    const patches = figures ? dataset.copyPatches() : null
    return {
      vectors: dataset.gather(head, vectors, take),
      spans: [...dataset.spans],
      causal: model.masks[head.layer]?.causal ?? model.causal,
      window: model.masks[head.layer]?.window ?? null,
      special: dataset.special.slice(),
      tokenIds: dataset.tokenIds.slice(),
      grids: dataset.grids(),
      ...(patches && { patches }),
      attentionFromScores: model.verified === 'exact',
      ...(figures && weights && { weights }),
      settings: { ...set.settings },
      figures,
      points: (figures && set.picture(index)?.points.slice()) || null,
      headIndex: index,
      backend,
      ...(sample && { sample: [...sample] }),
    }
  }

/** Puts what came back into the set; gives the picture. */
function keepAnswer(dataset: Dataset, work: Work, answer: ProjectionAnswer): HeadPicture {
  const { points, c, figures, backend, backendReason } = answer
  const { set, index, kind } = work
  const { n, m, model } = dataset
  const { dims, projection } = set.settings
  if (points.length !== (n + m) * dims)
    throw new AppError(
      'SHAPE_SURPRISE',
      'A projection gave another number of points than there are tokens: try another projection.',
    )
  const made = {
    ...refOf(index, model.heads),
    points,
    n,
    m,
    dims,
    projection,
    c,
    ...(backend && { backend }),
    ...(backendReason && { backendReason }),
  }
  const picture = set.picture(index) ?? made
  if (kind === 'preview') set.setPreview(index, picture)
  else if (picture.points === points) set.setPicture(index, picture)
  if (figures) set.setFigures(index, figures)
  return picture
}
