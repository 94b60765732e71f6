import type { Drafts, LeftDraft } from '../storage/draft'

type DraftsPort = Pick<Drafts, 'left' | 'adopt' | 'putBy' | 'forget'>

/** The text editor, as far as drafts need it. */
export interface Editor {
  /** What was typed and not shown yet; null: nothing. */
  unshown(): string | null
  write(text: string): void
}

/** Text that closed tabs left unshown: the newest comes into an editor that holds nothing of its own, the others are offered. */
export class LeftDrafts {
  /** What is offered, the newest first. */
  list: readonly LeftDraft[] = $state.raw([])
  readonly #drafts: DraftsPort | null
  readonly #editor: Editor

  constructor(drafts: DraftsPort | null, editor: Editor) {
    this.#drafts = drafts
    this.#editor = editor
  }

  async load(): Promise<void> {
    if (!this.#drafts) return
    this.list = await this.#drafts.left()
    if (this.#editor.unshown() === null) this.bring()
  }

  /** The newest comes into the editor; what the user wrote there since is put by in its place. */
  bring(): void {
    const [first, ...others] = this.list
    if (!first || !this.#drafts) return
    const before = this.#editor.unshown()
    this.list = others
    if (before !== null) void this.#drafts.putBy(before).then((draft) => (this.list = [...this.list, draft]))
    this.#editor.write(first.text)
    void this.#drafts.adopt(first)
  }

  /** Lets go of all that is offered. */
  forget(): void {
    for (const { key } of this.list) void this.#drafts?.forget(key)
    this.list = []
  }

  /** The same, and of what was left since the page was opened. */
  async forgetAll(): Promise<void> {
    this.list = []
    for (const { key } of (await this.#drafts?.left()) ?? []) await this.#drafts?.forget(key)
  }
}
