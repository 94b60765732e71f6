import { computeAttention } from '../core/attention'
import { AppError, isAppError, toAppError } from '../core/errors'
import { keepRaw, liftKeys, scaleAndTranslate, translateKeys } from '../core/joint'
import type { FindLabels } from '../core/label-map'
import { defaultSearchOptions, type SearchOptions } from '../core/search'
import type {
  Backend,
  FigureRow,
  HeadPicture,
  HeadRef,
  HeadVectors,
  InputKind,
  JointVectors,
  ModelInfo,
  Progress,
  ProjectionSettings,
  Sequence,
  SequenceVectors,
} from '../core/types'
import type { UserColumn } from '../core/user-column'
import type { ModelSpec, RequestRecord } from '../rpc/contracts'
import type { AddressValues } from '../storage/address'
import type { ExplorerView, Notice } from './api'
import { blockOf, Dataset, datasetKey, sequenceKey, spansOf, type HeadNorms } from './dataset'
import {
  defaultModels,
  type ExplorerDependencies,
  type ExplorerEvent,
  type ImageInput,
  type TextReplacement,
} from './dependencies'
import { FramePacer } from './frame-pacer'
import { InputPreparer, truncationNotices } from './input-preparer'
import { InputList } from './inputs'
import { LabelReader } from './label-reader'
import {
  chooseModel,
  mergeSavedChoice,
  modelKeys,
  noModel,
  readChoice,
  specKey,
  specOf,
  type ModelChoice,
} from './model-choice'
import { ModelOpener, watchModel } from './model-opener'
import type { OpenRequest } from './open-request'
import { OwnAttention } from './own-attention'
import { superseded, quietPass, type Pass } from './pass'
import { patientCache, within } from './patience'
import { PictureMaker } from './picture-maker'
import { refOf, settingsKey } from './picture-set'
import { HeldEntries } from './held-entries'
import { Recovery } from './recovery'
import type { Session, SessionSource } from './session'
import { readUsed, sessionKey, type UsedSession } from './session-used'
import { TimeLeft } from './time-left'
import {
  checkPatch,
  defaultColor,
  defaultSettings,
  explorerKeys,
  readSettings,
  restoreSearchOptions,
  settingKeys,
  type SettingsPatch,
} from './settings'
import { VectorStore } from './vector-store'
import { yieldToModel } from './yield-to-model'

type Status = ExplorerView['status']

export type { OpenRequest } from './open-request'

export type RawHead = HeadVectors & { v: Float32Array }

const savedLimitMs = 4000
const flushLimitMs = 1500

/**
 * The one owner of the run: inputs → tokens → vectors → pictures → figures. Every accepted call sets the status at once and
 * starts a pass from what is wanted now; what earlier passes worked out is found by content hash, so that nothing runs twice.
 */
export class Explorer implements ExplorerView {
  #status = $state<Status>('loading')
  #error = $state.raw<AppError | null>(null)
  #notices = $state.raw<readonly Notice[]>([])
  #runNotices = $state.raw<readonly Notice[]>([])
  #progress = $state.raw<Progress | null>(null)
  #timeLeftMs = $state.raw<number | null>(null)
  #model = $state.raw<ModelInfo | null>(null)
  #texts = $state.raw<readonly string[]>([])
  #columns = $state.raw<readonly UserColumn[]>([])
  #keptTexts = $state.raw<readonly string[] | null>(null)
  #hasOwnTexts = $state(true)
  #images = $state.raw<readonly ImageInput[]>([])
  #sequences = $state.raw<readonly Sequence[]>([])
  #settings = $state.raw<Readonly<ProjectionSettings>>({ ...defaultSettings })
  #choice = $state.raw<Readonly<ModelChoice>>({ ...noModel })
  #color = $state(defaultColor)
  #column = $state('')
  #search = $state('')
  #searchOptions = $state.raw<Readonly<SearchOptions>>(defaultSearchOptions)
  #version = $state(0)
  #headsDone = $state(0)

  readonly #deps: ExplorerDependencies
  readonly #cache: HeldEntries
  readonly #opener: ModelOpener
  readonly #preparer: InputPreparer
  readonly #store: VectorStore
  readonly #pictures: PictureMaker
  readonly #ownAttention = new OwnAttention()
  readonly #labels: LabelReader
  readonly #inputs = new InputList()
  readonly #timeLeft = new TimeLeft()
  readonly #frames: FramePacer
  readonly #listeners: ((event: ExplorerEvent) => void)[] = []
  /** What kind of input a model takes that was open before, by spec. */
  readonly #kinds: Record<string, InputKind> = {}
  /** The last choice that could be opened. */
  #openedChoice: Readonly<ModelChoice> | null = null

  #restoring: Promise<void> | null = null
  #isRestored = true
  /** What was set before the saved work came back: it stays. */
  readonly #touched = { texts: false, images: false, model: false, settings: [] as string[] }
  #deferred: (() => void)[] = []
  /** Inputs were changed since the saved work came back. */
  #hasEdited = false
  /** What another tab saved is looked at before this one saves. */
  #looksFirst = false
  /** The sample set that takes the place of the texts once its lines are here. */
  #samplesToCome: string | null = null

  #pass: Pass | null = null
  #abort = new AbortController()
  /** Why the model could not be used any more, last. */
  #modelLoss: AppError | null = null
  #dataset: Dataset | null = null
  #knownKey: { inputs: readonly unknown[]; model: string; kind: InputKind; key: string } | null = null
  #focus: HeadRef | null = null
  /** The session file whose results are shown where its inputs and model are those of now. */
  #session = $state.raw<UsedSession | null>(null)

