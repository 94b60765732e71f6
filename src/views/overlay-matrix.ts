import type { HeadRef } from '../core/types'
import type { AtlasSceneApi, ScreenRect } from '../scene/api'
import type { FidelityGrade } from '../ui/fidelity'
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
  drawGrades(context, scene, overlay, theme, size)
  outline(context, overlay.cursor && scene.tileRect(overlay.cursor), theme.textSoft, 1)
  outline(context, overlay.hovered && scene.tileRect(overlay.hovered), theme.text, 1)
  drawAxes(context, scene, overlay, theme, size)
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
  { layers, heads, hovered, cursor, base }: MatrixOverlay,
  theme: OverlayTheme,
  { width, height }: { width: number; height: number },
): void {
  const marked = hovered ?? cursor
  context.font = `11px ${theme.font}`
  context.textBaseline = 'middle'
  const first = scene.tileRect({ layer: 0, head: 0 })
  if (!first) return
  const rowX = Math.max(gutterPx - 8, first.x - 8)
  const columnY = Math.max(16, first.y - 10)
  veil(context, theme, first.x < gutterPx, first.y < 26, width, height)
  const rowStep = labelStep(first.height, 14)
  const columnStep = labelStep(first.width, 24)
  context.textAlign = 'right'
  for (let layer = 0; layer < layers; layer += 1) {
    const rect = scene.tileRect({ layer, head: 0 })
    if (!rect || rect.y + rect.height < 40 || rect.y > height - 16) continue
    const y = middleOf(Math.max(rect.y, 24), Math.min(rect.y + rect.height, height))
    if (layer % rowStep !== 0 && marked?.layer !== layer) continue
    context.fillStyle = marked?.layer === layer ? theme.text : theme.textFaint
    context.fillText(`L${layer + base}`, rowX, y)
  }
  context.textAlign = 'center'
  for (let head = 0; head < heads; head += 1) {
    const rect = scene.tileRect({ layer: 0, head })
    if (!rect || rect.x + rect.width < gutterPx + 16 || rect.x > width - 24) continue
    const x = middleOf(Math.max(rect.x, gutterPx), Math.min(rect.x + rect.width, width))
    if (head % columnStep !== 0 && marked?.head !== head) continue
    context.fillStyle = marked?.head === head ? theme.text : theme.textFaint
    context.fillText(`H${head + base}`, x, columnY)
  }
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

function drawGrades(
  context: CanvasRenderingContext2D,
  scene: AtlasSceneApi,
  overlay: MatrixOverlay,
  theme: OverlayTheme,
  { width, height }: { width: number; height: number },
): void {
  for (let layer = 0; layer < overlay.layers; layer += 1) {
    for (let head = 0; head < overlay.heads; head += 1) {
      const rect = scene.tileRect({ layer, head })
      if (!rect || rect.width < 28 || rect.x > width || rect.y > height) continue
      if (rect.x + rect.width < 0 || rect.y + rect.height < 0) continue
      const grade = overlay.gradeOf({ layer, head })
      if (!grade) continue
      const isMarked = isSameHead(overlay.hovered, { layer, head }) || isSameHead(overlay.cursor, { layer, head })
      drawGrade(context, rect.x + rect.width - 8, rect.y + 8, 3, grade, isMarked ? theme.text : theme.textFaint)
    }
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
  if (grade === 'unfaithful') return
  context.beginPath()
  context.arc(x, y, radius, grade === 'partly' ? Math.PI / 2 : 0, grade === 'partly' ? 1.5 * Math.PI : 2 * Math.PI)
  context.fill()
}
