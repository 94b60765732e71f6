import type { AtlasView, PointWalk } from '../ui/atlas-view.svelte'

const directions = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' } as const

const isArrow = (key: string): key is keyof typeof directions => key in directions

/** Keys typed into a field, or that move inside a control, are that control's own. */
function belongsToControl(event: KeyboardEvent): boolean {
  const { target } = event
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true
  if (target instanceof HTMLInputElement) return event.key.length === 1 || isArrow(event.key) || event.key === 'Enter'
  return (
    (event.key === 'Enter' || event.key === ' ') &&
    target.id !== 'stage' &&
    (target instanceof HTMLButtonElement || target.tagName === 'A' || target.tagName === 'SUMMARY')
  )
}

/** Arrows move between heads, Enter opens, Esc steps back; one letter each for labels, text, reset, help. */
export function handleKey(event: KeyboardEvent, atlas: AtlasView): void {
  if (event.defaultPrevented || event.altKey) return
  if (event.ctrlKey || event.metaKey) {
    handleUndo(event, atlas)
    return
  }
  if (event.key === 'Escape') {
    atlas.stepBack()
    return
  }
  if (belongsToControl(event) || atlas.helpOpen) return
  if (atlas.walk?.isOn && walkByKey(event, atlas.walk)) {
    event.preventDefault()
    return
  }
  if (isArrow(event.key) && !isScrolled(event.target)) {
    const next = atlas.neighbourHead(directions[event.key])
    if (next) {
      atlas.selection.head = next
      atlas.selection.hover = null
    }
    event.preventDefault()
    return
  }
  const action = actionOf(event.key, atlas)
  if (!action) return
  action()
  event.preventDefault()
}

/** Arrows scroll what has the focus for that. */
const isScrolled = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.scrollHeight > target.clientHeight &&
  ['auto', 'scroll'].includes(getComputedStyle(target).overflowY)

/** Keys while walking over points; whether it was one. */
function walkByKey(event: KeyboardEvent, walk: PointWalk): boolean {
  if (isArrow(event.key)) walk.move(directions[event.key], event.shiftKey)
  else if (event.key === 'Enter') walk.pin()
  else if (event.key === ' ') walk.take()
  else return false
  return true
}

function actionOf(key: string, atlas: AtlasView): (() => void) | null {
  switch (key) {
    case 'Enter':
      return atlas.isMatrix && atlas.layers > 0 ? () => atlas.openHead(atlas.selection.head) : null
    case 'p':
      return atlas.walk ? () => atlas.walk?.toggle() : null
    case 'l':
      return () => (atlas.labels = !atlas.labels)
    case 't':
      return () => (atlas.textOpen = !atlas.textOpen)
    case '0':
      return () => (atlas.resetCount += 1)
    case '/':
      return () => (atlas.searchCalls += 1)
    case 'n':
      return () => atlas.showMatch(1)
    case 'N':
      return () => atlas.showMatch(-1)
    case '?':
      return () => (atlas.helpOpen = true)
    default:
      return null
  }
}

/** Ctrl+Z, Ctrl+Shift+Z, Ctrl+Y: what was looked at; a field undoes its own text. */
function handleUndo(event: KeyboardEvent, atlas: AtlasView): void {
  const key = event.key.toLowerCase()
  if ((key !== 'z' && key !== 'y') || isField(event.target)) return
  event.preventDefault()
  if (key === 'y' || event.shiftKey) atlas.actions.redo?.()
  else atlas.actions.undo?.()
}

/** Sliders and boxes have no undo of their own. */
const withoutText: readonly string[] = ['range', 'checkbox', 'radio']

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && !withoutText.includes(target.type))
