import type { HeadRef, Sequence } from '../core/types'
import type { ExplorerView } from '../state/api'
import { PatternSum, type PositionPattern } from './position-pattern'
import { Slices } from './slices'

/** Positions that are shown at most. */
export const mostPositions = 512
const reportMs = 200

interface Answer {
  key: string
  sequences: readonly Sequence[]
  pattern: PositionPattern
}

/** The pattern by position of the heads that are asked for, one at a time; what is there so far is shown. */
export class PatternState {
  #answer: Answer | null = $state.raw(null)
  #asked = 0
  #key = ''

  constructor(private readonly explorer: ExplorerView) {}

  of(head: HeadRef): PositionPattern | null {
    const answer = this.#answer
    return answer?.key === keyOf(head) && answer.sequences === this.explorer.sequences ? answer.pattern : null
  }

  async ask(head: HeadRef): Promise<void> {
    const { sequences } = this.explorer
    const key = keyOf(head)
    if (this.#key === key && this.#answer?.sequences === sequences) return
    this.#asked += 1
    const mine = this.#asked
    this.#key = key
    const size = Math.min(mostPositions, Math.max(0, ...sequences.map(({ tokens }) => tokens.length)))
    const sum = new PatternSum(size)
    const slices = new Slices()
    let reported = performance.now()
    try {
      for (const [index, { tokens }] of sequences.entries()) {
        if (tokens.length > 0) {
          const { weights, size: length } = await this.explorer.attention(head, index)
          if (mine !== this.#asked || this.explorer.sequences !== sequences) return
          sum.add(weights, length)
        }
        await slices.rest()
        if (mine !== this.#asked) return
        if (performance.now() - reported < reportMs && index < sequences.length - 1) continue
        reported = performance.now()
        this.#answer = { key, sequences, pattern: sum.mean() }
      }
    } catch {
      // The explorer shows its own failures.
      if (mine === this.#asked) this.#key = ''
    }
  }

  stop(): void {
    this.#asked += 1
    const done = this.#answer
    if (!done || done.pattern.sequences < this.explorer.sequences.length) this.#key = ''
  }
}

const keyOf = ({ layer, head }: HeadRef): string => `${layer}.${head}`
