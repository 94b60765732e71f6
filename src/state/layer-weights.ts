import type { HeadRef, Span } from '../core/types'

/** Attention weights that may be held for figures at once. */
const budgetBytes = 256 * 1024 * 1024

interface Layer {
  weights: Promise<Float32Array[]>
  users: number
}

/**
 * The model's own weights for the figures of its heads, where q and k alone do not give them. A layer comes from the model
 * once for all its heads; so many layers are held as fit into memory, and further ones wait.
 */
export class LayerWeights {
  readonly #spans: readonly Span[]
  readonly #load: (layer: number, sequence: number) => Promise<Float32Array>
  /** Layers at once; 0: one alone is too big. */
  readonly #room: number
  readonly #layers = new Map<number, Layer>()
  #waiting: (() => void)[] = []

  /** @param load [H,queries,keys] of one layer and sequence */
  constructor(
    spans: readonly Span[],
    heads: number,
    load: (layer: number, sequence: number) => Promise<Float32Array>,
    budget = budgetBytes,
  ) {
    this.#spans = spans
    this.#load = load
    const bytes = 4 * heads * spans.reduce((sum, { queries, keys }) => sum + queries * keys, 0)
    this.#room = Math.floor(budget / Math.max(bytes, 1))
  }

  /**
   * Gives `use` the weights of a head, [queries,keys] each sequence; null where a layer is too big to be held.
   * @throws AppError what loading throws
   */
  async with<T>({ layer, head }: HeadRef, use: (weights: Float32Array[] | null) => Promise<T>): Promise<T> {
    if (this.#room === 0) return await use(null)
    const held = await this.#hold(layer)
    try {
      const all = await held.weights
      return await use(
        this.#spans.map(({ queries, keys }, at) => {
          const size = queries * keys
          return all[at]!.slice(head * size, (head + 1) * size)
        }),
      )
    } finally {
      held.users -= 1
      for (const go of this.#waiting.splice(0)) go()
    }
  }

  async #hold(layer: number): Promise<Layer> {
    for (;;) {
      const held = this.#layers.get(layer)
      if (held) {
        held.users += 1
        return held
      }
      if (this.#layers.size >= this.#room) this.#letGoOfOne()
      if (this.#layers.size < this.#room) break
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    const fresh: Layer = { weights: this.#loadAll(layer), users: 1 }
    fresh.weights.catch(() => this.#layers.delete(layer))
    this.#layers.set(layer, fresh)
    return fresh
  }

  #letGoOfOne(): void {
    for (const [layer, { users }] of this.#layers)
      if (users === 0) {
        this.#layers.delete(layer)
        return
      }
  }

  async #loadAll(layer: number): Promise<Float32Array[]> {
    const weights: Float32Array[] = []
    for (const [sequence, { queries }] of this.#spans.entries())
      weights.push(queries === 0 ? new Float32Array(0) : await this.#load(layer, sequence))
    return weights
  }
}
