import { AppError } from '../core/errors'
import type { ModelInfo, SequenceVectors } from '../core/types'
import type { PreparedInput } from '../rpc/contracts'
import { groupByLength } from './batches'
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
   * Brings all of them into memory. What is nowhere yet runs in batches of one length.
   * @throws AppError SHAPE_SURPRISE, all of ModelService.run
   */
  async compute(wanted: readonly WantedVectors[], model: ModelInfo, pass: Pass): Promise<void> {
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
    for (const batch of groupByLength(missing, ({ prepared }) => prepared.tokens.length)) {
      const tokens = batch[0]!.prepared.tokens.length
      const inputs = batch.map(({ prepared }) => prepared.input)
      const answers = tokens === 0 ? inputs.map(noVectors) : await this.#model.run(inputs)
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
