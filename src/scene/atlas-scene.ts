import { WebGLRenderer } from 'three'
import { AppError } from '../core/errors'
import type { HeadRef } from '../core/types'
import type { AtlasSceneApi, PointRef, SceneLayout, SceneStatistics, SceneTheme, ScreenPoint, ScreenRect } from './api'
import {
  applyToRect,
  mapRect,
  mixAffine,
  panView,
  viewedRect,
  wholeView,
  zoomView,
  type Affine,
  type View,
} from './camera'
import { Drawing } from './drawing'
import { easeInOut, progressOf } from './easing'
import { FrameFence } from './frame-fence'
import { gridBounds, invertOrder, layoutGrid, placeAt, placeRect, type Grid } from './grid'
import { HeadStore, type Sight, type StoredHead } from './head-store'
import { nearestSlot, slotsInPolygon } from './picking'
import { pointSizePx } from './point-size'
import { pointKind } from './positions'
import { projectionOf, projectSlot, type HeadView } from './projector'
import { Quality } from './quality'
import { mixRotation, orbitRotation, restingRotation, rotationMatrix, type Quaternion } from './rotation'
import { headsPerRow, headTexels } from './shaders'

export interface AtlasSceneOptions {
  /** No motion: everything is where it belongs at once. Asked before each motion. */
  reducedMotion?: () => boolean
  durationMs?: number
  /** Points kept on the device for the matrix; above it tiles show a fair part of each head, the single view all. */
  pointBudget?: number
  now?: () => number
  requestFrame?: (draw: () => void) => number
  cancelFrame?: (handle: number) => void
}

interface Motion {
  startMs: number
}

const radiansPerPixel = 0.008
const largestFocusZoom = 40
const focusInsetPx = 8
const quietMs = 250
/** A device that has not answered by then is not waited for: some drivers never do. */
const longestWaitMs = 3000
/** Centre of what has no place: far outside. */
const nowhere = -1e7

/**
 * Draws all heads with WebGL2: one draw call for the points of all heads, one for their tiles; frames only when something changed.
 * Throws NOT_AVAILABLE where the browser has no WebGL2.
 */
export class AtlasScene implements AtlasSceneApi {
  private readonly renderer: WebGLRenderer
  private readonly drawing: Drawing
  private readonly fence: FrameFence
  private readonly quality = new Quality()
  private readonly durationMs: number
  private readonly now: () => number
  private readonly listeners = new Set<() => void>()

  private layout: SceneLayout = { layers: 0, heads: 0, queries: 0, keys: 0 }
  private store: HeadStore
  private order: Int32Array = new Int32Array(0)
  private places: Int32Array = new Int32Array(0)
  private grid: Grid = layoutGrid(0, 0, 1, 1)
  private emphasisBySlot: Uint8Array | null = null
  private readonly ownColors = new Map<number, Uint8Array>()
  private commonColors: Uint8Array = new Uint8Array(0)

  private theme: SceneTheme | null = null
  private width = 1
  private height = 1
  private pixelRatio = 1
  private matrixView: View = wholeView
  private focusView: View = wholeView
  private rotation: Quaternion = restingRotation

  private focused = -1
  /** The head that fills the canvas or is on its way there or back. */
  private flying = -1
  private flight: (Motion & { from: Affine; mixFrom: number }) | null = null
  private turn: (Motion & { from: Quaternion }) | null = null
  /** Tile centres [heads,2] from where a new order lets them travel. */
  private reorder: (Motion & { from: Float32Array }) | null = null
  private readonly moving = new Set<number>()

