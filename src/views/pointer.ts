import type { AtlasSceneApi } from '../scene/api'

export interface PointerHandlers {
  hover(x: number, y: number): void
  leave(): void
  click(x: number, y: number): void
  /** After a wheel step: where, and by which factor. */
  zoomed(x: number, y: number, factor: number): void
  /** Whether a plain drag orbits. */
  orbits(): boolean
  /** What a drag that begins now draws instead of moving the picture; null: nothing. */
  drawsOutline(shift: boolean): 'lasso' | 'box' | null
  /** The outline so far, [x0,y0,x1,y1,…]; null: given up. */
  outline(polygon: readonly number[] | null): void
  /** A finished outline. */
  enclose(polygon: readonly number[]): void
}

const clickPx = 5
/** Steps of an outline. */
const outlineStepPx = 3

function extend(
  { kind, polygon }: { kind: 'lasso' | 'box'; polygon: number[] },
  { x, y }: { x: number; y: number },
): void {
  if (kind === 'box') {
    const [left = x, top = y] = polygon
    polygon.splice(2, polygon.length, x, top, x, y, left, y)
  } else if (Math.hypot(x - (polygon.at(-2) ?? x), y - (polygon.at(-1) ?? y)) >= outlineStepPx) polygon.push(x, y)
}

/** Wheel zooms, drag pans (orbits in three dimensions; the right button pans there), two fingers pinch; a drag can draw an outline instead. Returns the way to stop. */
export function listenToPointers(target: HTMLElement, scene: AtlasSceneApi, handlers: PointerHandlers): () => void {
  const pointers = new Map<number, { x: number; y: number }>()
  let moved = 0
  let button = 0
  let drawing: { kind: 'lasso' | 'box'; polygon: number[] } | null = null

  const place = (event: MouseEvent): { x: number; y: number } => {
    const box = target.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  const down = (event: PointerEvent): void => {
    if (event.button === 1) event.preventDefault()
    if (pointers.size === 0) {
      moved = 0
      button = event.button
      const kind = button === 0 ? handlers.drawsOutline(event.shiftKey) : null
      const { x, y } = place(event)
      drawing = kind && { kind, polygon: [x, y] }
    } else if (drawing) {
      drawing = null
      handlers.outline(null)
    }
    pointers.set(event.pointerId, place(event))
    target.setPointerCapture(event.pointerId)
  }

  const move = (event: PointerEvent): void => {
    const now = place(event)
    const before = pointers.get(event.pointerId)
    if (!before) {
      if (event.pointerType !== 'touch') handlers.hover(now.x, now.y)
      return
    }
    const dx = now.x - before.x
    const dy = now.y - before.y
    moved += Math.hypot(dx, dy)
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
    pointers.set(event.pointerId, now)
    if (drawing && !other) {
      handlers.leave()
      extend(drawing, now)
      handlers.outline(drawing.polygon)
    } else if (other) {
      const distanceBefore = Math.hypot(before.x - other.x, before.y - other.y)
      const distance = Math.hypot(now.x - other.x, now.y - other.y)
      scene.pan(dx / 2, dy / 2)
      if (distanceBefore > 0) scene.zoomAt((now.x + other.x) / 2, (now.y + other.y) / 2, distance / distanceBefore)
    } else if (moved > clickPx) {
      handlers.leave()
      target.dataset.dragging = ''
      if (handlers.orbits() && button === 0) scene.orbit(dx, dy)
      else scene.pan(dx, dy)
    }
  }

  const up = (event: PointerEvent): void => {
    const known = pointers.delete(event.pointerId)
    if (pointers.size > 0) return
    delete target.dataset.dragging
    const { x, y } = place(event)
    const drawn = drawing
    drawing = null
    if (drawn) {
      handlers.outline(null)
      if (event.type === 'pointerup' && moved > clickPx) {
        handlers.enclose(drawn.polygon)
        return
      }
    }
    if (known && event.type === 'pointerup' && moved <= clickPx && button === 0) handlers.click(x, y)
  }

  const wheel = (event: WheelEvent): void => {
    event.preventDefault()
    const { x, y } = place(event)
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY
    // A trackpad's pinch arrives as a wheel with Ctrl and small steps.
    const factor = Math.exp(-Math.max(-240, Math.min(240, pixels)) * (event.ctrlKey ? 0.01 : 0.0018))
    scene.zoomAt(x, y, factor)
    handlers.zoomed(x, y, factor)
  }

  const leave = (): void => handlers.leave()
  const menu = (event: Event): void => event.preventDefault()

  const listeners: [string, (event: never) => void][] = [
    ['pointerdown', down],
    ['pointermove', move],
    ['pointerup', up],
    ['pointercancel', up],
    ['pointerleave', leave],
    ['wheel', wheel],
    ['contextmenu', menu],
  ]
  for (const [name, listener] of listeners) target.addEventListener(name, listener as EventListener, { passive: false })
  return () => {
    for (const [name, listener] of listeners) target.removeEventListener(name, listener as EventListener)
  }
}
