import { isAppError, toAppError, type AppError } from '../core/errors'
import type {
  BuiltinModel,
  Inspection,
  ModelLibraryPort,
  OpenRequest,
  StorageUse,
  StoredModel,
  WeightFileChoice,
} from '../state/model-library'
import type { AppActions } from './actions'

export type BackendChoice = 'auto' | 'webgpu' | 'wasm'

/** What the model menu shows and what was chosen in it. Lives while the menu is open. */
export class ModelPicker {
  readonly #actions: AppActions
  readonly #library: ModelLibraryPort | undefined
  readonly #onRequests: () => void

  builtins: readonly BuiltinModel[] = $state.raw([])
  stored: readonly StoredModel[] = $state.raw([])
  storage: StorageUse | null = $state.raw(null)
  /** What was typed. */
  id = $state('')
  revision = $state('')
  host = $state('')
  backend: BackendChoice = $state('auto')
  /** The model that is looked at; null: the list is shown. */
  request: OpenRequest | null = $state.raw(null)
  inspection: Inspection | null = $state.raw(null)
  problem: AppError | null = $state.raw(null)
  looking = $state(false)

  /** @param onRequests called when the library may have asked for something */
  constructor(actions: AppActions, onRequests: () => void = () => undefined) {
    this.#actions = actions
    this.#onRequests = onRequests
    this.#library = actions.library
  }

  get defaultHost(): string {
    return this.#library?.host ?? ''
  }

  async load(): Promise<void> {
    const [builtins] = await Promise.all([this.#library?.builtins().catch(() => []), this.loadStorage()])
    this.builtins = builtins ?? []
    this.#onRequests()
  }

  async loadStorage(): Promise<void> {
    const [stored, storage] = await Promise.all([
      this.#library?.stored().catch(() => []),
      this.#library?.storage().catch(() => null),
    ])
    this.stored = stored ?? []
    this.storage = storage ?? null
  }

  async remove(model: StoredModel): Promise<void> {
    await this.#library?.remove(model)
    await this.loadStorage()
  }

  async persist(): Promise<void> {
    await this.#library?.persist()
    await this.loadStorage()
  }

  /** Looks at what was typed. */
  lookAtTyped(): Promise<void> {
    return this.look({
      model: this.id.trim(),
      revision: this.revision.trim() || null,
      host: this.host.trim() || null,
    })
  }

  /** Shows a model's files and what is in the proposed one. */
  async look(request: OpenRequest): Promise<void> {
    this.request = { backend: this.backend, ...request }
    this.inspection = null
    await this.#inspect()
  }

  /** Another file of the model that is looked at. */
  async chooseFile({ stem, dtype }: WeightFileChoice): Promise<void> {
    if (!this.request) return
    this.request = { ...this.request, file: stem, dtype }
    await this.#inspect()
  }

  async chooseBackend(backend: BackendChoice): Promise<void> {
    this.backend = backend
    if (!this.request) return
    this.request = { ...this.request, backend }
    await this.#inspect()
  }

  back(): void {
    this.request = null
    this.inspection = null
    this.problem = null
    this.looking = false
  }

  /** Opens the model that is looked at. Returns whether the menu has done its work. */
  open(): boolean {
    if (!this.request) return false
    const { inspection } = this
    // What was proposed is opened, whatever a later look would propose.
    const file = inspection && !inspection.id.startsWith('builtin:') ? inspection.chosen : null
    void this.#library?.persist()
    return this.#open({ ...this.request, ...(file && { file: file.stem, dtype: file.dtype }) })
  }

  openBuiltin({ id }: BuiltinModel): boolean {
    return this.#open({ model: id, backend: this.backend })
  }

  #open(request: OpenRequest): boolean {
    try {
      this.#actions.openModel?.(request)
      return true
    } catch (error) {
      this.problem = toAppError(error, 'BAD_ARGUMENT')
      return false
    }
  }

  async #inspect(): Promise<void> {
    const { request } = this
    if (!request || !this.#library) return
    this.problem = null
    this.looking = true
    try {
      const inspection = await this.#library.inspect(request)
      if (this.request === request) this.inspection = inspection
    } catch (error) {
      if (this.request !== request || (isAppError(error) && error.code === 'CANCELLED')) return
      this.problem = toAppError(error, 'NETWORK')
    } finally {
      this.#onRequests()
      if (this.request === request) this.looking = false
    }
  }
}
