import type { Role } from '../encodings/types'
import type { HeadRef } from '../core/types'
import { addInto, mapOf, rollOut } from './image-grid'

export type AttentionScope = 'head' | 'layer' | 'all' | 'rollout'

interface Source {
  attention(head: HeadRef, sequence: number): Promise<{ weights: Float32Array; size: number }>
}

/**
 * Attention over several heads of one image, worked out head by head with pauses; a later question ends an earlier one.
 * Rejections of the source end the work quietly: the run shows its own failures.
 */
export class ImageAttention {
  /** Mean or rollout that was asked for last; null until it is there. */
  mean: { scope: AttentionScope; sequence: number; layer: number; weights: Float32Array; size: number } | null =
    $state.raw(null)
  /** Map of the pinned token in each head, [size]; filled as it goes. */
  maps: readonly (Float32Array | undefined)[] = $state.raw([])
  private meanCalls = 0
  private mapCalls = 0

  constructor(
    private readonly source: Source,
    private readonly pause: () => Promise<void>,
  ) {}

  /** Mean over the heads of a layer or over all, or the rollout through all layers. */
  async askMean(
    scope: Exclude<AttentionScope, 'head'>,
    sequence: number,
    layer: number,
    { layers, heads }: { layers: number; heads: number },
  ): Promise<void> {
    const mine = ++this.meanCalls
    const from = scope === 'layer' ? layer : 0
    const to = scope === 'layer' ? layer + 1 : layers
    let sum = new Float64Array(0)
    let rolled: Float32Array | null = null
    let size = 0
    try {
      for (let at = from; at < to; at += 1) {
        if (scope === 'rollout') sum = new Float64Array(0)
        for (let head = 0; head < heads; head += 1) {
          const answer = await this.source.attention({ layer: at, head }, sequence)
          size = answer.size
          if (sum.length === 0) sum = new Float64Array(size * size)
          addInto(sum, answer.weights)
          await this.pause()
          if (mine !== this.meanCalls) return
        }
        if (scope === 'rollout')
          rolled = rollOut(
            Float32Array.from(sum, (value) => value / heads),
            rolled,
            size,
          )
      }
    } catch {
      return
    }
    const weights = rolled ?? Float32Array.from(sum, (value) => value / (heads * (to - from)))
    this.mean = { scope, sequence, layer, weights, size }
  }

  /** The map of one token in every head; `first` says which heads come first. */
  async askMaps(
    sequence: number,
    token: number,
    role: Role,
    { layers, heads }: { layers: number; heads: number },
    first: number,
  ): Promise<void> {
    const mine = ++this.mapCalls
    const found: (Float32Array | undefined)[] = new Array<undefined>(layers * heads).fill(undefined)
    const order = [first, ...found.keys()].filter((head, at, all) => all.indexOf(head) === at)
    try {
      for (const [done, index] of order.entries()) {
        const head = { layer: Math.floor(index / heads), head: index % heads }
        const { weights, size } = await this.source.attention(head, sequence)
        await this.pause()
        if (mine !== this.mapCalls) return
        found[index] = mapOf(weights, size, token, role)
        if (done % heads === heads - 1 || done === order.length - 1) this.maps = [...found]
      }
    } catch {
      // The run shows its own failures.
    }
  }

  stop(): void {
    this.meanCalls += 1
    this.mapCalls += 1
    this.maps = []
  }
}
