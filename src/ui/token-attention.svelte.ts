import { addTokenAttention, type TokenAttention } from '../core/token-attention'
import type { HeadRef, Sequence } from '../core/types'
import type { ExplorerView } from '../state/api'

const sliceMs = 8

export interface TokenAttentionPorts {
  /** Lets the page handle events before the work goes on. */
  pause(): Promise<void>
  now(): number
}

/** Attention by token of the heads that are looked at, worked out when a colour asks for it, in slices of a few milliseconds. */
export class TokenAttentionState {
  /** Grows when another head is there. */
  version: number = $state(0)
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- `version` tells of changes
  private readonly heads = new Map<string, TokenAttention>()
  private sequences: readonly Sequence[] = []
  private model: unknown = null
  private run = 0

  constructor(
    private readonly explorer: ExplorerView,
    private readonly ports: TokenAttentionPorts,
  ) {}

  /** null where it is not there yet. */
  of({ layer, head }: HeadRef): TokenAttention | null {
    return this.isOfNow ? (this.heads.get(`${layer}.${head}`) ?? null) : null
  }

  private get isOfNow(): boolean {
    return this.sequences === this.explorer.sequences && this.model === this.explorer.model
  }

  /** Works through these heads, in this order; a later call takes its place. What the run itself fails at is not there. */
  async ask(heads: readonly HeadRef[]): Promise<void> {
    this.run += 1
    const mine = this.run
    if (!this.isOfNow) {
      this.heads.clear()
      this.sequences = this.explorer.sequences
      this.model = this.explorer.model
    }
    let until = this.ports.now() + sliceMs
    for (const head of heads) {
      const key = `${head.layer}.${head.head}`
      if (this.heads.has(key)) continue
      const found = await this.measure(head, async () => {
        if (this.ports.now() < until) return mine === this.run
        await this.ports.pause()
        until = this.ports.now() + sliceMs
        return mine === this.run
      })
      if (mine !== this.run || !this.isOfNow) return
      if (!found) continue
      this.heads.set(key, found)
      this.version += 1
    }
  }

  private async measure(head: HeadRef, goOn: () => Promise<boolean>): Promise<TokenAttention | null> {
    const { sequences, model } = this.explorer
    const count = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0)
    const found = { entropy: new Float32Array(count), received: new Float32Array(count) }
    const mask = model?.masks[head.layer] ?? { causal: model?.causal ?? false, window: null }
    let start = 0
    try {
      for (const [index, { tokens }] of sequences.entries()) {
        if (!(await goOn())) return null
        const { weights, size } = await this.explorer.attention(head, index)
        if (size !== tokens.length) return null
        addTokenAttention(found, weights, size, start, mask)
        start += size
      }
    } catch {
      return null
    }
    return found
  }
}
