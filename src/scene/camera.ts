import type { ScreenRect } from './api'

/** From the unzoomed canvas to the screen: screen = scale · position + offset, each axis on its own. */
export interface Affine {
  scaleX: number
  scaleY: number
  offsetX: number
  offsetY: number
}

/** What is looked at inside a rectangle: 1 = the whole of it; the centre in 0 … 1 of its width and height. */
export interface View {
  zoom: number
  centerX: number
  centerY: number
}

export const wholeView: Readonly<View> = { zoom: 1, centerX: 0.5, centerY: 0.5 }

export const mixAffine = (from: Affine, to: Affine, t: number): Affine => ({
  scaleX: from.scaleX + (to.scaleX - from.scaleX) * t,
  scaleY: from.scaleY + (to.scaleY - from.scaleY) * t,
  offsetX: from.offsetX + (to.offsetX - from.offsetX) * t,
  offsetY: from.offsetY + (to.offsetY - from.offsetY) * t,
})

/** The camera that puts rectangle `source` exactly on rectangle `target`. */
export function mapRect(source: ScreenRect, target: ScreenRect): Affine {
  const scaleX = target.width / Math.max(1e-9, source.width)
  const scaleY = target.height / Math.max(1e-9, source.height)
  return { scaleX, scaleY, offsetX: target.x - source.x * scaleX, offsetY: target.y - source.y * scaleY }
}

export const applyToRect = (camera: Affine, rect: ScreenRect): ScreenRect => ({
  x: rect.x * camera.scaleX + camera.offsetX,
  y: rect.y * camera.scaleY + camera.offsetY,
  width: rect.width * camera.scaleX,
  height: rect.height * camera.scaleY,
})

/**
 * Where the rectangle `home` (its place at zoom 1) lies on the screen under a view: at zoom 1 at home,
 * else with the view's centre in the middle of the home rectangle.
 */
export function viewedRect(home: ScreenRect, view: View): ScreenRect {
  const width = home.width * view.zoom
  const height = home.height * view.zoom
  return {
    x: home.x + home.width / 2 - view.centerX * width,
    y: home.y + home.height / 2 - view.centerY * height,
    width,
    height,
  }
}

/** Keeps the zoom within bounds and the rectangle over the whole of its home (so nothing can be lost by panning). */
export function clampView(view: View, maximalZoom: number): View {
  const zoom = Math.min(maximalZoom, Math.max(1, view.zoom))
  const half = 0.5 / zoom
  const clamp = (value: number): number => Math.min(1 - half, Math.max(half, value))
  return { zoom, centerX: clamp(view.centerX), centerY: clamp(view.centerY) }
}

/** Moves the content by (dx, dy) screen pixels. */
export function panView(home: ScreenRect, view: View, dx: number, dy: number, maximalZoom: number): View {
  return clampView(
    {
      zoom: view.zoom,
      centerX: view.centerX - dx / Math.max(1, home.width * view.zoom),
      centerY: view.centerY - dy / Math.max(1, home.height * view.zoom),
    },
    maximalZoom,
  )
}

/** Zooms by `factor` so that what is under the screen point (x, y) stays there, as far as the bounds allow. */
export function zoomView(
  home: ScreenRect,
  view: View,
  x: number,
  y: number,
  factor: number,
  maximalZoom: number,
): View {
  const rect = viewedRect(home, view)
  const atX = (x - rect.x) / Math.max(1e-9, rect.width)
  const atY = (y - rect.y) / Math.max(1e-9, rect.height)
  const zoom = Math.min(maximalZoom, Math.max(1, view.zoom * factor))
  return clampView(
    {
      zoom,
      centerX: atX - (x - home.x - home.width / 2) / Math.max(1, home.width * zoom),
      centerY: atY - (y - home.y - home.height / 2) / Math.max(1, home.height * zoom),
    },
    maximalZoom,
  )
}

/** First `inner`, then `outer`. */
export const composeAffine = (outer: Affine, inner: Affine): Affine => ({
  scaleX: outer.scaleX * inner.scaleX,
  scaleY: outer.scaleY * inner.scaleY,
  offsetX: outer.scaleX * inner.offsetX + outer.offsetX,
  offsetY: outer.scaleY * inner.offsetY + outer.offsetY,
})
