import type { HeadRef } from '../core/types'
import type { TokenTable } from '../encodings/types'
import type { AtlasSceneApi } from '../scene/api'
import { chooseLabels, type LabelCandidate } from '../scene/labels'
import { formatFigure } from '../ui/format'
import type { OverlayTheme } from './overlay-theme'
import { shorten } from '../ui/show-token'

export interface DrawnLink {
  from: number
  to: number
  weight: number
}

export interface HeadOverlay {
  head: HeadRef
  table: TokenTable
  /** −1: none. */
  pinned: number
  hovered: number
  sequence: number | null
  links: readonly DrawnLink[]
  labels: boolean
  /** Labels say the position too. */
  positions: boolean
  /** Weights beside the lines. */
  weights: boolean
  /** What is being drawn around points, [x0,y0,…]; null: nothing. */
  outline: readonly number[] | null
  /** Only these points get labels, ascending; null: any. */
  selected: readonly number[] | null
  /** Points in the order in which they get labels. */
  order: Int32Array
  show(point: number): string
}

const mostLabels = 110
/** One label on so many square pixels. */
const labelAreaPx = 8000
const triedLimit = 900
const labelHeight = 14

/** Attention lines, rings, and labels that do not cover each other. */
export function drawHeadOverlay(
  context: CanvasRenderingContext2D,
  scene: AtlasSceneApi,
  overlay: HeadOverlay,
  theme: OverlayTheme,
  size: { width: number; height: number },
): void {
  drawLinks(context, scene, overlay, theme)
  if (overlay.labels || overlay.pinned >= 0 || overlay.hovered >= 0) drawLabels(context, scene, overlay, theme, size)
  ring(context, scene, overlay, overlay.hovered, theme.textSoft, 1)
  ring(context, scene, overlay, overlay.pinned, theme.text, 1.5)
  if (overlay.outline) drawOutline(context, overlay.outline, theme)
}

function drawOutline(context: CanvasRenderingContext2D, polygon: readonly number[], theme: OverlayTheme): void {
  context.beginPath()
  for (let at = 0; at < polygon.length; at += 2) context.lineTo(polygon[at] ?? 0, polygon[at + 1] ?? 0)
  context.closePath()
  context.fillStyle = theme.text
  context.globalAlpha = 0.05
  context.fill()
  context.globalAlpha = 1
  context.strokeStyle = theme.textSoft
  context.lineWidth = 1
  context.setLineDash([4, 3])
  context.stroke()
  context.setLineDash([])
}

const screenOf = (scene: AtlasSceneApi, head: HeadRef, point: number): { x: number; y: number } | null =>
  point < 0 ? null : scene.screenOf({ head, point })

function ring(
  context: CanvasRenderingContext2D,
  scene: AtlasSceneApi,
  { head }: HeadOverlay,
  point: number,
  color: string,
  lineWidth: number,
): void {
  const at = screenOf(scene, head, point)
  if (!at) return
  context.strokeStyle = color
  context.lineWidth = lineWidth
  context.beginPath()
  context.arc(at.x, at.y, 8, 0, 2 * Math.PI)
  context.stroke()
}

function drawLinks(
  context: CanvasRenderingContext2D,
  scene: AtlasSceneApi,
  { head, links, weights }: HeadOverlay,
  theme: OverlayTheme,
): void {
  for (const { from, to, weight } of links) {
    const start = screenOf(scene, head, from)
    const end = screenOf(scene, head, to)
    if (!start || !end) continue
    context.globalAlpha = Math.min(1, weight)
    context.strokeStyle = theme.text
    context.lineWidth = weights ? 2 : 1.25
    context.beginPath()
    context.moveTo(start.x, start.y)
    context.lineTo(end.x, end.y)
    context.stroke()
    context.globalAlpha = 1
  }
}

function haloText(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  color: string,
  background: string,
): void {
  context.strokeStyle = background
  context.lineWidth = 3
  context.lineJoin = 'round'
  context.strokeText(text, x, y)
  context.fillStyle = color
  context.fillText(text, x, y)
}

/** Points that would like a label, most important first. */
function wanted({ table, order, pinned, hovered, links, sequence, labels, selected }: HeadOverlay): number[] {
  const points = new Set<number>()
  for (const point of [hovered, pinned, ...links.flatMap(({ from, to }) => [to, from])]) {
    if (point >= 0) points.add(point)
  }
  if (!labels) return [...points]
  const inside = selected && new Set(selected)
  for (const point of order) {
    if (points.size >= triedLimit) break
    const isWanted = inside ? inside.has(point) : sequence === null || table.sequenceOf[point] === sequence
    if (isWanted) points.add(point)
  }
  return [...points]
}

interface Label extends LabelCandidate {
  text: string
  /** The position, smaller, behind the text. */
  suffix: string
  suffixX: number
  font: string
  color: string
}

const besidePx = 10
const suffixGapPx = 3
const suffixDigitPx = 5.5
/** After the hovered, the pinned and its linked tokens. */
const weightRank = 6.5