  private frameHandle: number | null = null
  /** Something changed since the last frame. */
  private isStale = false
  /** The frame that the device is working on. */
  private inWork: { fraction: number; startMs: number } | null = null
  private quietTimer: ReturnType<typeof setTimeout> | null = null
  private quietSinceMs = 0
  private headsStale = true
  private detailStale = true
  private lost = false
  private disposed = false
  private frameMs = 0

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly options: AtlasSceneOptions = {},
  ) {
    this.durationMs = options.durationMs ?? 250
    this.now = options.now ?? (() => performance.now())
    const context = canvas.getContext('webgl2', {
      alpha: false,
      antialias: false,
      depth: true,
      powerPreference: 'high-performance',
    })
    if (!context) {
      throw new AppError(
        'NOT_AVAILABLE',
        'The picture cannot be drawn because this browser offers no WebGL 2; switch on hardware acceleration or use a current browser.',
      )
    }
    this.renderer = new WebGLRenderer({ canvas, context, antialias: false })
    this.drawing = new Drawing(this.renderer)
    this.fence = new FrameFence(context)
    this.store = this.makeStore()
    this.drawing.setStore(this.store)
    canvas.addEventListener('webglcontextlost', this.onContextLost)
    canvas.addEventListener('webglcontextrestored', this.onContextRestored)
  }

  setLayout(layout: SceneLayout): void {
    const isSameGrid = layout.layers === this.layout.layers && layout.heads === this.layout.heads
    this.layout = { ...layout }
    this.store = this.makeStore()
    this.drawing.setStore(this.store)
    this.commonColors = Uint8Array.from({ length: this.store.count }, (_, point) => (point < layout.queries ? 0 : 1))
    this.ownColors.clear()
    this.emphasisBySlot = null
    this.moving.clear()
    this.flight = this.turn = this.reorder = null
    this.detailStale = true
    if (isSameGrid) this.flying = this.focused
    else {
      this.order = Int32Array.from({ length: this.store.heads }, (_, head) => head)
      this.focused = this.flying = -1
      this.matrixView = this.focusView = wholeView
      this.rotation = restingRotation
    }
    for (let head = 0; head < this.store.heads; head++) this.writeColors(head, this.commonColors)
    this.arrange()
  }

  setHead(ref: HeadRef, points: Float32Array, dims: 2 | 3, animate: boolean): void {
    const head = this.indexOf(ref)
    if (points.length !== this.store.count * dims) {
      throw new AppError(
        'BAD_ARGUMENT',
        `Head L${ref.layer} H${ref.head} needs ${this.store.count} points of ${dims} coordinates, but ${points.length} numbers were given.`,
      )
    }
    const sight = this.moves(animate) ? this.sight() : null
    const { originChanged } = this.store.setPoints(head, points, dims, this.now(), sight)
    this.touch(head, originChanged, sight !== null)
  }

  setColors(ref: HeadRef | null, indices: Uint8Array): void {
    this.checkLength(indices, 'colours')
    if (ref === null) {
      this.commonColors = indices.slice()
      this.ownColors.clear()
      for (let head = 0; head < this.store.heads; head++) this.writeColors(head, indices)
    } else {
      const head = this.indexOf(ref)
      this.ownColors.set(head, indices.slice())
      this.writeColors(head, indices)
    }
    this.detailStale = true
    this.invalidate()
  }

  setPalette(rgba: Uint8Array): void {
    this.drawing.setPalette(rgba)
    this.invalidate()
  }

  setEmphasis(emphasis: Uint8Array | null): void {
    if (emphasis) this.checkLength(emphasis, 'emphasis values')
    this.emphasisBySlot = emphasis ? Uint8Array.from(this.store.slots, (point) => emphasis[point]!) : null
    this.drawing.setEmphasis(this.emphasisBySlot ?? new Uint8Array(this.store.count).fill(1))
    this.invalidate()
  }

  setOrder(order: Int32Array | null): void {
    const from = new Float32Array(this.store.heads * 2)
    for (let head = 0; head < this.store.heads; head++) {
      const rect = this.baseRect(head)
      from[head * 2] = rect ? rect.x + rect.width / 2 : nowhere
      from[head * 2 + 1] = rect ? rect.y + rect.height / 2 : nowhere
    }
    this.order = order ? order.slice() : Int32Array.from({ length: this.store.heads }, (_, head) => head)
    this.reorder = this.moves(this.focused === -1) ? { startMs: Infinity, from } : null
    this.arrange()
  }

  setTheme(theme: SceneTheme): void {
    this.theme = { ...theme }
    this.drawing.setTheme(theme)
    this.invalidate()
  }

  resize(width: number, height: number, pixelRatio: number): void {
    this.pixelRatio = Math.max(0.25, pixelRatio)
    this.renderer.setPixelRatio(this.pixelRatio)
    this.renderer.setSize(Math.max(1, width), Math.max(1, height), false)
    // The canvas has whole pixels: measure with what it has, or sprites would be off by a fraction.
    this.width = this.canvas.width / this.pixelRatio
    this.height = this.canvas.height / this.pixelRatio
    this.flight = null
    this.arrange()
    // Setting the size has wiped the canvas: draw before the browser shows it.
    this.draw(this.quality.draftFraction)
  }

  showMatrix(animate: boolean): void {
    if (this.focused === -1) return
    this.fly(animate, () => {
      this.focused = -1
    })
  }

  showHead(ref: HeadRef, animate: boolean): void {
    const head = this.indexOf(ref)
    if (head === this.focused) return
    if (this.focused !== -1 && this.flight === null) {
      const before = this.focused
      this.focused = this.flying = head
      if (this.moves(animate) && this.store.travelFrom(head, before, this.now(), this.sight())) {
        this.touch(head, true, true)
      }
      this.headsStale = this.detailStale = true
      this.invalidate()
      return
    }
    this.fly(animate, () => {
      this.focused = this.flying = head
      this.focusView = wholeView
    })
  }

  get focus(): HeadRef | null {
    return this.focused === -1 ? null : this.refOf(this.focused)
  }

  pan(dx: number, dy: number): void {
    this.moveView((home, view, limit) => panView(home, view, dx, dy, limit))
  }

  zoomAt(x: number, y: number, factor: number): void {
    this.moveView((home, view, limit) => zoomView(home, view, x, y, factor, limit))
  }

  orbit(dx: number, dy: number): void {
    this.turn = null
    this.rotation = orbitRotation(this.rotation, dx * radiansPerPixel, dy * radiansPerPixel)
    this.invalidate()
  }

  resetCamera(animate: boolean): void {
    if (this.moves(animate)) this.turn = { startMs: Infinity, from: this.currentRotation() }
    this.fly(animate, () => {
      if (this.focused === -1) this.matrixView = wholeView
      else this.focusView = wholeView
      this.rotation = restingRotation
    })
  }

  headAt(x: number, y: number): HeadRef | null {
    const head = this.headIndexAt(x, y)
    return head === -1 ? null : this.refOf(head)
  }

  pick(x: number, y: number, radius?: number): PointRef | null {
    const head = this.headIndexAt(x, y)
    const view = head === -1 ? null : this.headView(head)
    if (!view) return null
    const reach = radius ?? Math.max(6, this.pointSize(this.currentCamera()) / 2 + 3)
    const slot = nearestSlot(view, x, y, reach, this.emphasisBySlot)
    return slot === -1 ? null : { head: this.refOf(head), point: this.store.slots[slot]! }
  }

  pickPolygon(polygon: readonly number[]): number[] {
    const view = this.focused === -1 ? null : this.headView(this.focused)
    if (!view) return []
    return slotsInPolygon(view, polygon)
      .map((slot) => this.store.slots[slot]!)
      .sort((a, b) => a - b)
  }

  screenOf({ head: ref, point }: PointRef): ScreenPoint | null {
    const head = this.indexOf(ref)
    const slot = this.store.slotOf[point]
    const view = this.isDrawn(head) ? this.headView(head) : null
    if (!view || slot === undefined || view.target[slot * 4 + 3] === pointKind.hidden) return null
    const { x, y, z } = projectSlot(view, slot)
    const flat = this.store.head(head)!.targetFrame.dims === 2 && view.travel === null
    return { x, y, depth: flat ? 0 : Math.min(1, Math.max(0, 0.5 - z / 2.8)) }
  }

  tileRect(ref: HeadRef): ScreenRect | null {
    const head = this.indexOf(ref)
    return this.isDrawn(head) ? this.screenRect(head) : null
  }

  visibleHeads(): HeadRef[] {
    if (this.onlyFocus) return [this.refOf(this.focused)]
    const camera = this.currentCamera()
    const found: HeadRef[] = []
    for (const head of this.order) {
      const base = head >= 0 && head < this.store.heads ? this.baseRect(head) : null
      if (!base) continue
      const rect = applyToRect(camera, base)
      const isInside =
        rect.x < this.width && rect.y < this.height && rect.x + rect.width > 0 && rect.y + rect.height > 0
      if (isInside) found.push(this.refOf(head))
    }
    return found
  }

  onFrame(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** PNG of `scale` pixels a CSS pixel, less where the device cannot draw that many. Rejects with DEVICE_LOST without a context. */
  snapshot(scale: number): Promise<Blob> {
    if (this.lost || this.disposed) return Promise.reject(contextLostError())
    const limit = this.renderer.capabilities.maxTextureSize / Math.max(this.width, this.height)
    const ratio = Math.max(0.1, Math.min(scale, limit))
    this.renderer.setPixelRatio(ratio)
    this.render(ratio, 1)
    const picture = new Promise<Blob>((resolve, reject) => {
      this.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(contextLostError())), 'image/png')
    })
    this.renderer.setPixelRatio(this.pixelRatio)
    this.render(this.pixelRatio, 1)
    return picture
  }

  statistics(): SceneStatistics {
    // Front, back and depth buffer.
    const drawingBuffer = this.canvas.width * this.canvas.height * 12
    return {
      drawCalls: this.renderer.info.render.calls,
      frameMs: this.frameMs,
      gpuBytes: this.drawing.gpuBytes + drawingBuffer,
      points: this.store.heads * this.store.count,
    }
  }

  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    if (this.frameHandle !== null) (this.options.cancelFrame ?? cancelAnimationFrame)(this.frameHandle)
    if (this.quietTimer !== null) clearTimeout(this.quietTimer)
    this.fence.clear()
    this.canvas.removeEventListener('webglcontextlost', this.onContextLost)
    this.canvas.removeEventListener('webglcontextrestored', this.onContextRestored)
    this.listeners.clear()
    this.moving.clear()
    this.drawing.dispose()
  }

  // ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private invalidate(): void {
    this.isStale = true
    this.quietSinceMs = this.now()
    this.requestFrame()
  }

  private requestFrame(): void {
    if (this.frameHandle !== null || this.disposed || this.lost) return
    this.frameHandle = (this.options.requestFrame ?? requestAnimationFrame)(() => {
      this.frameHandle = null
      this.tick()
    })
  }

  /** One frame at a time: a device that is still busy with the last one gets no other, so nothing lags behind the hand. */
  private tick(): void {
    const waitedMs = this.inWork ? this.now() - this.inWork.startMs : 0
    if (this.fence.isPending && waitedMs < longestWaitMs) return this.requestFrame()
    if (this.inWork) {
      this.quality.record(this.inWork.fraction, waitedMs)
      this.inWork = null
      this.fence.clear()
    }
    if (this.isStale) this.draw(this.quality.draftFraction)
  }

  private draw(fraction: number): void {
    if (this.disposed || this.lost) return
    const begin = performance.now()
    const now = this.now()
    this.isStale = false
    this.startMotions(now)
    const drawn = this.render(this.pixelRatio, fraction)
    const isMoving = this.endMotions(now)
    this.fence.set()
    this.inWork = { fraction: drawn, startMs: now }
    this.frameMs = performance.now() - begin
    for (const listener of this.listeners) listener()
    if (isMoving) this.invalidate()
    else this.requestFrame() // to learn when the device is done
    if (drawn < 1) this.completeWhenQuiet()
  }

  /** After a thinned frame: the whole picture once nothing has changed for a while. */
  private completeWhenQuiet(): void {
    if (this.quietTimer !== null || this.disposed) return
    this.quietTimer = setTimeout(() => {
      this.quietTimer = null
      const isBusy = this.isStale || this.fence.isPending || this.now() - this.quietSinceMs < quietMs - 1
      if (isBusy) this.completeWhenQuiet()
      else this.draw(1)
    }, quietMs)
  }

  private render(pixelRatio: number, fraction: number): number {
    const now = this.now()
    if (this.headsStale || this.moving.size > 0 || this.reorder) this.writeHeads(now)
    const onlyFocus = this.onlyFocus
    if (onlyFocus && this.detailStale) this.writeDetail(this.focused)
    const camera = this.currentCamera()
    return this.drawing.render({
      camera,
      width: this.width,
      height: this.height,
      pixelRatio,
      rotation: rotationMatrix(this.currentRotation()),
      pointSize: this.pointSize(camera),
      focus: this.flying,
      focusMix: this.focusMix(),
      onlyFocus,
      fraction,
    })
  }

  /** Motions begin with their first frame, so that work before it does not eat them up. */
  private startMotions(now: number): void {
    for (const motion of [this.flight, this.turn, this.reorder]) {
      if (motion && motion.startMs === Infinity) motion.startMs = now
    }
    for (const index of this.moving) {
      const head = this.store.head(index)!
      if (head.travelStartMs === Infinity) head.travelStartMs = now
      if (head.fadeStartMs === Infinity) head.fadeStartMs = now
    }
  }

  /** Forgets motions that are over; whether there is another frame to draw. */
  private endMotions(now: number): boolean {
    const isOver = (startMs: number): boolean => progressOf(startMs, this.durationMs, now) >= 1
    let isMoving = false
    if (this.flight) {
      isMoving = true // one more frame: the last state differs in what is drawn
      if (isOver(this.flight.startMs)) {
        this.flight = null
        this.flying = this.focused
      }
    }
    if (this.turn && isOver(this.turn.startMs)) this.turn = null
    if (this.reorder && isOver(this.reorder.startMs)) {
      this.reorder = null
      this.headsStale = true
    }
    for (const index of this.moving) {
      const head = this.store.head(index)!
      if (!isOver(head.travelStartMs) || !isOver(head.fadeStartMs)) continue
      head.travelStartMs = head.fadeStartMs = -Infinity
      this.moving.delete(index)
      this.headsStale = true
    }
    return isMoving || this.turn !== null || this.reorder !== null || this.moving.size > 0 || this.headsStale
  }

  private writeHeads(now: number): void {
    const data = this.drawing.headData
    for (let index = 0; index < this.store.heads; index++) {
      const row = Math.floor(index / headsPerRow)
      const at = (row * headsPerRow * headTexels + (index - row * headsPerRow) * headTexels) * 4
      const rect = this.baseRect(index)
      data[at] = rect ? rect.x + rect.width / 2 : nowhere
      data[at + 1] = rect ? rect.y + rect.height / 2 : nowhere
      data[at + 2] = rect ? rect.width / 2 : 0
      data[at + 3] = rect ? rect.height / 2 : 0
      const head = this.store.head(index)
      if (head) this.writeHead(data, at + 4, head, now, rect !== null)
      else data.fill(0, at + 4, at + 12)
    }
    this.headsStale = false
    this.drawing.updateHeads()
  }

  private writeHead(data: Float32Array, at: number, head: StoredHead, now: number, isPlaced: boolean): void {
    data[at] = head.targetFrame.extentX
    data[at + 1] = head.targetFrame.extentY
    data[at + 2] = head.originFrame.extentX
    data[at + 3] = head.originFrame.extentY
    data[at + 4] = this.store.travel(head, now)
    data[at + 5] = head.targetFrame.dims === 3 ? 1 : 0
    data[at + 6] = head.originFrame.dims === 3 ? 1 : 0
    // Never quite 0: a head on its way in counts as there.
    data[at + 7] = isPlaced ? Math.max(1e-3, easeInOut(progressOf(head.fadeStartMs, this.durationMs, now))) : 0
  }

  private writeDetail(index: number): void {
    const head = this.store.head(index)
    if (!head) return
    const colors = this.ownColors.get(index) ?? this.commonColors
    this.drawing.setDetail(
      index,
      head.target,
      head.origin,
      Uint8Array.from(this.store.slots, (point) => colors[point]!),
    )
    this.detailStale = false
  }

  private writeColors(head: number, indices: Uint8Array): void {
    const { chunks, chunkSlots, slots, count } = this.store
    const colors = this.drawing.colors
    for (let chunk = 0; chunk < chunks; chunk++) {
      const start = this.store.chunkStart(head, chunk)
      const first = chunk * chunkSlots
      const size = Math.min(chunkSlots, count - first)
      for (let i = 0; i < size; i++) colors[start + i] = indices[slots[first + i]!]!
      this.drawing.updateColors(start, chunkSlots)
    }
  }

  private touch(head: number, originChanged: boolean, isMoving: boolean): void {
    for (let chunk = 0; chunk < this.store.chunks; chunk++) {
      this.drawing.updatePoints(this.store.chunkStart(head, chunk), this.store.chunkSlots, originChanged)
    }
    if (isMoving) this.moving.add(head)
    this.headsStale = true
    if (head === this.focused) this.detailStale = true
    this.invalidate()
  }

  // ── cameras ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private get onlyFocus(): boolean {
    return this.focused !== -1 && this.flight === null
  }

  private fly(animate: boolean, change: () => void): void {
    const from = this.currentCamera()
    const mixFrom = this.focusMix()
    change()
    this.flight = this.moves(animate) ? { startMs: Infinity, from, mixFrom } : null
    if (!this.flight) this.flying = this.focused
    this.headsStale = this.detailStale = true
    this.invalidate()
  }

  private moveView(change: (home: ScreenRect, view: View, maximalZoom: number) => View): void {
    const home = this.home
    const before = viewedRect(home, this.view)
    const view = change(home, this.view, this.focused === -1 ? this.largestMatrixZoom : largestFocusZoom)
    if (this.focused === -1) this.matrixView = view
    else this.focusView = view
    // A flight goes on from where the same movement brings its start.
    if (this.flight) this.flight.from = compose(mapRect(before, viewedRect(home, view)), this.flight.from)
    this.invalidate()
  }

  private get view(): View {
    return this.focused === -1 ? this.matrixView : this.focusView
  }

  private get largestMatrixZoom(): number {
    const { tileWidth, tileHeight } = this.grid
    return Math.max(1, 1.5 * Math.min(this.width / Math.max(1, tileWidth), this.height / Math.max(1, tileHeight)))
  }

  private get home(): ScreenRect {
    if (this.focused === -1) return gridBounds(this.grid)
    return {
      x: focusInsetPx,
      y: focusInsetPx,
      width: Math.max(1, this.width - 2 * focusInsetPx),
      height: Math.max(1, this.height - 2 * focusInsetPx),
    }
  }

  private currentCamera(): Affine {
    const source = this.focused === -1 ? gridBounds(this.grid) : (this.finalRect(this.focused) ?? gridBounds(this.grid))
    const target = mapRect(source, viewedRect(this.home, this.view))
    return this.flight ? mixAffine(this.flight.from, target, this.eased(this.flight)) : target
  }

  private currentRotation(): Quaternion {
    return this.turn ? mixRotation(this.turn.from, this.rotation, this.eased(this.turn)) : this.rotation
  }

  private focusMix(): number {
    const target = this.focused === -1 ? 0 : 1
    return this.flight ? this.flight.mixFrom + (target - this.flight.mixFrom) * this.eased(this.flight) : target
  }

  private eased(motion: Motion): number {
    return easeInOut(progressOf(motion.startMs, this.durationMs, this.now()))
  }

  private pointSize(camera: Affine): number {
    const side = Math.min(this.grid.tileWidth * camera.scaleX, this.grid.tileHeight * camera.scaleY)
    return pointSizePx(side, this.store.count)
  }

  private moves(animate: boolean): boolean {
    return animate && this.durationMs > 0 && !(this.options.reducedMotion?.() ?? false)
  }

  // ── places ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private arrange(): void {
    const columns = this.layout.heads
    const rows = columns === 0 ? 0 : Math.ceil(this.order.length / columns)
    this.grid = layoutGrid(rows, columns, this.width, this.height)
    this.places = invertOrder(this.order, this.store.heads)
    this.headsStale = true
    this.invalidate()
  }

  /** Where a head's tile lies on the unzoomed canvas once nothing moves. */
  private finalRect(head: number): ScreenRect | null {
    const place = this.places[head] ?? -1
    if (place >= 0) return placeRect(this.grid, place)
    // A head that the order leaves out can still be opened: it comes out of the middle.
    if (head !== this.focused && head !== this.flying) return null
    const { x, y, width, height } = gridBounds(this.grid)
    const { tileWidth, tileHeight } = this.grid
    return {
      x: x + (width - tileWidth) / 2,
      y: y + (height - tileHeight) / 2,
      width: tileWidth,
      height: tileHeight,
    }
  }

  private baseRect(head: number): ScreenRect | null {
    const rect = this.finalRect(head)
    if (!rect || !this.reorder) return rect
    const fromX = this.reorder.from[head * 2]!
    const fromY = this.reorder.from[head * 2 + 1]!
    if (fromX === nowhere) return rect
    const t = this.eased(this.reorder)
    return {
      ...rect,
      x: rect.x + (fromX - rect.width / 2 - rect.x) * (1 - t),
      y: rect.y + (fromY - rect.height / 2 - rect.y) * (1 - t),
    }
  }

  private screenRect(head: number): ScreenRect | null {
    const base = this.baseRect(head)
    return base ? applyToRect(this.currentCamera(), base) : null
  }

  private headIndexAt(x: number, y: number): number {
    if (x < 0 || y < 0 || x > this.width || y > this.height) return -1
    if (this.focused !== -1) return this.focused
    const camera = this.currentCamera()
    const place = placeAt(this.grid, (x - camera.offsetX) / camera.scaleX, (y - camera.offsetY) / camera.scaleY)
    const head = place === -1 ? -1 : (this.order[place] ?? -1)
    return head < this.store.heads ? head : -1
  }

  private headView(index: number): HeadView | null {
    const head = this.store.head(index)
    const rect = this.screenRect(index)
    if (!head || !rect) return null
    const rotation = rotationMatrix(this.currentRotation())
    const t = this.store.travel(head, this.now())
    const projection = projectionOf(head.targetFrame, rect, rotation, t)
    const travel =
      t < 1 ? { origin: head.origin, projection: projectionOf(head.originFrame, rect, rotation, 1 - t) } : null
    return { target: head.target, projection, travel }
  }

  private isDrawn(head: number): boolean {
    return this.onlyFocus ? head === this.focused : true
  }

  private sight(): Sight {
    const camera = this.currentCamera()
    return {
      tileWidth: this.grid.tileWidth * camera.scaleX,
      tileHeight: this.grid.tileHeight * camera.scaleY,
      rotation: rotationMatrix(this.currentRotation()),
    }
  }

  // ── heads ───────────────────────────────────────────────────────────────────────────────────────────────────────

  private makeStore(): HeadStore {
    const { layers, heads, queries, keys } = this.layout
    return new HeadStore(layers * heads, queries, keys, this.options.pointBudget ?? 3_000_000, this.durationMs)
  }

  private indexOf({ layer, head }: HeadRef): number {
    const { layers, heads } = this.layout
    const isKnown = Number.isInteger(layer) && Number.isInteger(head) && layer >= 0 && head >= 0
    if (!isKnown || layer >= layers || head >= heads) {
      throw new AppError(
        'BAD_ARGUMENT',
        `There is no head L${layer} H${head}: the picture has ${layers} layers of ${heads} heads.`,
      )
    }
    return layer * heads + head
  }

  private refOf(index: number): HeadRef {
    const layer = Math.floor(index / this.layout.heads)
    return { layer, head: index - layer * this.layout.heads }
  }

  private checkLength(values: Uint8Array, what: string): void {
    if (values.length === this.store.count) return
    throw new AppError(
      'BAD_ARGUMENT',
      `${this.store.count} ${what} are needed, one a point; ${values.length} were given.`,
    )
  }

  // ── the context ─────────────────────────────────────────────────────────────────────────────────────────────────

  private readonly onContextLost = (event: Event): void => {
    event.preventDefault()
    this.lost = true
    this.inWork = null
    this.fence.clear()
  }

  private readonly onContextRestored = (): void => {
    this.lost = false
    this.isStale = true
    // The renderer comes back with its own background.
    if (this.theme) this.drawing.setTheme(this.theme)
    this.headsStale = this.detailStale = true
    this.invalidate()
  }
}

/** First `inner`, then `outer`. */
function compose(outer: Affine, inner: Affine): Affine {
  return {
    scaleX: outer.scaleX * inner.scaleX,
    scaleY: outer.scaleY * inner.scaleY,
    offsetX: outer.scaleX * inner.offsetX + outer.offsetX,
    offsetY: outer.scaleY * inner.offsetY + outer.offsetY,
  }
}

function contextLostError(): AppError {
  return new AppError(
    'DEVICE_LOST',
    'The graphics device stopped, so the picture cannot be saved; wait until it is drawn again and repeat.',
  )
}
