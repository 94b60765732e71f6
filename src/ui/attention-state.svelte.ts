import type { HeadRef } from '../core/types'
import type { ExplorerView } from '../state/api'

export interface AttentionMatrix {
  head: HeadRef
  sequence: number
  /** [size,size], rows queries. */
  weights: Float32Array
  size: number
}

/** Attention of the head and sequence that are looked at; the latest question wins. */
export class AttentionState {
  /** The last answer; kept on the screen while the next one is computed. */
  current: AttentionMatrix | null = $state.raw(null)
  pending: boolean = $state(false)
  private asked = 0

  constructor(private readonly explorer: ExplorerView) {}

  async ask(head: HeadRef, sequence: number): Promise<void> {
    this.asked += 1
    const mine = this.asked
    this.pending = true
    try {
      const { weights, size } = await this.explorer.attention(head, sequence)
      if (mine === this.asked) this.current = { head, sequence, weights, size }
    } catch {
      // The explorer shows its own failures; here the matrix is simply not there.
      if (mine === this.asked) this.current = null
    } finally {
      if (mine === this.asked) this.pending = false
    }
  }

  clear(): void {
    this.asked += 1
    this.current = null
    this.pending = false
  }

  /** The matrix, if it is of this head and sequence. */
  of(head: HeadRef, sequence: number | null): AttentionMatrix | null {
    const { current } = this
    if (!current || current.sequence !== sequence) return null
    return current.head.layer === head.layer && current.head.head === head.head ? current : null
  }
}
