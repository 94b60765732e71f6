import type { HeadRef } from '../core/types'
import type { TokenTable } from '../encodings/types'
import type { ExplorerView } from '../state/api'
import { massInside, selectionBySequence } from './selection-summary'
import { Slices } from './slices'

/** Means over the selected queries. */
export interface SelectionMass {
  inside: number
  even: number
  queries: number
}

/** Where the attention of the selected queries goes in one head; the latest question wins. */
export class MassState {
  current: SelectionMass | null = $state.raw(null)
  #asked = 0

  constructor(private readonly explorer: ExplorerView) {}

  clear(): void {
    this.#asked += 1
    this.current = null
  }

  async ask(head: HeadRef, table: TokenTable, points: readonly number[]): Promise<void> {
    this.#asked += 1
    const mine = this.#asked
    this.current = null
    const mask = this.explorer.model?.masks[head.layer] ?? { causal: false, window: null }
    const sum: SelectionMass = { inside: 0, even: 0, queries: 0 }
    const slices = new Slices()
    try {
      for (const [sequence, group] of selectionBySequence(table, points)) {
        if (group.queries.length === 0) continue
        const { weights, size } = await this.explorer.attention(head, sequence)
        if (mine !== this.#asked || size !== group.keys.length) return
        const { inside, even } = massInside(weights, size, group, mask)
        sum.inside += inside
        sum.even += even
        sum.queries += group.queries.length
        await slices.rest()
        if (mine !== this.#asked) return
      }
      const { queries } = sum
      const count = Math.max(1, queries)
      this.current = { inside: sum.inside / count, even: sum.even / count, queries }
    } catch {
      // The explorer shows its own failures; here the figure is simply not there.
    }
  }
}
