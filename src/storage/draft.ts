import { indexedDbStore } from './key-value'
import { SavedWork, saveDelayMs, windowTimer } from './saved-work'

const key = 'attention-atlas-draft'

const stored = new SavedWork<string | null>(indexedDbStore('attention-atlas-saved'), {
  key: 'draft',
  delayMs: saveDelayMs,
  setTimer: windowTimer,
  onBlocked: () => undefined, // the explorer says so once for all that is stored
})

/** Nothing is stored before what is there was read. */
let isRead = false

/** Text that was typed but not shown yet, of this tab: a reload brings it back. Null where there is none, or nothing can be stored. */
export function loadDraft(): string | null {
  try {
    return sessionStorage.getItem(key)
  } catch {
    return null
  }
}

/**
 * Unshown text of the last visit, whichever tab it was in: it comes back after the browser was killed, when what belongs to
 * a tab is gone.
 */
export async function loadLastDraft(): Promise<string | null> {
  const draft = await stored.load()
  isRead = true
  return typeof draft === 'string' && draft !== '' ? draft : null
}

/** Keeps unshown text; null: there is none. Where nothing can be stored, nothing is. */
export function saveDraft(draft: string | null): void {
  if (isRead) stored.schedule(() => draft)
  try {
    if (draft === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, draft)
  } catch {
    // Storage is blocked or full: the text is still in the editor.
  }
}
