import { AppError, toAppError } from '../core/errors'
import type { StoredModel } from '../state/model-library'
import type { ExportOptions } from '../storage/exports'
import type { AppActions } from './actions'
import { saveBlob } from './save-blob'

export type StoredKind = 'results' | 'models' | 'inputs'

/** What the menu for sessions and stored data knows. */
export class StorageState {
  results: { entries: number; bytes: number } | null = $state.raw(null)
  models: readonly StoredModel[] = $state.raw([])
  /** What is being written, as `kind format`; '': nothing. */
  saving: string = $state('')
  problem: AppError | null = $state.raw(null)
  readonly #actions: AppActions
  readonly #forgetDraft: () => void

  /** @param forgetDraft lets go of text that was not shown yet */
  constructor(actions: AppActions, forgetDraft: () => void) {
    this.#actions = actions
    this.#forgetDraft = forgetDraft
  }

  async look(): Promise<void> {
    const { stored, library } = this.#actions
    const [results, models] = await Promise.all([stored?.results() ?? null, library?.stored().catch(() => []) ?? []])
    this.results = results
    this.models = models
  }

  async remove(kinds: readonly StoredKind[]): Promise<void> {
    const { stored, library } = this.#actions
    if (kinds.includes('inputs')) {
      this.#forgetDraft()
      await stored?.clearInputs()
    }
    if (kinds.includes('models')) for (const model of this.models) await library?.remove(model)
    // Last: what is deleted first may be written again by a run that it stops.
    if (kinds.includes('results')) await stored?.clearResults()
    await this.look()
  }

  async save(kind: string, format: string, options?: ExportOptions): Promise<void> {
    this.saving = `${kind} ${format}`
    this.problem = null
    try {
      const { name, blob } = await this.#actions.export!(kind, format, options)
      saveBlob(blob, name)
    } catch (problem) {
      this.problem = toAppError(problem, 'NOT_AVAILABLE')
    } finally {
      this.saving = ''
    }
  }
}
