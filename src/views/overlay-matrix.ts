import type { HeadRef } from '../core/types'
import type { AtlasSceneApi, ScreenRect } from '../scene/api'
import type { FidelityGrade } from '../ui/fidelity'
import { groupEnds, type HeadGroups } from '../ui/head-groups'
import { isSameHead } from '../ui/head-name'
import type { OverlayTheme } from './overlay-theme'

export interface MatrixOverlay {
  layers: number
  heads: number
  hovered: HeadRef | null
  /** Layers and heads are counted from it. */
  base: 0 | 1
  /** The head that the keyboard is on. */
  cursor: HeadRef | null
  gradeOf(head: HeadRef): FidelityGrade | null
  /** Tiles are no longer layers × heads: each says its own name. */
  isSorted: boolean
  /** Heads that share keys; null: none do. */
  groups: HeadGroups | null
  nameOf(head: HeadRef): string
  /** 0 … 1, null: no tint. */
  tintOf(head: HeadRef): number | null
  /** How far a head's picture is, 0 … 1; null: it is final, or nothing is being computed. */
  progressOf(head: HeadRef): number | null
  /** The figure that heads are arranged by, as text; '': none. */
  valueOf(head: HeadRef): string
}

const gutterPx = 36

/** Layer and head names at the edges (they stay while the matrix is moved), grades in the tiles, outlines. */
export function drawMatrixOverlay(
  context: CanvasRenderingContext2D,
  scene: AtlasSceneApi,
  overlay: MatrixOverlay,
  theme: OverlayTheme,
  size: { width: number; height: number },
): void {
  drawTiles(context, scene, overlay, theme, size)
  outline(context, overlay.cursor && scene.tileRect(overlay.cursor), theme.textSoft, 1)
  outline(context, overlay.hovered && scene.tileRect(overlay.hovered), theme.text, 1)
  if (!overlay.isSorted) drawAxes(context, scene, overlay, theme, size)
}

function outline(
  context: CanvasRenderingContext2D,
  rect: ScreenRect | null | undefined,
  color: string,
  lineWidth: number,
): void {
  if (!rect) return
  context.strokeStyle = color
  context.lineWidth = lineWidth
  context.beginPath()
  context.roundRect(
    Math.round(rect.x) - 0.5,
    Math.round(rect.y) - 0.5,
    Math.round(rect.width) + 1,
    Math.round(rect.height) + 1,
    3,
  )
  context.stroke()
}

function drawAxes(
  context: CanvasRenderingContext2D,
  scene: AtlasSceneApi,
  { layers, heads, hovered, cursor, base, groups }: MatrixOverlay,
  theme: OverlayTheme,
  { width, height }: { width: number; height: number },
): void {
  const marked = hovered ?? cursor
  context.font = `11px ${theme.font}`
  context.textBaseline = 'middle'
  const rows = Array.from({ length: layers }, (_, layer) => firstRect(scene, heads, (head) => ({ layer, head })))
  const columns = Array.from({ length: heads }, (_, head) => firstRect(scene, layers, (layer) => ({ layer, head })))
  const [row] = rows.filter((rect) => rect !== null)
  const [column] = columns.filter((rect) => rect !== null)
  if (!row || !column) return
  const first = { x: column.x, y: row.y, width: column.width, height: row.height }
  const rowX = Math.max(gutterPx - 8, first.x - 8)
  const columnY = Math.max(16, first.y - 10)
  veil(context, theme, first.x < gutterPx, first.y < 26, width, height)
  const rowStep = labelStep(first.height, 14)
  const columnStep = labelStep(first.width, 24)
  context.textAlign = 'right'
  for (let layer = 0; layer < layers; layer += 1) {
    const rect = rows[layer]
    if (!rect || rect.y + rect.height < 40 || rect.y > height - 16) continue
    const y = middleOf(Math.max(rect.y, 24), Math.min(rect.y + rect.height, height))
    if (layer % rowStep !== 0 && marked?.layer !== layer) continue
    context.fillStyle = marked?.layer === layer ? theme.text : theme.textFaint
    context.fillText(`L${layer + base}`, rowX, y)
  }
  context.textAlign = 'center'
  for (let head = 0; head < heads; head += 1) {
    const rect = columns[head]
    if (!rect || rect.x + rect.width < gutterPx + 16 || rect.x > width - 24) continue
    const x = middleOf(Math.max(rect.x, gutterPx), Math.min(rect.x + rect.width, width))
    if (head % columnStep !== 0 && marked?.head !== head) continue
    context.fillStyle = marked?.head === head ? theme.text : theme.textFaint
    context.fillText(`H${head + base}`, x, columnY)
  }
  if (groups) drawBrackets(context, columns, groups, Math.max(24, first.y - 3), theme)
}

/** In a row or column, the first head that has a place: a filter may leave out the others. */
function firstRect(scene: AtlasSceneApi, count: number, at: (index: number) => HeadRef): ScreenRect | null {
  for (let index = 0; index < count; index += 1) {
    const rect = scene.tileRect(at(index))
    if (rect) return rect
  }
  return null
}