  constructor(dependencies: ExplorerDependencies) {
    const model = yieldToModel(
      watchModel(dependencies.model, (problem) => {
        this.#modelLoss = problem
        this.#opener.drop()
      }),
      dependencies.pool,
    )
    this.#deps = { ...dependencies, model }
    this.#cache = new HeldEntries(patientCache(dependencies.cache, dependencies.clock))
    const ports = { ...this.#deps, cache: this.#cache }
    this.#frames = new FramePacer(dependencies.clock, () => this.#version++)
    this.#store = new VectorStore(ports)
    this.#pictures = new PictureMaker(ports, () => this.#picturesChanged())
    this.#labels = new LabelReader(ports)
    this.#preparer = new InputPreparer(model, dependencies.limits.bytes)
    this.#opener = new ModelOpener(model, {
      onProgress: (progress) => this.#isBusy && this.#setProgress(progress),
      onOpened: (spec, info) => this.#modelOpened(spec, info),
    })
  }

  // ------------------------------------------------------------------------------------------------- what is there

  get status(): Status {
    return this.#status
  }
  get error(): AppError | null {
    return this.#error
  }
  get notices(): readonly Notice[] {
    return [...this.#notices, ...this.#runNotices]
  }
  get progress(): Progress | null {
    return this.#progress
  }
  get timeLeftMs(): number | null {
    return this.#timeLeftMs
  }
  get model(): ModelInfo | null {
    return this.#model
  }
  /** What was asked for, also before it is open. */
  get choice(): Readonly<ModelChoice> {
    return this.#choice
  }
  get texts(): readonly string[] {
    return this.#texts
  }
  /** What the user brought along with the texts: value i is of text i. */
  get columns(): readonly UserColumn[] {
    return this.#columns
  }
  /** Texts of the user that a sample, a link or a file took the place of; null: none. */
  get keptTexts(): readonly string[] | null {
    return this.#keptTexts
  }
  /** The texts are the user's; false: a sample's or a link's. */
  get hasOwnTexts(): boolean {
    return this.#hasOwnTexts
  }
  /** Images as they were taken in; where the model takes images, image i is sequence i. */
  get images(): readonly ImageInput[] {
    return this.#images
  }
  get sequences(): readonly Sequence[] {
    return this.#sequences
  }
  get settings(): Readonly<ProjectionSettings> {
    return this.#settings
  }
  get color(): string {
    return this.#color
  }
  /** Name of the user's column that `user` colours by; '': the first. */
  get column(): string {
    return this.#column
  }
  get search(): string {
    return this.#search
  }
  get searchOptions(): Readonly<SearchOptions> {
    return this.#searchOptions
  }
  get version(): number {
    return this.#version
  }
  get headsDone(): number {
    return this.#headsDone
  }
  /** Projection workers that share the heads. */
  get workers(): number {
    return this.#deps.pool.size
  }
  /** Whether the saved work is back: before, nothing is written anywhere. */
  get isRestored(): boolean {
    return this.#isRestored
  }
  /** Every request that the model worker made. */
  get requests(): readonly RequestRecord[] {
    return this.#opener.requests
  }

  /** Whether the results were read from a session file and not computed here. */
  get isFromSession(): boolean {
    return this.#session !== null && this.#sequences.length > 0 && this.#dataset?.key === this.#sessionKey
  }

  picture(head: HeadRef): HeadPicture | null {
    return this.#dataset && this.#pictures.shown(this.#dataset.headIndex(head))
  }

  /** How far a head's picture is, 0 … 1; null: nothing is being computed for it. Read it after `progress`. */
  headProgress(head: HeadRef): number | null {
    return this.#dataset && this.#pictures.share(this.#dataset.headIndex(head))
  }

  figures(head: HeadRef): FigureRow | null {
    return this.#dataset && this.#pictures.figures(this.#dataset.headIndex(head))
  }

  norms(head: HeadRef): HeadNorms | null {
    return this.#dataset && this.#dataset.headNorms(head)
  }

  /** Calls back inside the very call that changes something. Returns the way to stop. */
  onChange(listener: (event: ExplorerEvent) => void): () => void {
    this.#listeners.push(listener)
    return () => {
      const at = this.#listeners.indexOf(listener)
      if (at >= 0) this.#listeners.splice(at, 1)
    }
  }

  // ------------------------------------------------------------------------------------------------- accepted calls

  /** Begins: values of the address first, then what was saved. To be called once, before anything else. */
  start(values: Partial<AddressValues>, problems: readonly string[] = []): void {
    this.#isRestored = false
    this.#restoring = this.#restoreSaved()
    this.applyAddress(values, problems)
    this.#begin()
  }

  /**
   * Opens a model; resolves when it is loaded and self-tested.
   * @throws AppError BAD_ARGUMENT; rejects with all that ModelService.open does, CANCELLED where a later call took over
   */
  open(request: OpenRequest): Promise<void> {
    const values = checkPatch(request, modelKeys)
    if (values.model === undefined)
      throw new AppError('BAD_ARGUMENT', 'Name a model: {model: "builtin:NAME"} or {model: "owner/name"}.')
    this.#touched.model = true
    this.#choose(values, true)
    const spec = specOf(this.#choice, this.#deps)!
    const opened = this.#opener.open(spec)
    this.#begin(true)
    return opened.then(() => undefined)
  }

  /** Lines verbatim, blank ones dropped. `columns`: one value for each line as given. */
  setTexts(lines: readonly string[], columns?: readonly UserColumn[]): void {
    this.#takeTexts(lines, () => this.#inputs.setTexts(lines, columns ? { columns } : {}))
  }

  /** The same for what is not typed: the user's own texts, shown or not, are kept and can be brought back. */
  replaceTexts(lines: readonly string[], { columns, isSample = false, unshown = null }: TextReplacement): void {
    const options = { ...(columns && { columns }), isOwn: !isSample }
    this.#takeTexts(lines, () => this.#inputs.replaceTexts(lines, options, unshown))
  }

  /** Puts the kept texts back. `unshown`: lines that the user wrote since and that were not shown yet. */
  bringBackTexts(unshown: readonly string[] | null = null): void {
    this.#whenSettled(() => {
      this.#inputs.bringBack(unshown)
      this.#inputsChanged('text')
    })
  }

  #takeTexts(lines: readonly string[], take: () => void): void {
    this.#deferred = []
    this.#samplesToCome = null
    this.#touched.texts = true
    take()
    this.#inputsChanged('text')
    if (lines.length > 0 && this.#texts.length === 0)
      this.notify({ code: 'INPUT_EMPTY', message: 'All lines are blank: write something in at least one of them.' })
  }

  addTexts(lines: readonly string[]): void {
    this.#whenSettled(() => {
      this.#inputs.addTexts(lines)
      this.#inputsChanged('text')
    })
  }

  setImages(blobs: readonly Blob[]): void {
    this.#deferred = []
    this.#touched.images = true
    this.#inputs.setImages(blobs)
    this.#inputsChanged('image')
  }

  addImages(blobs: readonly Blob[]): void {
    this.#whenSettled(() => {
      this.#inputs.addImages(blobs)
      this.#inputsChanged('image')
    })
  }

  /** What the patches of the images are. Nothing runs again: a run that is under way reads them before it ends. */
  labelImages(find: FindLabels): void {
    this.#whenSettled(() => {
      this.#inputs.labelImages(find)
      if (this.#kind === 'image' && this.#status === 'ready') return this.#inputsChanged('image')
      this.#hasEdited = true
      this.#publishInputs('image')
      this.#emit('inputs')
      this.#emit('edited')
    })
  }

  /** @throws AppError BAD_ARGUMENT where there is no such sequence */
  removeSequence(index: number): void {
    this.#whenSettled(() => {
      const kind = this.#kind
      this.#inputs.remove(kind, index)
      this.#inputsChanged(kind)
    })
  }

  /** Puts an image in another place; nothing runs again. @throws AppError BAD_ARGUMENT where there is no such image */
  moveImage(from: number, to: number): void {
    this.#whenSettled(() => {
      this.#inputs.moveImage(from, to)
      this.#inputsChanged('image')
    })
  }

  /**
   * Shows what a session file holds, without its model. The user's own texts are kept and can be brought back. Before the saved
   * work is back this waits for it.
   */
  openSession(session: Session): void {
    this.#samplesToCome = null
    this.#whenSettled(() => {
      if (this.#model && !isSameFile(this.#model, session.model)) this.#opener.drop()
      this.#choice = session.choice
      this.#setModel(null)
      this.#openedChoice = session.choice
      this.#restoreSettings(session.work, () => true)
      this.#kinds[specKey(specOf(session.choice, this.#deps)!)] = session.kind
      const { texts, columns, images, labels } = session.inputs
      if (session.kind === 'image') {
        this.#inputs.setImages(images)
        this.#inputs.labelImages((_, index) => labels[index])
      } else this.#inputs.replaceTexts(texts, { columns, isOwn: false })
      const base = this.#baseKey()
      this.#session = { id: session.id, base }
      const entries = session.entries(base, this.#inputNames(), this.#choice.backend, this.#inputs.images)
      this.#cache.hold(entries, this.#deps.clock.now())
      this.#saveSettings()
      this.#inputsChanged(session.kind)
      this.#emit('settings')
    })
  }

  /** Lets go of all inputs, also of those that were kept, and of what was searched for. */
  forgetInputs(): void {
    this.#whenSettled(() => {
      this.#inputs.clear()
      this.#search = ''
      this.#session = null
      this.#saveSettings()
      this.#inputsChanged('text')
      this.#emit('settings')
    })
  }

  /** Puts the results of a session file aside: they are computed here. */
  leaveSession(): void {
    this.#session = null
    this.#forgetDataset()
    this.#saveSettings()
    this.#begin()
  }

  /** @throws AppError BAD_ARGUMENT; NOT_AVAILABLE for a projection that is not built yet */
  set(patch: SettingsPatch): void {
    const values = checkPatch(patch, [...explorerKeys, 'backend', 'threads', 'rotation', 'bos'])
    const problem = this.#dimsProblem(values)
    if (problem) throw new AppError('NOT_AVAILABLE', problem)
    const newModel = this.#choose(values, false)
    if (this.#takeSettings(values) || newModel) this.#begin()
    this.#emit('settings')
  }

  /** A patch from the address. What is wrong with it (`problems`) or can't be done becomes one notice. */
  applyAddress(values: Partial<AddressValues>, problems: readonly string[] = []): void {
    const known = { ...values }
    const wrong = [...problems]
    if (known.projection && !this.#deps.projections.some(({ id }) => id === known.projection)) {
      wrong.push(`The address asks for the projection ${known.projection}, which is not available yet; it was ignored.`)
      delete known.projection
    }
    const problem = this.#dimsProblem(known)
    if (problem) {
      if (known.dims !== undefined) wrong.push(`${problem} The address was ignored there.`)
      const [offered] = this.#offer(known.projection ?? this.#settings.projection).dims
      if (offered !== undefined) known.dims = offered
    }
    const samples = known.text === undefined ? known.samples : undefined
    const hasSamples = samples !== undefined && this.#deps.samples.has(samples)
    if (samples !== undefined && !hasSamples)
      wrong.push(`The address asks for the sample set ${samples}, which does not exist; it was ignored.`)
    this.#notices = this.#notices.filter(({ code }) => code !== 'BAD_LINK')
    if (wrong.length > 0) this.notify({ code: 'BAD_LINK', message: wrong.join(' ') })
    const before = this.#texts.join('\n')
    if (known.text || hasSamples) {
      this.#deferred = []
      this.#samplesToCome = hasSamples ? samples : null
    }
    if (known.text) {
      this.#touched.texts = true
      this.#inputs.replaceTexts(known.text, { isOwn: false })
      this.#publishInputs('text')
    }
    const newModel = this.#choose(known, false)
    const newSettings = this.#takeSettings(known)
    if (newModel || newSettings || hasSamples || this.#texts.join('\n') !== before) this.#begin()
    if (known.text) this.#emit('inputs')
    this.#emit('settings')
  }

  setVisible(heads: readonly HeadRef[]): void {
    this.#pictures.visible = heads
  }

  /** The opened head, null in the matrix: what a slow projection is computed for. */
  setFocus(head: HeadRef | null): void {
    const changed = head?.layer !== this.#focus?.layer || head?.head !== this.#focus?.head
    this.#focus = head
    this.#pictures.focus = head
    const { allHeads } = this.#offer(this.#settings.projection)
    if (changed && head && !allHeads && (this.#status === 'ready' || this.#status === 'running')) this.#begin()
  }

  /** Stops what runs. What was there stays. */
  cancel(): void {
    if (!this.#isBusy || !this.#isRestored) return
    this.#abort.abort()
    this.#pass = null
    if (this.#opener.isOpening) this.#opener.drop()
    this.#setProgress(null)
    this.#setStatus(
      'failed',
      new AppError('CANCELLED', 'Stopped. What was there stays; try again to go on where it ended.'),
    )
  }

  retry(): void {
    if (this.#status === 'failed') this.#begin()
  }

  dismiss(notice: Notice): void {
    const others = (list: readonly Notice[]) => list.filter((entry) => entry !== notice)
    this.#notices = others(this.#notices)
    this.#runNotices = others(this.#runNotices)
  }

  /** Says something that doesn't stop the run. */
  notify(notice: Notice): void {
    this.#notices = [...this.#notices.filter(({ message }) => message !== notice.message), notice]
  }

  // ----------------------------------------------------------------------------------------------------- asked for

  /** Resolves when the status is ready or failed. @throws AppError TIMEOUT */
  async ready(timeoutMs: number | null = null): Promise<void> {
    await this.#waitFor(() => (this.#isBusy || this.#status === 'empty' ? null : true), timeoutMs)
  }

  /** One head's raw vectors of all sequences; fresh arrays. @throws AppError BAD_ARGUMENT, INPUT_EMPTY, or why the run failed */
  async vectors(head: HeadRef): Promise<RawHead> {
    const dataset = await this.#currentDataset()
    dataset.checkHead(head)
    await this.#loadVectors(dataset, this.#quietly())
    if (dataset !== this.#dataset) return this.vectors(head)
    const vectors = this.#store.inMemory
    return { ...dataset.gather(head, vectors), v: dataset.gatherValues(head, vectors) }
  }

  /** One head's queries and keys in the joint space of the settings; not normalised. */
  async joint(head: HeadRef): Promise<JointVectors> {
    const method = this.#settings.joint
    const c = method === 'scale' ? (await this.coordinates(head)).c : 1
    const vectors = await this.vectors(head)
    if (method === 'raw') return keepRaw(vectors)
    if (method === 'lift') return liftKeys(vectors)
    return method === 'scale' ? scaleAndTranslate(vectors, c) : translateKeys(vectors)
  }

  /** [t,t] of one sequence, rows queries: the model's own weights. @throws AppError as `vectors` */
  async attention(head: HeadRef, sequence: number): Promise<{ weights: Float32Array; size: number }> {
    const dataset = await this.#currentDataset()
    dataset.checkHead(head)
    dataset.checkSequence(sequence)
    const { model } = dataset
    const size = dataset.spans[sequence]!.queries
    const key = dataset.keys[sequence]!
    if (model.verified !== 'exact') {
      const all = await this.#ownAttention.get(`${key} ${head.layer}`, () =>
        this.#runAttention(dataset, head.layer, sequence),
      )
      return { weights: all.slice(head.head * size * size, (head.head + 1) * size * size), size }
    }
    await this.#loadVectors(dataset, this.#quietly(), [sequence])
    const vectors = this.#store.inMemory.get(key)
    if (!vectors) return this.attention(head, sequence)
    return { weights: attentionOf(dataset, head, vectors), size }
  }

  /** [H,t,t] from the model. */
  async #runAttention(dataset: Dataset, layer: number, sequence: number): Promise<Float32Array> {
    await this.#openModel()
    return await this.#deps.model.attention((await this.#prepared(dataset, sequence)).input, layer)
  }

  /** The weights for figures of a model that adds a bias to its scores; others need none. */
  #ownOf(dataset: Dataset, pass: Pass): ((layer: number, sequence: number) => Promise<Float32Array>) | null {
    if (dataset.model.verified !== 'bias') return null
    return async (layer, sequence) => {
      pass.check()
      try {
        return await this.#runAttention(dataset, layer, sequence)
      } catch (problem) {
        // A folder that a reload took away: the pictures don't need it.
        if (isAppError(problem) && problem.code === 'NOT_AVAILABLE')
          this.notify({ code: problem.code, message: `Some head figures need the model itself. ${problem.message}` })
        throw problem
      }
    }
  }

  /** A head's picture for the settings of now, computed if it is not there yet; a fresh copy. @throws AppError as `vectors` */
  async coordinates(head: HeadRef): Promise<HeadPicture> {
    const dataset = await this.#currentDataset()
    dataset.checkHead(head)
    const index = dataset.headIndex(head)
    const settings = this.#settings
    const found = await this.#waitFor(() => {
      if (this.#dataset !== dataset || this.#settings !== settings) return 'changed'
      const picture = this.#pictures.picture(index, settings)
      if (picture) return picture
      if (this.#status === 'failed') throw this.#error ?? superseded()
      return this.#isBusy ? null : 'missing'
    })
    if (found === 'changed') return this.coordinates(head)
    const { backend } = this.#choice
    const pass = this.#quietly()
    const load = () => this.#loadVectors(dataset, pass)
    const request = { dataset, settings, backend, load, own: this.#ownOf(dataset, pass) }
    const picture = found === 'missing' ? await this.#pictures.computeHead(request, index) : found
    return { ...picture, points: picture.points.slice() }
  }

  /** One row a head. @throws AppError INPUT_EMPTY, or why the run failed */
  async headFigures(): Promise<FigureRow[]> {
    const dataset = await this.#currentDataset()
    await this.#waitFor(() => (this.#isBusy ? null : true))
    if (this.#status === 'failed') throw this.#error ?? superseded()
    if (dataset !== this.#dataset) return this.headFigures()
    const { layers, heads } = dataset.model
    return Array.from({ length: layers * heads }, (_, index) => ({
      ...(this.#pictures.figures(index) ?? refOf(index, heads)),
    }))
  }

  /** All that a session file holds of now. @throws AppError as `vectors` */
  async sessionSource(options: { vectors: boolean }): Promise<SessionSource> {
    const dataset = await this.#currentDataset()
    const vectors = options.vectors ? await this.#loadVectors(dataset, this.#quietly()) : null
    if (dataset !== this.#dataset) return this.sessionSource(options)
    return {
      dataset,
      pictures: this.#pictures.sets,
      vectors,
      work: this.#settingsToSave(),
      texts: this.#inputs.texts,
      columns: this.#columns.map(({ name }) => name),
      images: this.#images,
      labels: this.#sequences.map((sequence) => sequence.labels ?? null),
    }
  }

  // ---------------------------------------------------------------------------------------------------------- wishes

  get #isBusy(): boolean {
    return this.#status === 'loading' || this.#status === 'running'
  }

  #offer(id: string) {
    const offer = this.#deps.projections.find((entry) => entry.id === id)
    if (offer) return offer
    const names = this.#deps.projections.map((entry) => entry.id).join(', ')
    throw new AppError('NOT_AVAILABLE', `The projection ${id} is not built yet: use ${names}.`)
  }

  /** Why a patch asks for dimensions that its projection does not draw in; null where it does not. */
  #dimsProblem(values: Partial<AddressValues>): string | null {
    const projection = values.projection ?? this.#settings.projection
    const dims = values.dims ?? this.#settings.dims
    const offer = this.#offer(projection)
    if (offer.dims.includes(dims)) return null
    return `The projection ${projection} has no picture in ${dims} dimensions yet: choose dims=${offer.dims.join(' or ')}, or another projection.`
  }

  /** Takes settings of a patch in; returns whether pictures change. */
  #takeSettings(values: Partial<AddressValues>): boolean {
    for (const key of explorerKeys) if (key in values && !this.#isRestored) this.#touched.settings.push(key)
    if (values.color !== undefined) this.#color = values.color
    if (values.column !== undefined) this.#column = values.column
    if (values.search !== undefined) this.#search = values.search
    this.#searchOptions = {
      match: values.match ?? this.#searchOptions.match,
      caseSensitive: values.case === undefined ? this.#searchOptions.caseSensitive : values.case === 1,
      firstOnly: values.first === undefined ? this.#searchOptions.firstOnly : values.first === 1,
    }
    const settings = { ...this.#settings }
    for (const key of settingKeys) if (key in values) Object.assign(settings, { [key]: values[key] })
    const changed = settingsKey(settings) !== settingsKey(this.#settings)
    if (changed) this.#settings = settings
    this.#saveSettings()
    return changed
  }

  /** Takes model keys of a patch in; returns whether another model is wanted now. */
  #choose(values: Partial<AddressValues>, fresh: boolean): boolean {
    const before = specOf(this.#choice, this.#deps)
    this.#choice = chooseModel(this.#choice, values, fresh)
    const after = specOf(this.#choice, this.#deps)
    if (!after || (before && specKey(before) === specKey(after))) return false
    this.#notices = this.#notices.filter(({ code }) => code !== 'NEEDS_OTHER_INPUT')
    this.#setModel(null)
    this.#saveSettings()
    return true
  }

  #chooseDefault(kind: InputKind): void {
    if (this.#choice.id !== null || this.#inputs.count(kind) === 0) return
    this.#choice = { ...this.#choice, id: defaultModels[kind] }
    this.#saveSettings()
  }

  #inputsChanged(kind: InputKind): void {
    this.#notices = this.#notices.filter(({ code }) => code !== 'INPUT_EMPTY')
    this.#hasEdited = true
    this.#publishInputs(kind)
    this.#begin()
    this.#emit('inputs')
    this.#emit('edited')
    if (kind === 'text' && this.#model?.kind === 'image' && this.#texts.length > 0)
      this.notify({
        code: 'NEEDS_OTHER_INPUT',
        message: 'The open model takes images, so the text is only kept. Open a text model to see it.',
      })
  }

  #publishInputs(kind: InputKind, isNew = true): void {
    const texts = this.#inputs.texts.map(({ text }) => text)
    // The same array as long as nobody gave other texts: who waits for a sample set can tell.
    if (isNew || texts.join('\n') !== this.#texts.join('\n')) this.#texts = texts
    this.#columns = this.#inputs.columns
    this.#hasOwnTexts = this.#inputs.isOwn
    this.#keptTexts = this.#inputs.kept?.map(({ text }) => text) ?? null
    this.#images = this.#inputs.images
    this.#preparer.keepImages(this.#images)
    if (!this.#isRestored) return
    this.#chooseDefault(kind)
    if (isNew) this.#saveInputs()
  }

  /** What the texts are is known: nothing is on its way that would take their place. */
  get #isSettled(): boolean {
    return this.#isRestored && this.#samplesToCome === null
  }

  /** Now, or when the saved work and the samples are there. */
  #whenSettled(action: () => void): void {
    // Samples that could not be fetched are given up for what is asked now.
    if (this.#status === 'failed') this.#samplesToCome = null
    if (!this.#isSettled) {
      this.#deferred.push(action)
      return
    }
    this.#runDeferred()
    action()
  }

  #runDeferred(): void {
    if (!this.#isSettled) return
    const deferred = this.#deferred
    this.#deferred = []
    for (const action of deferred) {
      try {
        action()
      } catch (problem) {
        const { code, message } = toAppError(problem, 'BAD_ARGUMENT')
        this.notify({ code, message })
      }
    }
  }

  /** What the model takes; without a model what there is. */
  get #kind(): InputKind {
    const spec = specOf(this.#choice, this.#deps)
    const known = this.#model?.kind ?? (spec ? this.#kinds[specKey(spec)] : undefined)
    return known ?? (this.#inputs.texts.length > 0 || this.#inputs.images.length === 0 ? 'text' : 'image')
  }

  get #isKindKnown(): boolean {
    const spec = specOf(this.#choice, this.#deps)
    return this.#model !== null || (spec !== null && this.#kinds[specKey(spec)] !== undefined)
  }

  // ------------------------------------------------------------------------------------------------------ saved work

  #saveSettings(): void {
    if (!this.#isRestored) return
    this.#deps.saved.settings.schedule(() => ({ ...this.#settingsToSave(), session: this.#session }))
  }

  #settingsToSave() {
    // A model that can't be opened is not what the next visit should begin with.
    const choice = this.#openedChoice ?? this.#choice
    const spec = specOf(choice, this.#deps)
    return {
      settings: this.#settings,
      color: this.#color,
      column: this.#column,
      search: this.#search,
      searchOptions: this.#searchOptions,
      choice,
      kind: spec ? (this.#kinds[specKey(spec)] ?? null) : null,
    }
  }

  /**
   * This tab saves from now on, in the place of another one. Where nothing was changed here, what that one left is shown. Where
   * something was, it is saved at once if the user asked for it, else with the next change (the other tab may only be loaded
   * anew); the other's texts are kept and can be brought back.
   */
  async adoptSaved({ isAsked }: { isAsked: boolean }): Promise<void> {
    await this.#restoring
    this.#looksFirst = this.#hasEdited
    if (this.#hasEdited) {
      if (isAsked) this.#saveInputs()
      return
    }
    const [inputs, settings] = await this.#loadSaved()
    if (this.#hasEdited) return
    this.#inputs.restore(inputs, { texts: false, images: false })
    this.#restoreWork(settings)
    this.#publishInputs(this.#kind, false)
    this.#begin()
    this.#emit('inputs')
    this.#emit('settings')
  }

  #saveInputs(): void {
    const { inputs } = this.#deps.saved
    const save = () => inputs.schedule(() => this.#inputs.save())
    if (!this.#looksFirst) return save()
    this.#looksFirst = false
    void within(this.#deps.clock, inputs.load(), savedLimitMs, null).then((saved) => {
      this.#inputs.keepOther(saved)
      this.#publishInputs(this.#kind)
      this.#saveSettings()
      this.#emit('inputs')
    })
  }

  #loadSaved(): Promise<[inputs: unknown, settings: unknown]> {
    const load = (port: { load(): Promise<unknown> }) => within(this.#deps.clock, port.load(), savedLimitMs, null)
    const { saved } = this.#deps
    return Promise.all([load(saved.inputs), load(saved.settings)])
  }

  #restoreWork(settings: unknown): void {
    if (typeof settings !== 'object' || settings === null) return
    const work = settings as Record<string, unknown>
    this.#restoreSettings(work, (key) => !this.#touched.settings.includes(key))
    this.#restoreChoice(work)
  }

  async #restoreSaved(): Promise<void> {
    const [inputs, settings] = await this.#loadSaved()
    this.#inputs.restore(inputs, this.#touched)
    this.#restoreWork(settings)
    this.#isRestored = true
    // What could not be read in time is not to be written over by nothing.
    this.#publishInputs(this.#kind, this.#touched.texts || this.#touched.images)
    this.#saveSettings()
    this.#runDeferred()
    this.#emit('inputs')
    this.#emit('settings')
  }

  #restoreSettings(saved: Readonly<Record<string, unknown>>, isFree: (key: string) => boolean): void {
    const { settings, color, column, search, searchOptions } = saved
    const free = Object.entries(readSettings(settings)).filter(([key]) => isFree(key))
    const next = { ...this.#settings, ...Object.fromEntries(free) }
    if (this.#deps.projections.some(({ id }) => id === next.projection)) this.#settings = next
    if (typeof color === 'string' && isFree('color')) this.#color = color
    if (typeof column === 'string' && isFree('column')) this.#column = column
    if (typeof search === 'string' && isFree('search')) this.#search = search
    this.#searchOptions = restoreSearchOptions(this.#searchOptions, searchOptions, isFree)
  }

  #restoreChoice({ choice, kind, session }: Readonly<Record<string, unknown>>): void {
    this.#session = readUsed(session)
    const earlier = readChoice(choice)
    if (!earlier || this.#touched.model) return
    this.#choice = mergeSavedChoice(this.#choice, earlier)
    const spec = specOf(this.#choice, this.#deps)
    const before = specOf(earlier, this.#deps)
    if (spec && before && specKey(spec) === specKey(before) && (kind === 'text' || kind === 'image'))
      this.#kinds[specKey(spec)] = kind
  }

  // --------------------------------------------------------------------------------------------------------- the run

  /**
   * Abandons what runs and starts from what is wanted now. The status is right when this returns.
   * @param recovery of the run that this one goes on with
   */
  #begin(openModel = false, recovery = new Recovery()): void {
    this.#abort.abort()
    const abort = (this.#abort = new AbortController())
    const pass: Pass = {
      signal: abort.signal,
      startedAt: this.#deps.clock.now(),
      check: () => {
        if (this.#pass !== pass) throw superseded()
      },
      step: (progress) => this.#pass === pass && this.#setProgress(progress),
    }
    this.#pass = pass
    this.#setProgress(null)
    this.#setStatus(this.#plannedStatus(openModel))
    this.#execute(pass, openModel).catch((problem: unknown) => {
      if (this.#pass === pass) this.#fail(problem, recovery, openModel)
    })
  }

  #plannedStatus(openModel: boolean): Status {
    const spec = specOf(this.#choice, this.#deps)
    if (!this.#isSettled || openModel) return 'loading'
    if (!spec || (this.#isKindKnown && this.#inputs.count(this.#kind) === 0)) return 'empty'
    return this.#opener.isOpen(spec) || this.#dataset?.key === this.#datasetKey() ? 'running' : 'loading'
  }

  #fail(problem: unknown, recovery: Recovery, openModel: boolean): void {
    this.#pass = null
    this.#abort.abort()
    const error = toAppError(problem, 'WORKER_CRASHED')
    const remedy = recovery.remedyFor(error, { asked: this.#choice.backend, used: this.#backendOf(error) })
    if (remedy === 'wasm') this.#leaveDevice(error)
    if (remedy) return this.#begin(openModel, recovery)
    this.#setProgress(null)
    this.#setStatus('failed', error)
  }

  /** Where the model ran when it failed with this error; null: another part failed, or nobody can tell. */
  #backendOf(error: AppError): Backend | null {
    if (error !== this.#modelLoss) return null
    return this.#model?.backend ?? (error.code === 'DEVICE_LOST' ? 'webgpu' : null)
  }

  #leaveDevice({ code }: AppError): void {
    this.#choose({ backend: 'wasm' }, false)
    this.#emit('settings')
    const reason =
      code === 'DEVICE_LOST'
        ? 'The graphics device was lost twice'
        : 'The graphics device has too little memory for this'
    this.notify({
      code,
      message: `${reason}, so the model runs with WASM, on the processor. The backend can be chosen again in the model menu.`,
    })
  }

  /** Less at a time from now on, with a new worker. */
  async #runSmaller(): Promise<void> {
    this.notify({
      code: 'OUT_OF_MEMORY',
      message:
        'The memory was not enough for so many sentences or images at a time, so fewer go through the model at once. The results are the same; it takes longer.',
    })
    await this.#openModel()
  }

  async #execute(pass: Pass, openModel: boolean): Promise<void> {
    if (!this.#isRestored) {
      await this.#restoring
      pass.check()
      this.#setStatus(this.#plannedStatus(openModel))
    }
    if (this.#samplesToCome !== null) {
      await this.#bringSamples(pass, this.#samplesToCome)
      pass.check()
      this.#setStatus(this.#plannedStatus(openModel))
    }
    if (!specOf(this.#choice, this.#deps)) return this.#beEmpty()
    if (openModel || !this.#isKindKnown) await this.#openModel()
    pass.check()
    if (this.#inputs.count(this.#kind) === 0) return this.#beEmpty()
    const dataset = await this.#findDataset(pass)
    pass.check()
    if (!dataset) return this.#beEmpty()
    this.#adopt(dataset)
    await dataset.measurePatches(async () => {
      await this.#deps.clock.pause()
      pass.check()
    })
    await this.#readLabels(dataset, pass)
    const settings = this.#settings
    const load = () => this.#loadVectors(dataset, pass)
    const offer = this.#offer(settings.projection)
    await this.#pictures.project({
      dataset,
      settings,
      backend: this.#choice.backend,
      offer,
      focus: this.#focus,
      load,
      own: this.#ownOf(dataset, pass),
      pass,
    })
    pass.check()
    const flushed = Promise.all([this.#deps.saved.inputs.flush(), this.#deps.saved.settings.flush()])
    await within(this.#deps.clock, flushed, flushLimitMs, null)
    pass.check()
    for (let read: readonly ImageInput[] | null = null; read !== this.#inputs.images;) {
      read = this.#inputs.images
      await this.#readLabels(dataset, pass)
    }
    this.#setProgress(null)
    this.#setStatus('ready')
  }

  /** @throws AppError NETWORK; the texts stay as they were, and a retry tries again */
  async #bringSamples(pass: Pass, id: string): Promise<void> {
    const samples = await this.#deps.samples.load(id).catch(() => {
      const advice = 'Check the connection and try again, or write or open other text.'
      throw new AppError('NETWORK', `The sample set ${id} could not be fetched. ${advice}`)
    })
    pass.check()
    this.#samplesToCome = null
    if ('lines' in samples) this.#inputs.replaceTexts(samples.lines, { isOwn: false })
    else this.#inputs.setImages(samples.images)
    const kind = 'lines' in samples ? 'text' : 'image'
    // Pictures in a link are to be seen: a model for texts makes room.
    if (kind === 'image' && this.#isKindKnown && this.#kind === 'text')
      this.#choose({ model: defaultModels.image }, true)
    this.#publishInputs(kind)
    this.#emit('inputs')
    this.#runDeferred()
  }

  #beEmpty(): void {
    this.#forgetDataset()
    this.#store.keep([])
    this.#setProgress(null)
    this.#setStatus('empty')
  }

  #forgetDataset(): void {
    this.#dataset = null
    this.#sequences = []
    this.#runNotices = []
    this.#pictures.clear()
  }

  #datasetKey(): string {
    const base = this.#baseKey()
    return sessionKey(this.#session?.base === base ? this.#session.id : null, base)
  }

  get #sessionKey(): string | null {
    return this.#session && sessionKey(this.#session.id, this.#session.base)
  }

  /** Hashing thousands of lines takes its time, and this is asked often. */
  #baseKey(): string {
    const spec = specOf(this.#choice, this.#deps)
    if (!spec) return ''
    const kind = this.#kind
    const inputs = kind === 'text' ? this.#inputs.texts : this.#inputs.images
    const model = specKey(spec)
    const known = this.#knownKey
    if (known?.inputs === inputs && known.model === model && known.kind === kind) return known.key
    const key = datasetKey(spec, kind, inputs, this.#deps.limits.bytes)
    this.#knownKey = { inputs, model, kind, key }
    return key
  }

  /** The dataset of the inputs of now: in memory, in the cache, or made by the model. null: nothing that the model takes. */
  async #findDataset(pass: Pass): Promise<Dataset | null> {
    const key = this.#datasetKey()
    const names = this.#inputNames()
    if (this.#dataset?.key === key && this.#dataset.sequences.every(({ id }, index) => id === names[index]?.id))
      return this.#dataset
    const entry = await this.#cache.get(key)
    pass.check()
    const restored = entry && Dataset.fromEntry(entry, key, names)
    if (restored && (this.#model === null || isSameFile(this.#model, restored.model))) {
      if (this.#model === null) this.#setModel(restored.model)
      return restored
    }
    if (key === this.#sessionKey) {
      this.#giveSessionUp(restored)
      return this.#findDataset(pass)
    }
    const model = await this.#openModel()
    pass.check()
    if (this.#inputs.count(model.kind) === 0) return null
    this.#setStatus('running')
    return this.#buildDataset(pass, model)
  }

  /** What it held is gone from the store, or (`other`) made with another model file than the one that is open. */
  #giveSessionUp(other: Dataset | null): void {
    this.#session = null
    this.#saveSettings()
    if (other)
      this.notify({
        code: 'BAD_SESSION',
        message: `The session was made with another weight file or backend (${other.model.dtype}, ${other.model.backend}, SHA-256 ${other.model.sha256.slice(0, 8)}…) than the model that is open, so its results were put aside and everything is computed here.`,
      })
  }

  #inputNames(): { id: string; name: string }[] {
    return this.#kind === 'text'
      ? this.#inputs.texts.map(({ id, text }) => ({ id, name: text }))
      : this.#inputs.images.map(({ id, name }) => ({ id, name }))
  }

  async #buildDataset(pass: Pass, model: ModelInfo): Promise<Dataset> {
    const pause = async () => {
      await this.#deps.clock.pause()
      pass.check()
    }
    const { prepared, notices } = await this.#prepareInputs(pass, model)
    const key = this.#datasetKey()
    const names = this.#inputNames()
    const sequences = prepared.map(({ tokens, truncated, grid, crop }, index): Sequence => ({
      ...names[index]!,
      tokens,
      truncated,
      ...(grid && { grid }),
      ...(crop && { crop }),
    }))
    if (sequences.every(({ tokens }) => tokens.length === 0))
      throw new AppError(
        'INPUT_EMPTY',
        'This model finds no tokens in the input: write something else, or choose another model.',
      )
    const wanted = []
    for (const [index, entry] of prepared.entries()) {
      wanted.push({ key: sequenceKey(model, entry.input), prepared: entry })
      if (index % 64 === 63 || entry.input.kind === 'image') await pause()
    }
    await this.#store.compute(wanted, model, pass, () => this.#runSmaller())
    const dataset = new Dataset(
      key,
      model,
      sequences,
      wanted.map((entry) => entry.key),
      spansOf(sequences.map(({ tokens }) => tokens.length)),
      [...notices, ...truncationNotices(sequences, model.maxTokens)],
    )
    await dataset.computeNorms(this.#store.inMemory, pause)
    await this.#cache.put(dataset.key, dataset.toEntry())
    return dataset
  }

  async #prepareInputs(pass: Pass, model: ModelInfo) {
    if (model.kind === 'text') return this.#preparer.prepareTexts(this.#inputs.texts, model, pass)
    const answer = await this.#preparer.prepareImages(this.#inputs.images, model, pass)
    if (answer.broken.size > 0) {
      this.#inputs.dropImages(answer.broken)
      this.#publishInputs('image')
    }
    return answer
  }

  #adopt(dataset: Dataset): void {
    if (this.#dataset !== dataset) {
      this.#dataset = dataset
      this.#sequences = dataset.sequences
      this.#pictures.clear()
      this.#store.keep(dataset.keys)
    }
    this.#runNotices = dataset.notices
  }

  async #readLabels(dataset: Dataset, pass: Pass): Promise<void> {
    if (dataset.model.kind !== 'image') return
    const images = this.#inputs.images
    const { sequences, problem } = await this.#labels.read(dataset, images, () => this.#openModel(), pass)
    pass.check()
    this.#sequences = sequences
    if (problem) this.notify({ code: 'IMAGE_FAILED', message: problem })
  }

  /** Brings vectors into memory that a reload left in the cache; what is gone from there runs again. */
  async #loadVectors(
    dataset: Dataset,
    pass: Pass,
    indices: readonly number[] = dataset.keys.map((_, index) => index),
  ): Promise<ReadonlyMap<string, SequenceVectors>> {
    const missing: number[] = []
    for (const [done, index] of indices.entries()) {
      const key = dataset.keys[index]!
      if (this.#store.inMemory.has(key)) continue
      if (!(await this.#store.restore(key, dataset.sequences[index]!.tokens.length, dataset.model))) missing.push(index)
      pass.check()
      pass.step({ stage: 'restore', done: done + 1, total: indices.length, unit: 'sequences' })
    }
    if (missing.length > 0) {
      await this.#openModel()
      pass.check()
      const wanted = []
      for (const index of missing)
        wanted.push({ key: dataset.keys[index]!, prepared: await this.#prepared(dataset, index) })
      await this.#store.compute(wanted, dataset.model, pass, () => this.#runSmaller())
    }
    return this.#store.inMemory
  }

  /** What the model takes for one sequence, prepared again after a reload. */
  #prepared(dataset: Dataset, index: number) {
    const { id, name } = dataset.sequences[index]!
    if (dataset.model.kind === 'text') return this.#preparer.text(name)
    const image = this.#inputs.images.find((entry) => entry.id === id)
    if (!image) throw superseded()
    return this.#preparer.image(image)
  }

  // ----------------------------------------------------------------------------------------------------------- model

  #openModel(): Promise<ModelInfo> {
    const spec = specOf(this.#choice, this.#deps)
    if (!spec)
      return Promise.reject(new AppError('INPUT_EMPTY', 'There is no model yet: choose one, or type some text.'))
    return this.#opener.open(spec)
  }

  #modelOpened(spec: ModelSpec, info: ModelInfo): void {
    this.#kinds[specKey(spec)] = info.kind
    const now = specOf(this.#choice, this.#deps)
    if (!now || specKey(now) !== specKey(spec)) return
    this.#preparer.forget()
    this.#ownAttention.forget()
    const before = this.#dataset
    this.#setModel(info)
    this.#saveSettings()
    // The file behind the address changed since the pictures were made: what runs would go on with those.
    if (before && !this.#dataset) this.#begin()
  }

  #setModel(info: ModelInfo | null): void {
    const before = this.#model
    this.#model = info
    if (info) this.#openedChoice = this.#choice
    if (!info || (before && !isSameFile(before, info))) this.#forgetDataset()
    this.#emit('model')
  }

  // --------------------------------------------------------------------------------------------------------- helpers

  #quietly(): Pass {
    return quietPass(this.#deps.clock.now())
  }

  #setStatus(status: Status, error: AppError | null = null): void {
    if (this.#status === status && this.#error === error) return
    this.#status = status
    this.#error = error
    if (!this.#isBusy) this.#frames.hurry()
    this.#emit('status')
  }

  #emit(event: ExplorerEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }

  /** The dataset of the inputs and the model of now; waits while it is being made. */
  #currentDataset(): Promise<Dataset> {
    return this.#waitFor(() => {
      if (this.#isSettled && this.#dataset && this.#dataset.key === this.#datasetKey()) return this.#dataset
      if (this.#status === 'failed') throw this.#error ?? superseded()
      if (this.#status !== 'empty') return null
      throw new AppError(
        'INPUT_EMPTY',
        'There is nothing to show yet: add text or images, and a model that takes them.',
      )
    })
  }

  /** What `read` gives as soon as it is not null; rejects with what it throws. Asked again after every change. */
  #waitFor<T>(read: () => T | null, timeoutMs: number | null = null): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let timer: unknown = null
      const settle = (action: () => void) => {
        stop()
        if (timer !== null) this.#deps.clock.clearTimer(timer)
        action()
      }
      const look = () => {
        try {
          const value = read()
          if (value !== null) settle(() => resolve(value))
        } catch (problem) {
          settle(() => reject(problem))
        }
      }
      const stop = this.onChange(look)
      if (timeoutMs !== null)
        timer = this.#deps.clock.setTimer(() => {
          const message = `Not ready after ${timeoutMs} ms: the status is “${this.#status}”. Wait longer, or look at the state.`
          settle(() => reject(new AppError('TIMEOUT', message)))
        }, timeoutMs)
      look()
    })
  }

  #setProgress(progress: Progress | null): void {
    this.#progress = progress
    this.#timeLeftMs = this.#timeLeft.estimate(progress, this.#deps.clock.now())
  }

  #picturesChanged(): void {
    this.#headsDone = this.#pictures.done
    this.#emit('pictures')
    this.#frames.ask(this.#isBusy)
  }
}

const isSameFile = (one: ModelInfo, other: ModelInfo): boolean =>
  one.sha256 === other.sha256 &&
  one.dtype === other.dtype &&
  one.backend === other.backend &&
  one.rotation === other.rotation

function attentionOf(dataset: Dataset, head: HeadRef, { q, k, queries, keys }: SequenceVectors): Float32Array {
  const { model } = dataset
  const index = dataset.headIndex(head)
  return computeAttention({
    q: blockOf(q, index, queries * model.headDim),
    k: blockOf(k, head.layer * model.kvHeads + dataset.keyHead(head.head), keys * model.headDim),
    queries,
    keys,
    dim: model.headDim,
    scale: model.scale[index] ?? 1 / Math.sqrt(model.headDim),
    mask: model.masks[head.layer] ?? { causal: model.causal, window: null },
  })
}
