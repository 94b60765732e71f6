import { AppError } from '../../../src/core/errors'
import type { LabelMap } from '../../../src/core/label-map'
import type { ModelInfo, ModelInput, SequenceVectors } from '../../../src/core/types'
import type { ModelSpec, PreparedInput, ProjectionJob, TakeFloats } from '../../../src/rpc/contracts'
import { Dataset, spansOf } from '../../../src/state/dataset'
import { Explorer } from '../../../src/state/explorer.svelte'
import type {
  ClockPort,
  ExplorerDependencies,
  ModelPort,
  PoolPort,
  SamplesPort,
  SavedPort,
} from '../../../src/state/dependencies'
import { ContentCache } from '../../../src/storage/cache'
import { memoryStore, type KeyValueStore } from '../../../src/storage/key-value'
import { SavedWork } from '../../../src/storage/saved-work'

export const layers = 2
export const heads = 3
const dim = 4

export function modelInfo(spec: ModelSpec, change: Partial<ModelInfo> = {}): ModelInfo {
  return {
    id: spec.id,
    revision: spec.revision,
    host: spec.host,
    file: 'onnx/model.onnx',
    dtype: 'fp32',
    sha256: `sha of ${spec.id}`,
    bytes: 1,
    backend: spec.backend === 'webgpu' ? 'webgpu' : 'wasm',
    kind: /image|dino/.test(spec.id) ? 'image' : 'text',
    layers,
    heads,
    kvHeads: heads,
    headDim: dim,
    valueDim: dim,
    scale: Array.from({ length: layers * heads }, () => 0.5),
    causal: false,
    masks: Array.from({ length: layers }, () => ({ causal: false, window: null })),
    verified: 'exact',
    verification: '',
    quantised: false,
    rotary: false,
    maxTokens: 6,
    ...change,
  }
}

/** Words are tokens, ids are made of their letters; vectors follow from ids and places. */
export function prepareLine(line: string): PreparedInput {
  const words = line.split(' ').filter((word) => word !== '')
  const kept = words.slice(0, 6)
  return {
    input: {
      kind: 'text',
      ids: Int32Array.from(kept, (word) => [...word].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) | 0),
      typeIds: null,
    },
    tokens: kept.map((word) => ({ id: word.length, text: word, special: false })),
    truncated: words.length - kept.length,
  }
}

export function vectorsOf(input: ModelInput): SequenceVectors {
  const ids = input.kind === 'text' ? [...input.ids] : [1, 2]
  const fill = (salt: number) =>
    Float32Array.from({ length: layers * heads * ids.length * dim }, (_, at) =>
      Math.sin(salt + at + ids[Math.floor(at / dim) % ids.length]!),
    )
  return { queries: ids.length, keys: ids.length, q: fill(1), k: fill(2), v: fill(3) }
}

