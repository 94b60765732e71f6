import type { ModelInfo } from '../core/types'
import { isFolder } from './model-folders'
import { readChoice, type ModelChoice } from './model-choice'

/** A model that was open in this browser before. */
export interface RecentModel {
  choice: ModelChoice
  bytes: number
  kind: ModelInfo['kind']
}

/** Where the list is kept between visits; reading or writing may throw. */
interface TextStore {
  read(): string | null
  write(text: string): void
}

const longest = 6

/** The last opened models, the latest first, each once. Built-in ones have a list of their own. */
export class RecentModels {
  readonly #store: TextStore
  #list: readonly RecentModel[]

  constructor(store: TextStore) {
    this.#store = store
    this.#list = readList(store)
  }

  get list(): readonly RecentModel[] {
    return this.#list
  }

  add(choice: Readonly<ModelChoice>, { bytes, kind }: Pick<ModelInfo, 'bytes' | 'kind'>): void {
    if (choice.id === null || choice.id.startsWith('builtin:') || isFolder(choice.id)) return
    const isOther = (entry: RecentModel) => keyOf(entry.choice) !== keyOf(choice)
    this.#write([{ choice: { ...choice }, bytes, kind }, ...this.#list.filter(isOther)].slice(0, longest))
  }

  clear(): void {
    this.#write([])
  }

  #write(list: readonly RecentModel[]): void {
    this.#list = list
    try {
      this.#store.write(JSON.stringify(this.#list))
    } catch {
      return // the list lives as long as the page
    }
  }
}

const keyOf = ({ id, revision, host, dtype, file }: Readonly<ModelChoice>) =>
  JSON.stringify([id, revision, host, dtype, file])

function readList(store: TextStore): RecentModel[] {
  try {
    const saved: unknown = JSON.parse(store.read() ?? '[]')
    return (Array.isArray(saved) ? saved : []).slice(0, longest).flatMap((entry: Partial<RecentModel> | null) => {
      const choice = readChoice(entry?.choice)
      if (!choice?.id || typeof entry?.bytes !== 'number') return []
      return [{ choice, bytes: entry.bytes, kind: entry.kind === 'image' ? 'image' : 'text' }]
    })
  } catch {
    return []
  }
}
