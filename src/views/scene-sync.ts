import type { HeadRef } from '../core/types'
import type { Encoding, EncodingContext, TokenTable } from '../encodings/types'
import type { AtlasSceneApi } from '../scene/api'
import type { ExplorerView } from '../state/api'

/** What a head's colours rest on; without a head what all heads share. */
export type ContextOf = (head: HeadRef | null) => EncodingContext

/** Carries the run's pictures and colours into the scene, each once. */
export class SceneSync {
  private readonly scene: AtlasSceneApi
  private readonly drawn = new Map<number, Float32Array>()
  private layout = { layers: 0, heads: 0, n: 0, m: 0 }
  private waiting: number[] = []
  private readonly colored = new Set<number>()
  private readonly stopgaps = new Set<number>()
  private colors: {
    encoding: Encoding | null
    table: TokenTable | null
    layout: object | null
    matches: Uint8Array | null
  } = {
    encoding: null,
    table: null,
    layout: null,
    matches: null,
  }

  constructor(scene: AtlasSceneApi) {
    this.scene = scene
  }

  /** Whether what is drawn belongs to this input: until the first new head is there, the picture before stays. */
  matches(table: TokenTable): boolean {
    return this.layout.n === table.n && this.layout.m === table.m && table.n > 0
  }

  get headsDrawn(): number {
    return this.drawn.size
  }

  isDrawn({ layer, head }: HeadRef): boolean {
    return this.drawn.has(layer * this.layout.heads + head)
  }

  /** Whether the grid that is drawn has this head: it is the one before until the first new head is there. */
  has({ layer, head }: HeadRef): boolean {
    return layer < this.layout.layers && head < this.layout.heads
  }

  /** Layers and heads of the grid that is drawn. */
  get grid(): { layers: number; heads: number } {
    return this.layout
  }

  /**
   * Draws pictures that are new until `goOn` says stop. `anew`: the grid was laid out anew (colours must follow); `more`: some
   * still wait.
   */
  drawSome(
    explorer: ExplorerView,
    table: TokenTable,
    animate: boolean,
    goOn: () => boolean,
  ): { anew: boolean; more: boolean } {
    const { model } = explorer
    if (!model || table.n === 0) return { anew: false, more: false }
    let anew = false
    for (let layer = 0; layer < model.layers; layer += 1) {
      for (let head = 0; head < model.heads; head += 1) {
        const picture = explorer.picture({ layer, head })
        if (!picture || picture.n !== table.n || picture.m !== table.m) continue
        const index = layer * model.heads + head
        const isLaidOut = !this.layOut(model.layers, model.heads, picture.n, picture.m, table)
        if (!isLaidOut) anew = true
        const before = this.drawn.get(index)
        if (before === picture.points) continue
        if (!goOn()) return { anew, more: true }
        this.scene.setHead({ layer, head }, picture.points, picture.dims, animate && before !== undefined)
        this.drawn.set(index, picture.points)
      }
    }
    return { anew, more: false }
  }

  /** Whether every picture that the run has for this input is drawn. */
  isComplete(explorer: Pick<ExplorerView, 'model' | 'picture'>, table: TokenTable): boolean {
    const { model } = explorer
    if (!model || table.n === 0) return true
    for (let layer = 0; layer < model.layers; layer += 1) {
      for (let head = 0; head < model.heads; head += 1) {
        const wanted = explorer.picture({ layer, head })
        if (!wanted || wanted.n !== table.n || wanted.m !== table.m) continue
        if (this.drawn.get(layer * model.heads + head) !== wanted.points) return false
      }
    }
    return true
  }

  private sequences: unknown = null

  private layOut(layers: number, heads: number, n: number, m: number, table: TokenTable): boolean {
    const { layout } = this
    if (layout.layers === layers && layout.heads === heads && layout.n === n && layout.m === m) {
      const changed = this.sequences !== table.sequences
      this.sequences = table.sequences
      return changed
    }
    this.layout = { layers, heads, n, m }
    this.sequences = table.sequences
    this.drawn.clear()
    this.scene.setLayout({ layers, heads, queries: n, keys: m })
    return true
  }

  /**
   * Colours that all heads share are set at once; those of single heads wait for `colorSome`, visible ones first. Asked again
   * for the same colours, only heads that have none yet wait.
   */
  startColors(
    encoding: Encoding,
    table: TokenTable,
    visible: readonly HeadRef[],
    contextOf: ContextOf,
    matches: Uint8Array | null = null,
  ): void {
    if (!this.matches(table)) return
    const isSame =
      this.colors.encoding === encoding &&
      this.colors.layout === this.layout &&
      (encoding.id !== 'search' || this.colors.matches === matches)
    if (isSame && encoding.scope === 'token' && this.colors.table === table) return
    if (!isSame || this.colors.table !== table) {
      this.colors = { encoding, table, layout: this.layout, matches }
      this.colored.clear()
      this.stopgaps.clear()
    }
    this.waiting = []
    if (encoding.scope === 'token') {
      this.scene.setColors(null, encoding.indices(contextOf(null)))
      return
    }
    const indices = new Set(visible.map(({ layer, head }) => layer * this.layout.heads + head))
    for (let index = 0; index < this.layout.layers * this.layout.heads; index += 1) indices.add(index)
    this.waiting = [...indices].filter((index) => !this.colored.has(index))
  }

  /** Colours waiting heads until `goOn` says stop; answers whether some still wait. */
  colorSome(encoding: Encoding, contextOf: ContextOf, goOn: () => boolean): boolean {
    while (this.waiting.length > 0 && goOn()) {
      const index = this.waiting.shift() ?? 0
      const head = { layer: Math.floor(index / this.layout.heads), head: index % this.layout.heads }
      const context = contextOf(head)
      const isKnown = (encoding.needs === 'attention' ? context.attention : context.norms) !== null
      if (!isKnown && this.stopgaps.has(index)) continue
      this.scene.setColors(head, encoding.indices(context))
      // Without what they rest on the colours are a stopgap: the head waits for the next start.
      ;(isKnown ? this.colored : this.stopgaps).add(index)
    }
    return this.waiting.length > 0
  }
}

/** [n+m]: points of the pinned sequence as usual, its pinned token standing out, all others dimmed; null: nothing pinned. */
export function emphasisOf(table: TokenTable, sequence: number | null, pinned: number): Uint8Array | null {
  if (sequence === null) return null
  const emphasis = Uint8Array.from(table.sequenceOf, (of) => (of === sequence ? 1 : 0))
  if (pinned >= 0 && pinned < emphasis.length) emphasis[pinned] = 2
  return emphasis
}

/** [n+m]: selected points as usual, the pinned one standing out, all others dimmed. */
export function selectionEmphasis(table: TokenTable, points: readonly number[], pinned: number): Uint8Array {
  const emphasis = new Uint8Array(table.n + table.m)
  for (const point of points) if (point < emphasis.length) emphasis[point] = 1
  if (pinned >= 0 && pinned < emphasis.length) emphasis[pinned] = 2
  return emphasis
}
