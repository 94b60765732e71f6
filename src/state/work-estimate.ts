/** Kinds of work by how long one head takes. */
export type WorkKind = 'base' | 'preview' | 'full' | 'figures'

/** How long the work still takes, from how long each kind took so far. */
export class WorkEstimate {
  readonly #means = new Map<WorkKind, { count: number; ms: number }>()

  /** One head of that kind took so many milliseconds of a worker. */
  record(kind: WorkKind, milliseconds: number): void {
    const mean = this.#means.get(kind) ?? { count: 0, ms: 0 }
    // Recent ones count more: the load of a machine changes.
    const weight = Math.max(1 / (mean.count + 1), 0.1)
    this.#means.set(kind, { count: mean.count + 1, ms: mean.ms + weight * (milliseconds - mean.ms) })
  }

  /** Milliseconds for so many heads of each kind on so many workers; null while nothing of a kind has been done. */
  left(counts: ReadonlyMap<WorkKind, number>, workers: number): number | null {
    let sum = 0
    for (const [kind, count] of counts) {
      if (count <= 0) continue
      const mean = this.#means.get(kind)
      if (!mean) return null
      sum += count * mean.ms
    }
    return sum / Math.max(1, workers)
  }
}
