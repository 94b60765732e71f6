import type { AtlasView } from '../ui/atlas-view.svelte'
import { AttentionState } from '../ui/attention-state.svelte'
import { PatternState } from './pattern-state.svelte'
import { SentenceState } from './sentence-state.svelte'
import { ValueState } from './value-state.svelte'

/** What the single view and the sentence view are set to; lives as long as the page. */
export class SingleState {
  readonly sentence = new SentenceState()
  readonly values: ValueState
  readonly pattern: PatternState
  /** Attention of the head that is compared with. */
  readonly compared: AttentionState

  constructor(atlas: AtlasView) {
    this.values = new ValueState(atlas.explorer)
    this.pattern = new PatternState(atlas.explorer)
    this.compared = new AttentionState(atlas.explorer)
  }
}