/** A bracket over the heads that share keys. */
function drawBrackets(
  context: CanvasRenderingContext2D,
  columns: readonly (ScreenRect | null)[],
  groups: HeadGroups,
  y: number,
  theme: OverlayTheme,
): void {
  context.strokeStyle = theme.textFaint
  context.lineWidth = 1
  context.beginPath()
  for (let group = 0; group < groups.count; group += 1) {
    const [from, to] = groupEnds(groups, group)
    const rects = columns.slice(from, to + 1).filter((rect) => rect !== null)
    const [left] = rects
    const right = rects.at(-1)
    if (!left || !right || right.x + right.width < gutterPx) continue
    const x = Math.round(Math.max(gutterPx, left.x)) + 0.5
    const end = Math.round(right.x + right.width) - 0.5
    context.moveTo(x, y + 3)
    context.lineTo(x, y + 0.5)
    context.lineTo(end, y + 0.5)
    context.lineTo(end, y + 3)
  }
  context.stroke()
}

const middleOf = (from: number, to: number): number => (from + to) / 2

/** Every label, or every second, fifth, tenth … where tiles are smaller than a label. */
export function labelStep(tilePx: number, labelPx: number): number {
  return [1, 2, 5, 10, 20, 50].find((step) => step * tilePx >= labelPx) ?? 100
}

function veil(
  context: CanvasRenderingContext2D,
  theme: OverlayTheme,
  left: boolean,
  top: boolean,
  width: number,
  height: number,
): void {
  context.fillStyle = theme.background
  context.globalAlpha = 0.88
  if (left) context.fillRect(0, 0, gutterPx - 2, height)
  if (top) context.fillRect(0, 0, width, 25)
  context.globalAlpha = 1
}

/** The darkest tint; on top of the points, so it stays light. */
const strongestTint = 0.2
const smallestNamedPx = 52

function drawTiles(
  context: CanvasRenderingContext2D,
  scene: AtlasSceneApi,
  overlay: MatrixOverlay,
  theme: OverlayTheme,
  { width, height }: { width: number; height: number },
): void {
  for (let layer = 0; layer < overlay.layers; layer += 1) {
    for (let head = 0; head < overlay.heads; head += 1) {
      const rect = scene.tileRect({ layer, head })
      if (!rect || rect.x > width || rect.y > height) continue
      if (rect.x + rect.width < 0 || rect.y + rect.height < 0) continue
      const tint = overlay.tintOf({ layer, head })
      if (tint !== null) {
        context.globalAlpha = 0.02 + (strongestTint - 0.02) * tint
        context.fillStyle = theme.text
        context.fillRect(rect.x, rect.y, rect.width, rect.height)
        context.globalAlpha = 1
      }
      drawProgress(context, rect, overlay.progressOf({ layer, head }), theme)
      if (rect.width < 28) continue
      const grade = overlay.gradeOf({ layer, head })
      const isMarked = isSameHead(overlay.hovered, { layer, head }) || isSameHead(overlay.cursor, { layer, head })
      if (rect.width >= smallestNamedPx && rect.height >= 32) {
        const name = overlay.isSorted ? overlay.nameOf({ layer, head }) : ''
        drawNames(context, rect, name, overlay.valueOf({ layer, head }), isMarked ? theme.text : theme.textSoft, theme)
      }
      if (!grade) continue
      drawGrade(context, rect.x + rect.width - 8, rect.y + 8, 3, grade, isMarked ? theme.text : theme.textFaint)
    }
  }
}

/** A hairline along the lower edge that fills while the head is worked on. */
function drawProgress(
  context: CanvasRenderingContext2D,
  rect: ScreenRect,
  share: number | null,
  theme: OverlayTheme,
): void {
  if (share === null) return
  const y = Math.round(rect.y + rect.height) - 2
  context.fillStyle = theme.textFaint
  context.globalAlpha = 0.3
  context.fillRect(rect.x, y, rect.width, 2)
  context.globalAlpha = 1
  context.fillStyle = theme.textSoft
  context.fillRect(rect.x, y, rect.width * share, 2)
}

/** The head's name in one corner, its figure in another, each with a hint of background to be read over points. */
function drawNames(
  context: CanvasRenderingContext2D,
  rect: ScreenRect,
  name: string,
  value: string,
  color: string,
  theme: OverlayTheme,
): void {
  if (!name && !value) return
  context.font = `10px ${theme.font}`
  context.textBaseline = 'middle'
  context.textAlign = 'left'
  context.lineWidth = 3
  context.lineJoin = 'round'
  context.strokeStyle = theme.background
  context.fillStyle = color
  for (const [text, y] of [
    [name, rect.y + 9],
    [value, rect.y + rect.height - 8],
  ] as const) {
    if (!text) continue
    context.globalAlpha = 0.75
    context.strokeText(text, rect.x + 5, y)
    context.globalAlpha = 1
    context.fillText(text, rect.x + 5, y)
  }
}

/** Full disc: faithful; half: partly; ring: do not read distances. */
export function drawGrade(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  grade: FidelityGrade,
  color: string,
): void {
  context.lineWidth = 1
  context.strokeStyle = color
  context.fillStyle = color
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.stroke()
  if (grade === 'unreliable') return
  context.beginPath()
  context.arc(x, y, radius, grade === 'partly' ? Math.PI / 2 : 0, grade === 'partly' ? 1.5 * Math.PI : 2 * Math.PI)
  context.fill()
}
