import type { HeadRef } from '../core/types'
import type { WorkKind } from './work-estimate'

/** Which head is worked on next: read anew whenever a worker is free, so it follows panning and opening at once. */
export class HeadOrder {
  #heads = 1
  #visible: readonly HeadRef[] = []
  #places = new Map<number, number>()
  /** The opened head. */
  focus: HeadRef | null = null

  /** Heads in each layer of the model. */
  set heads(heads: number) {
    this.#heads = heads
    this.visible = this.#visible
  }

  get visible(): readonly HeadRef[] {
    return this.#visible
  }

  /** What the views show, most wanted first. */
  set visible(heads: readonly HeadRef[]) {
    this.#visible = heads
    this.#places = new Map(heads.map((head, place) => [this.#indexOf(head), place]))
  }

  /**
   * Smaller comes first: base pictures of all heads, then the opened head (or the first visible one) up to its figures, so
   * that it is known early how long one takes, then visible heads, then the others; figures last.
   */
  rank(kind: WorkKind, index: number): number {
    const place = this.#places.get(index)
    const within = place === undefined ? 0 : place / (this.#places.size + 1)
    if (kind === 'base') return within + (place === undefined && !this.#isFirst(index) ? 1 : 0)
    if (this.#isFirst(index)) return ranks.first[kind]
    return (place === undefined ? ranks.hidden : ranks.visible)[kind] + within
  }

  #isFirst(index: number): boolean {
    const first = this.focus ?? this.#visible[0]
    return first !== undefined && this.#indexOf(first) === index
  }

  #indexOf = ({ layer, head }: HeadRef): number => layer * this.#heads + head
}

const ranks: Record<'first' | 'visible' | 'hidden', Record<Exclude<WorkKind, 'base'>, number>> = {
  first: { preview: 10, full: 11, figures: 12 },
  visible: { preview: 20, full: 30, figures: 60 },
  hidden: { preview: 40, full: 50, figures: 70 },
}
