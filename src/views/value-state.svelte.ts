import type { HeadRef, Sequence } from '../core/types'
import type { ExplorerView } from '../state/api'

/** Value vectors of one head over all sequences. */
export interface HeadValues {
  /** [m,dim] */
  v: Float32Array
  dim: number
  /** [m] their 2-norms. */
  norms: Float32Array
  median: number
}

const kept = 6

/** Value vectors of the heads that were asked for last. */
export class ValueState {
  #known: Readonly<Record<string, HeadValues>> = $state.raw({})
  #sequences: readonly Sequence[] | null = null
  #asked: readonly string[] = []

  constructor(private readonly explorer: ExplorerView) {}

  /** null: not there yet, or of other sequences. */
  of(head: HeadRef): HeadValues | null {
    const known = this.#known[keyOf(head)]
    return this.#sequences === this.explorer.sequences ? (known ?? null) : null
  }

  /** Fetches what is not there. Failures leave it missing: the explorer shows them itself. */
  async ask(head: HeadRef): Promise<void> {
    const { sequences, model } = this.explorer
    if (this.#sequences !== sequences) {
      this.#sequences = sequences
      this.#known = {}
      this.#asked = []
    }
    const key = keyOf(head)
    if (!model || this.#known[key] || this.#asked.includes(key)) return
    this.#asked = [...this.#asked, key]
    try {
      const { v, m } = await this.explorer.vectors({ layer: head.layer, head: head.head })
      if (this.explorer.sequences !== sequences || m === 0) return
      const entry = measure(v, m)
      this.#known = Object.fromEntries([...Object.entries(this.#known), [key, entry] as const].slice(-kept))
    } catch {
      // Shown by the explorer.
    } finally {
      this.#asked = this.#asked.filter((other) => other !== key)
    }
  }
}

const keyOf = ({ layer, head }: HeadRef): string => `${layer}.${head}`

function measure(v: Float32Array, m: number): HeadValues {
  const dim = v.length / m
  const norms = new Float32Array(m)
  for (let row = 0; row < m; row += 1) {
    let square = 0
    for (let at = row * dim; at < (row + 1) * dim; at += 1) square += v[at]! * v[at]!
    norms[row] = Math.sqrt(square)
  }
  const sorted = norms.slice().sort()
  return { v, dim, norms, median: sorted[Math.floor(m / 2)] ?? 0 }
}
