import type { HeadRef, ViewId } from '../core/types'
import type { Selection } from './selection.svelte'

/** What an entry of the browser's history remembers: what was looked at, never settings. */
export interface RememberedPlace {
  view: ViewId
  head: HeadRef
  sequence: number | null
  token: number | null
  role: 'query' | 'key'
}

export function placeOf({ view, head, sequence, token, role }: Selection): RememberedPlace {
  return { view, head: { layer: head.layer, head: head.head }, sequence, token, role }
}

const isSameHead = (one: HeadRef, other: HeadRef): boolean => one.layer === other.layer && one.head === other.head

export const isSamePlace = (one: RememberedPlace, other: RememberedPlace | null): boolean =>
  other !== null &&
  one.view === other.view &&
  isSameHead(one.head, other.head) &&
  one.sequence === other.sequence &&
  one.token === other.token &&
  one.role === other.role

/** Whether a step opens something, so that Back should lead to the place before; moving in the matrix or pinning a token does not. */
export function opensPlace(before: RememberedPlace, after: RememberedPlace): boolean {
  if (before.view !== after.view) return true
  if (after.view === 'matrix') return false
  const isOtherSequence = before.sequence !== null && before.sequence !== after.sequence
  return !isSameHead(before.head, after.head) || (after.view === 'sequence' && isOtherSequence)
}

/** The state of an entry, which another version of the page may have written; null: none of ours. */
export function readPlace(state: unknown): RememberedPlace | null {
  if (typeof state !== 'object' || state === null) return null
  const { view, head, sequence, token, role } = state as Partial<RememberedPlace>
  const isIndex = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0
  if (view !== 'matrix' && view !== 'head' && view !== 'sequence') return null
  if (!head || !isIndex(head.layer) || !isIndex(head.head)) return null
  return {
    view,
    head: { layer: head.layer, head: head.head },
    sequence: isIndex(sequence) ? sequence : null,
    token: isIndex(token) ? token : null,
    role: role === 'key' ? 'key' : 'query',
  }
}
