const key = 'attention-atlas-draft'

/** Text that was typed but not shown yet, of this tab: a reload brings it back. Null where there is none, or nothing can be stored. */
export function loadDraft(): string | null {
  try {
    return sessionStorage.getItem(key)
  } catch {
    return null
  }
}

/** Keeps unshown text; null: there is none. Where nothing can be stored, nothing is. */
export function saveDraft(draft: string | null): void {
  try {
    if (draft === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, draft)
  } catch {
    // Storage is blocked or full: the text is still in the editor.
  }
}
