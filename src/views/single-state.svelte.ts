import type { AtlasView } from '../ui/atlas-view.svelte'
import { AttentionState } from '../ui/attention-state.svelte'
import { defaultLinks, type LinkSettings } from './links'
import { MassState } from './mass-state.svelte'
import { PatternState } from './pattern-state.svelte'
import { SentenceState } from './sentence-state.svelte'
import { ValueState } from './value-state.svelte'

/** What the single view and the sentence view are set to; lives as long as the page. */
export class SingleState {
  readonly sentence = new SentenceState()
  readonly values: ValueState
  readonly pattern: PatternState
  readonly mass: MassState
  /** Attention of the head that is compared with. */
  readonly compared: AttentionState

  links: LinkSettings = $state.raw(defaultLinks)
  linksDrawn: number = $state(0)
  sizeByNorm: boolean = $state(false)
  /** What a plain drag draws; null: it moves the picture. Shift-drag draws a lasso in any case. */
  tool: 'lasso' | 'box' | null = $state(null)

  constructor(atlas: AtlasView) {
    this.values = new ValueState(atlas.explorer)
    this.pattern = new PatternState(atlas.explorer)
    this.mass = new MassState(atlas.explorer)
    this.compared = new AttentionState(atlas.explorer)
  }
}
