import { keptByLegend, type LegendChoice } from '../encodings/legend-filter'
import type { Encoding, EncodingContext } from '../encodings/types'
import type { SelectionView } from '../state/api'

const isSameColor = (one: Encoding, other: Encoding): boolean => one.id === other.id && one.name === other.name

const noChoice: LegendChoice = { entries: null, range: null }

export interface LegendPorts {
  encoding(): Encoding
  /** What the values rest on; null: they differ from head to head, and no head is opened. */
  context(): EncodingContext | null
  /** The same where no head is opened: enough for roles and categories. */
  sharedContext(): EncodingContext
}

/** The legend as a filter: what of it is shown, for the colour that it was chosen in. */
export class LegendState {
  private chosen: { readonly encoding: Encoding; readonly choice: LegendChoice } | null = $state.raw(null)
  private readonly choice: LegendChoice = $derived.by(() =>
    this.chosen && isSameColor(this.chosen.encoding, this.ports.encoding()) ? this.chosen.choice : noChoice,
  )
  /** Entries that are shown, all others being dimmed; null: all. */
  readonly entries: ReadonlySet<number> | null = $derived.by(() => this.choice.entries)
  /** A ramp can be cut to a range: its values are those of what is drawn. */
  readonly hasRange: boolean = $derived.by(() => this.ports.context() !== null)
  /** Part of the ramp that is shown, 0 … 1; null: all of it. */
  readonly range: readonly [number, number] | null = $derived.by(() => (this.hasRange ? this.choice.range : null))
  readonly isActive: boolean = $derived.by(() => this.entries !== null || this.range !== null)
  /** [n+m] 0 where the filter leaves a point out; null: no filter. */
  readonly kept: Uint8Array | null = $derived.by(() =>
    this.isActive
      ? keptByLegend(this.ports.encoding(), this.ports.context() ?? this.ports.sharedContext(), {
          entries: this.entries,
          range: this.range,
        })
      : null,
  )
  private readonly beforeChange: (run?: string) => void

  constructor(
    selection: Pick<SelectionView, 'include'>,
    private readonly ports: LegendPorts,
  ) {
    this.beforeChange = selection.include({
      read: () => this.chosen,
      write: (state) => (this.chosen = state as typeof this.chosen),
    })
  }

  /** Shows only an entry, or adds it to those shown, or takes it away; all or none: no filter by entries. */
  pick(entry: number, count: number): void {
    const before = [...(this.entries ?? [])]
    const after = before.includes(entry) ? before.filter((other) => other !== entry) : [...before, entry]
    const isAll = after.length === 0 || after.length === count
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- replaced as a whole
    this.set({ entries: isAll ? null : new Set(after), range: this.choice.range })
  }

  /** Shows only a part of the ramp, 0 … 1; the whole of it: no filter by range. */
  cut(from: number, to: number): void {
    const run = from === (this.choice.range?.[0] ?? 0) ? 'highest' : 'lowest'
    this.set({ entries: this.choice.entries, range: from <= 0 && to >= 1 ? null : [from, to] }, run)
  }

  clear(): void {
    this.set(noChoice)
  }

  private set(choice: LegendChoice, run?: string): void {
    this.beforeChange(run)
    this.chosen = choice.entries || choice.range ? { encoding: this.ports.encoding(), choice } : null
  }
}