/** A gate that holds calls until it is opened. */
export class Gate {
  #open: () => void = () => undefined
  promise: Promise<void> = Promise.resolve()
  close(): void {
    this.promise = new Promise((resolve) => (this.#open = resolve))
  }
  open(): void {
    this.#open()
    this.promise = Promise.resolve()
  }
}

export class FakeModel implements ModelPort {
  opened: ModelSpec[] = []
  /** Every sequence that ran, as its token ids. */
  ran: string[] = []
  batches: number[] = []
  attentions = 0
  cancelled = 0
  change: Partial<ModelInfo> = {}
  failOpen: AppError | null = null
  failRun: AppError | null = null
  readonly openGate = new Gate()
  readonly runGate = new Gate()

  async open(
    spec: ModelSpec,
    onProgress: Parameters<ModelPort['open']>[1],
    onRequest: Parameters<ModelPort['open']>[2],
  ) {
    this.opened.push(spec)
    onProgress({ stage: 'download', done: 1, total: 2, unit: 'bytes' })
    onRequest({ url: `${spec.host}/${spec.id}`, bytes: 1, at: 0, why: 'model' })
    await this.openGate.promise
    if (this.failOpen) throw this.failOpen
    return modelInfo(spec, this.change)
  }
  async prepareTexts(lines: string[]) {
    return lines.map(prepareLine)
  }
  async prepareImages(blobs: Blob[]): ReturnType<ModelPort['prepareImages']> {
    return blobs.map((blob) =>
      blob.type === 'broken'
        ? { error: { code: 'IMAGE_FAILED', message: 'Not an image.' } }
        : {
            input: { kind: 'image', pixels: new Float32Array(blob.size), shape: [1, 1, blob.size] },
            tokens: [
              { id: -1, text: '[CLS]', special: true },
              { id: -1, text: '0,0', special: false },
            ],
            truncated: 0,
            grid: { rows: 1, columns: 1 },
            crop: { width: 8, height: 8, rgba: new Uint8ClampedArray(256).fill(255) },
          },
    )
  }
  /** Names of the maps that were asked about. */
  labelled: string[] = []
  /** The one patch has the map's first label. */
  async labelImage(_: Blob, map: LabelMap) {
    this.labelled.push(map.names.join())
    if (this.failLabels) throw this.failLabels
    return Int16Array.of(0)
  }
  failLabels: AppError | null = null
  async run(inputs: ModelInput[]) {
    this.batches.push(inputs.length)
    for (const input of inputs) this.ran.push(input.kind === 'text' ? input.ids.join(' ') : 'image')
    await this.runGate.promise
    if (this.failRun) throw this.failRun
    return inputs.map(vectorsOf)
  }
  async attention(input: ModelInput) {
    this.attentions++
    const size = input.kind === 'text' ? input.ids.length : 2
    return Float32Array.from({ length: heads * size * size }, (_, at) => at)
  }
  cancel() {
    this.cancelled++
  }
}

type RunOptions = Parameters<PoolPort['run']>[3]

/** Does jobs two at a time, the one of the smallest rank first; `gate` holds those that run, `step` lets one of them end. */
export class FakePool implements PoolPort {
  readonly size = 2
  /** In the order in which workers took them. */
  jobs: ProjectionJob[] = []
  limits: number[] = []
  readonly gate = new Gate()
  /** Which jobs the closed gate holds. */
  holds: (job: ProjectionJob) => boolean = () => true
  fail: AppError | null = null
  running = 0
  #waiting: { rank: () => number; start: () => void }[] = []
  #held: (() => void)[] = []

  get waiting(): number {
    return this.#waiting.length
  }

  setLimit(workers: number) {
    this.limits.push(workers)
  }

  /** Lets the oldest job end that the gate holds, or the one after so many. */
  step(skip = 0): void {
    this.#held.splice(skip, 1)[0]?.()
  }

  async run(
    _: unknown,
    createJob: (take: TakeFloats) => ProjectionJob,
    signal: AbortSignal,
    { rank = () => 0 }: RunOptions = {},
  ) {
    let abort: (reason: AppError) => void = () => undefined
    const aborted = new Promise<never>((_, reject) => (abort = reject))
    aborted.catch(() => undefined)
    await new Promise<void>((resolve, reject) => {
      const entry = { rank, start: resolve }
      this.#waiting.push(entry)
      signal.addEventListener('abort', () => {
        const problem = new AppError('CANCELLED', 'aborted')
        this.#waiting = this.#waiting.filter((other) => other !== entry)
        reject(problem)
        abort(problem)
      })
      queueMicrotask(() => this.#assign())
    })
    try {
      return await Promise.race([this.#project(createJob((length) => new Float32Array(length))), aborted])
    } finally {
      this.running--
      this.#assign()
    }
  }

  #assign(): void {
    while (this.running < this.size && this.#waiting.length > 0) {
      const next = this.#waiting.reduce((best, entry) => (entry.rank() < best.rank() ? entry : best))
      this.#waiting = this.#waiting.filter((entry) => entry !== next)
      this.running++
      next.start()
    }
  }

  async #project(job: ProjectionJob) {
    this.jobs.push(job)
    if (this.holds(job)) {
      let release: () => void = () => undefined
      const released = new Promise<void>((resolve) => (release = resolve))
      this.#held.push(release)
      await Promise.race([this.gate.promise, released])
      this.#held = this.#held.filter((other) => other !== release)
    }
    if (this.fail) throw this.fail
    const { n, m } = job.vectors
    const { dims, projection, seed } = job.settings
    const base = seed * 1000 + projection.length + job.headIndex / 10 + (job.sample ? 0.01 : 0)
    const points = job.points ?? Float32Array.from({ length: (n + m) * dims }, (_, at) => at + base)
    const figures = job.figures ? { fidelity: -0.5 } : null
    const backend = job.backend === 'webgpu' ? ('webgpu' as const) : ('wasm' as const)
    return {
      points,
      c: 1.5,
      shift: new Float32Array(dim),
      figures,
      ...(!job.points && { backend, backendReason: `${backend} in a test.` }),
    }
  }
}

export class FakeSamples implements SamplesPort {
  readonly gate = new Gate()
  isOffline = false

  has(id: string) {
    return id === 'first' || id === 'second' || id === 'pictures'
  }
  async load(id: string): ReturnType<SamplesPort['load']> {
    await this.gate.promise
    if (this.isOffline) throw new TypeError('Failed to fetch')
    if (id === 'pictures') return { images: [new File(['1'], 'one.png'), new File(['22'], 'two.png')] }
    return { lines: [`a sample of ${id}`, 'another sample'] }
  }
}

export class FakeClock implements ClockPort {
  time = 1000
  #timers = new Map<number, { action: () => void; at: number }>()
  #next = 1
  now() {
    return this.time
  }
  async pause() {}
  nextFrame(action: () => void) {
    queueMicrotask(action)
  }
  setTimer(action: () => void, milliseconds: number) {
    this.#timers.set(this.#next, { action, at: this.time + milliseconds })
    return this.#next++
  }
  clearTimer(timer: unknown) {
    this.#timers.delete(timer as number)
  }
  advance(milliseconds: number) {
    this.time += milliseconds
    for (const [id, { action, at }] of [...this.#timers])
      if (at <= this.time) {
        this.#timers.delete(id)
        action()
      }
  }
}

export interface Stores {
  data: KeyValueStore
  index: KeyValueStore
  saved: KeyValueStore
}

export const emptyStores = (): Stores => ({ data: memoryStore(), index: memoryStore(), saved: memoryStore() })

export interface World {
  explorer: Explorer
  model: FakeModel
  pool: FakePool
  clock: FakeClock
  samples: FakeSamples
  stores: Stores
}

/** An explorer with fakes around it; the same `stores` again is a reload. */
export function createWorld(
  options: {
    stores?: Stores
    limitBytes?: number
    change?: Partial<ModelInfo>
    pool?: PoolPort
    wrapSaved?: (saved: SavedPort) => SavedPort
  } = {},
): World {
  const wrapSaved = options.wrapSaved ?? ((saved: SavedPort) => saved)
  const stores = options.stores ?? emptyStores()
  const model = new FakeModel()
  if (options.change) model.change = options.change
  const pool = new FakePool()
  const clock = new FakeClock()
  const onBlocked = () => undefined
  const setTimer = (action: () => void, ms: number) => void clock.setTimer(action, ms)
  const samples = new FakeSamples()
  const dependencies: ExplorerDependencies = {
    model,
    pool: options.pool ?? pool,
    clock,
    cache: new ContentCache(stores, {
      budgetBytes: async () => 1e9,
      now: () => clock.now(),
      pause: () => clock.pause(),
      onProblem: () => undefined,
    }),
    saved: {
      inputs: wrapSaved(new SavedWork(stores.saved, { key: 'inputs', delayMs: 250, setTimer, onBlocked })),
      settings: wrapSaved(new SavedWork(stores.saved, { key: 'settings', delayMs: 250, setTimer, onBlocked })),
    },
    projections: [
      { id: 'pca', allHeads: true, dims: [2, 3] },
      { id: 'umap', allHeads: true, dims: [2, 3] },
      { id: 'tsne', allHeads: true, dims: [2] },
      { id: 'umap-js', allHeads: false, dims: [2, 3] },
    ],
    samples,
    builtinHost: 'http://app/models/',
    defaultHost: 'https://hub',
    limits: { bytes: options.limitBytes ?? 1e9 },
  }
  return { explorer: new Explorer(dependencies), model, pool, clock, samples, stores }
}

/** What the explorer makes of these lines. */
export function datasetOf(lines: readonly string[]): { dataset: Dataset; vectors: Map<string, SequenceVectors> } {
  const prepared = lines.map(prepareLine)
  const spec: ModelSpec = {
    id: 'a/b',
    revision: 'main',
    host: '',
    dtype: null,
    file: null,
    backend: 'wasm',
    threads: null,
  }
  const sequences = prepared.map(({ tokens }, at) => ({ id: `s${at}`, name: lines[at]!, tokens, truncated: 0 }))
  const keys = lines.map((_, at) => `key ${at}`)
  const spans = spansOf(sequences.map(({ tokens }) => tokens.length))
  const dataset = new Dataset(`dataset ${lines.length}`, modelInfo(spec), sequences, keys, spans, [])
  return { dataset, vectors: new Map(prepared.map(({ input }, at) => [keys[at]!, vectorsOf(input)])) }
}

/** Lets everything that can happen happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
