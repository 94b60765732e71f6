import { untrack } from 'svelte'
import { allFigureInfos, type FigureInfo } from '../core/figures'
import type { HeadRef, InputKind } from '../core/types'
import type { ExplorerView, SelectionView } from '../state/api'
import { ArrangementChoice } from '../state/arrangement-choice.svelte'
import { arrangeHeads, extentOf, shareOfExtent, type Extent, type HeadSort } from './arrange'
import type { SearchState } from './search-state.svelte'
import { t } from './strings'

/** Clustering of the search's matches, beside the figures of the registry. */
export const clusteringId = 'search_clustering'

const clusteringInfo: FigureInfo = {
  id: clusteringId,
  get label() {
    return t.search.clustering
  },
  get definition() {
    return t.search.clusteringDefinition
  },
  unit: '',
  range: [null, 1],
  better: null,
  get high() {
    return t.search.clusteringHigh
  },
  group: 'pattern',
  role: 'figure',
  needs: ['points'],
}

/** Whether the input of a model can have a figure at all; what kind it takes may not be known yet. */
const isOfKind = (needs: FigureInfo['needs'], kind: InputKind | undefined): boolean =>
  !needs.some((need) =>
    need === 'tokenIds' ? kind === 'image' : (need === 'patches' || need === 'pixels') && kind === 'text',
  )

/** By which figure the heads of the matrix are sorted, filtered and tinted. */
export class ArrangementState {
  get figure(): string {
    return this.choice.figure
  }
  get sort(): HeadSort {
    return this.choice.sort
  }
  set sort(sort: HeadSort) {
    this.beforeChange()
    this.choice.set({ sort })
  }
  get tint(): boolean {
    return this.choice.tint
  }
  set tint(tint: boolean) {
    this.beforeChange()
    this.choice.set({ tint })
  }
  get range(): readonly [number, number] | null {
    return this.choice.range
  }
  set range(range: readonly [number, number] | null) {
    this.beforeChange(range ? 'heads' : undefined)
    this.choice.set({ range })
  }

  /** What can be chosen now. */
  readonly choices: readonly FigureInfo[] = $derived.by(() => {
    const kind = this.explorer.model?.kind
    const figures = allFigureInfos.filter(({ role, needs }) => role === 'figure' && isOfKind(needs, kind))
    return this.search.count > 1 ? [clusteringInfo, ...figures] : figures
  })
  readonly info: FigureInfo | null = $derived.by(() => this.choices.find(({ id }) => id === this.figure) ?? null)

  /** [L·H] the figure of each head, null where it is not known or not defined. While heads stream in they stay as they were. */
  readonly values: readonly (number | null)[] = $derived.by(() => {
    const { explorer, search, info } = this
    const { model, status } = explorer
    if (!model || !info) return []
    if (info.id === clusteringId) void search.version
    else if (status === 'ready') void explorer.version
    return Array.from({ length: model.layers * model.heads }, (_, index) =>
      untrack(() => this.valueOf({ layer: Math.floor(index / model.heads), head: index % model.heads }, info.id)),
    )
  })
  readonly extent: Extent | null = $derived.by(() => extentOf(this.values))
  /** Place → head of the matrix; null: layers × heads. */
  readonly order: Int32Array | null = $derived.by(() => {
    const { model } = this.explorer
    return model && this.info && this.extent
      ? arrangeHeads(this.values, model.heads, { sort: this.sort, range: this.range })
      : null
  })
  /** [L·H] 0 … 1 from the lowest to the highest value, NaN without one; null: not tinted. */
  readonly tints: Float32Array | null = $derived.by(() => {
    const { extent } = this
    return this.tint && this.info && extent
      ? Float32Array.from(this.values, (value) => shareOfExtent(value, extent))
      : null
  })
  /** Heads that are drawn. */
  readonly shown: number = $derived.by(() =>
    this.order ? this.order.reduce((sum, head) => sum + (head >= 0 ? 1 : 0), 0) : this.values.length,
  )

  private readonly beforeChange: (run?: string) => void

  constructor(
    private readonly explorer: ExplorerView,
    private readonly search: SearchState,
    selection: Pick<SelectionView, 'include'>,
    private readonly choice: ArrangementChoice = new ArrangementChoice(),
  ) {
    this.beforeChange = selection.include({
      read: () => ({ figure: choice.figure, sort: choice.sort, tint: choice.tint, range: choice.range }),
      write: (state) => choice.set(state as Parameters<ArrangementChoice['set']>[0]),
    })
  }

  /** A figure of one head, or of another id than the chosen one. */
  valueOf(head: HeadRef, id: string = this.figure): number | null {
    if (id === clusteringId) return this.search.score(head)?.score ?? null
    return this.explorer.figures(head)?.[id] ?? null
  }

  choose(figure: string): void {
    this.beforeChange()
    this.choice.set({ figure })
  }

  get isActive(): boolean {
    return this.info !== null
  }

  reset(): void {
    this.choose('')
  }
}
