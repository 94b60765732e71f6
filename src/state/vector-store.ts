import { AppError, isAppError } from '../core/errors'
import type { ModelInfo, SequenceVectors } from '../core/types'
import type { PreparedInput } from '../rpc/contracts'
import { defaultBatchLimits, groupByLength, halved, type BatchLimits } from './batches'
import type { CachePort, ClockPort, ModelPort } from './dependencies'
import type { Pass } from './pass'

export interface WantedVectors {
  /** Content hash. */
  key: string
  prepared: PreparedInput
}

/** Vectors by content hash: in memory, else in the cache, else from the model. */
export class VectorStore {
  readonly #model: ModelPort
  readonly #cache: CachePort
  readonly #clock: ClockPort
  readonly #vectors = new Map<string, SequenceVectors>()
  /** Smaller once the memory was too small for a batch, for as long as the page lives. */
  #limits: Readonly<BatchLimits> = defaultBatchLimits

  constructor(ports: { model: ModelPort; cache: CachePort; clock: ClockPort }) {
    this.#model = ports.model
    this.#cache = ports.cache
    this.#clock = ports.clock
  }

  get inMemory(): ReadonlyMap<string, SequenceVectors> {
    return this.#vectors
  }

  /** Lets go of all others. */
  keep(keys: Iterable<string>): void {
    const needed = new Set(keys)
    for (const key of this.#vectors.keys()) if (!needed.has(key)) this.#vectors.delete(key)
  }

  /** From the cache into memory; whether they are there now. */
  async restore(key: string, tokens: number, model: ModelInfo): Promise<boolean> {
    if (this.#vectors.has(key)) return true
    const entry = await this.#cache.get(`vectors:${key}`)
    const { q, k, v } = entry?.arrays ?? {}
    if (!q || !k || !v) return false
    const vectors = { q, k, v, queries: tokens, keys: tokens }
    if (!fits(vectors, tokens, model)) return false
    this.#vectors.set(key, vectors)
    return true
  }

  /**
   * Brings all of them into memory. What is nowhere yet runs in batches of one length; a batch that the memory is too small
   * for is halved, after `runSmaller`, which opens the model again.
   * @throws AppError SHAPE_SURPRISE, all of ModelService.run
   */
  async compute(
    wanted: readonly WantedVectors[],
    model: ModelInfo,
    pass: Pass,
    runSmaller: () => Promise<void>,
  ): Promise<void> {
    const unique = [...new Map(wanted.map((entry) => [entry.key, entry])).values()]
    const missing: WantedVectors[] = []
    for (const entry of unique) {
      if (!(await this.restore(entry.key, entry.prepared.tokens.length, model))) missing.push(entry)
      pass.check()
    }
    let done = unique.length - missing.length
    let stores: Promise<unknown> = Promise.resolve()
    const report = () => pass.step({ stage: 'run', done, total: unique.length, unit: 'sequences' })
    report()
    const batches = this.#batch(missing)
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const tokens = batch[0]!.prepared.tokens.length
      const inputs = batch.map(({ prepared }) => prepared.input)
      let answers: readonly SequenceVectors[]
      try {
        answers = tokens === 0 ? inputs.map(noVectors) : await this.#model.run(inputs)
      } catch (problem) {
        if (!isAppError(problem) || problem.code !== 'OUT_OF_MEMORY' || batch.length === 1) throw problem
        pass.check()
        this.#limits = halved(this.#limits, batch.length, tokens)
        await runSmaller()
        pass.check()
        batches.splice(0, batches.length, ...this.#batch([...batch, ...batches.flat()]))
        continue
      }
      for (const [index, { key }] of batch.entries()) {
        const vectors = answers[index]
        if (!vectors || !fits(vectors, tokens, model))
          throw new AppError(
            'SHAPE_SURPRISE',
            'The model gave vectors of another size than its self-test found: try another weight file.',
          )
        this.#vectors.set(key, vectors)
        // One after another, behind the run: storing must not hold the picture up.
        stores = stores.then(() => this.#store(key, vectors, pass.startedAt))
      }
      pass.check()
      done += batch.length
      report()
    }
  }

  #batch(wanted: readonly WantedVectors[]): WantedVectors[][] {
    return groupByLength(wanted, ({ prepared }) => prepared.tokens.length, this.#limits)
  }

  async #store(key: string, { q, k, v, queries, keys }: SequenceVectors, since: number): Promise<void> {
    if (queries > 0)
      await this.#cache
        .put(`vectors:${key}`, { json: { queries, keys }, arrays: { q, k, v } }, since)
        .catch(() => false)
    await this.#clock.pause()
  }
}

const noVectors = (): SequenceVectors => ({
  queries: 0,
  keys: 0,
  q: new Float32Array(0),
  k: new Float32Array(0),
  v: new Float32Array(0),
})

function fits({ q, k, v }: SequenceVectors, tokens: number, model: ModelInfo): boolean {
  const { layers, heads, kvHeads, headDim, valueDim } = model
  return (
    q.length === layers * heads * tokens * headDim &&
    k.length === layers * kvHeads * tokens * headDim &&
    v.length === layers * kvHeads * tokens * valueDim
  )
}