/** Weights at the middle of their lines. */
function weightLabels(
  context: CanvasRenderingContext2D,
  scene: AtlasSceneApi,
  overlay: HeadOverlay,
  theme: OverlayTheme,
): Label[] {
  const { head, links } = overlay
  if (!overlay.weights) return []
  const font = `11px ${theme.font}`
  context.font = font
  return links.flatMap(({ from, to, weight }): Label[] => {
    const start = screenOf(scene, head, from)
    const end = screenOf(scene, head, to)
    if (!start || !end || Math.hypot(end.x - start.x, end.y - start.y) < 72) return []
    const text = formatFigure(weight)
    const width = context.measureText(text).width
    const x = (start.x + end.x - width) / 2
    const y = (start.y + end.y - labelHeight) / 2
    return [
      {
        x,
        y,
        width,
        height: labelHeight,
        priority: overlay.table.n + overlay.table.m - weightRank,
        text,
        suffix: '',
        suffixX: 0,
        font,
        color: theme.text,
      },
    ]
  })
}

/** Whether the pinned point's lines lead to the right, where its label would stand. */
function linesGoRight(scene: AtlasSceneApi, { head, links, pinned }: HeadOverlay): boolean {
  const start = screenOf(scene, head, pinned)
  if (!start) return false
  const lean = links.reduce((sum, { from, to, weight }) => {
    if (from !== pinned && to !== pinned) return sum
    const end = screenOf(scene, head, from === pinned ? to : from)
    return end ? sum + weight * Math.sign(end.x - start.x) : sum
  }, 0)
  return lean > 0 && start.x > 120
}

function tokenLabels(
  context: CanvasRenderingContext2D,
  scene: AtlasSceneApi,
  overlay: HeadOverlay,
  theme: OverlayTheme,
  size: { width: number; height: number },
): Label[] {
  const points = wanted(overlay)
  const font = `11px ${theme.fontToken}`
  context.font = font
  return points.flatMap((point, rank): Label[] => {
    const at = screenOf(scene, overlay.head, point)
    if (!at || at.x < 0 || at.y < 0 || at.x > size.width || at.y > size.height) return []
    const text = shorten(overlay.show(point), 18)
    const textWidth = context.measureText(text).width
    const suffix = overlay.positions ? `${overlay.table.positionOf[point] ?? 0}` : ''
    const width = textWidth + (suffix ? suffixGapPx + suffix.length * suffixDigitPx : 0)
    const onLeft =
      at.x + besidePx + width > size.width - 4 || (point === overlay.pinned && linesGoRight(scene, overlay))
    const strong = point === overlay.hovered || point === overlay.pinned
    return [
      {
        x: onLeft ? at.x - besidePx - width : at.x + besidePx,
        y: at.y - labelHeight / 2,
        width,
        height: labelHeight,
        priority: overlay.table.n + overlay.table.m - rank,
        text,
        suffix,
        suffixX: textWidth + suffixGapPx,
        font,
        color: strong ? theme.text : theme.textSoft,
      },
    ]
  })
}

function drawLabels(
  context: CanvasRenderingContext2D,
  scene: AtlasSceneApi,
  overlay: HeadOverlay,
  theme: OverlayTheme,
  size: { width: number; height: number },
): void {
  const labels = [...weightLabels(context, scene, overlay, theme), ...tokenLabels(context, scene, overlay, theme, size)]
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  for (const index of chooseLabels(labels, {
    padding: 3,
    limit: Math.min(mostLabels, Math.ceil((size.width * size.height) / labelAreaPx)),
  })) {
    const label = labels[index]
    if (!label) continue
    context.font = label.font
    haloText(context, label.text, label.x, label.y + labelHeight / 2, label.color, theme.background)
    if (label.suffix === '') continue
    context.font = `9px ${theme.font}`
    haloText(
      context,
      label.suffix,
      label.x + label.suffixX,
      label.y + labelHeight / 2 + 3,
      theme.textFaint,
      theme.background,
    )
  }
}

/** Of a point's nearest neighbours in the picture, how many are of its own sequence. */
export function countOwnNeighbours(
  points: Float32Array,
  dims: number,
  table: TokenTable,
  point: number,
  count: number,
): { own: number; all: number } {
  const total = table.n + table.m
  const nearest: { distance: number; other: number }[] = []
  for (let other = 0; other < total; other += 1) {
    if (other === point) continue
    let distance = 0
    for (let axis = 0; axis < dims; axis += 1) {
      distance += ((points[other * dims + axis] ?? 0) - (points[point * dims + axis] ?? 0)) ** 2
    }
    const last = nearest.at(-1)
    if (nearest.length === count && last && distance >= last.distance) continue
    const at = nearest.findIndex((candidate) => candidate.distance > distance)
    nearest.splice(at < 0 ? nearest.length : at, 0, { distance, other })
    if (nearest.length > count) nearest.pop()
  }
  const own = nearest.filter(({ other }) => table.sequenceOf[other] === table.sequenceOf[point]).length
  return { own, all: nearest.length }
}
