import { WebGLRenderer } from 'three'
import { AppError } from '../core/errors'
import type { HeadRef } from '../core/types'
import type {
  AtlasSceneApi,
  PointRef,
  SceneLayout,
  SceneSprites,
  SceneStatistics,
  SceneTheme,
  ScreenPoint,
  ScreenRect,
} from './api'
import { applyToRect, type Affine } from './camera'
import { CameraRig } from './camera-rig'
import { Drawing } from './drawing'
import { FrameFence } from './frame-fence'
import { browserTimers, FrameLoop, type FrameHost, type FrameTimers } from './frame-loop'
import { HeadStore, type Sight, type StoredHead } from './head-store'
import { easedOf, isOver, type Clock } from './motion'
import { nearestSlot, slotsInPolygon } from './picking'
import { pointSizePx } from './point-size'
import { pointKind } from './positions'
import { projectionOf, projectSlot, type HeadView } from './projector'
import { rotationMatrix } from './rotation'
import { headsPerRow, headTexels } from './shaders'
import { TilePlaces } from './tile-places'

export interface AtlasSceneOptions {
  /** No motion: everything is where it belongs at once. Asked before each motion. */
  reducedMotion?: () => boolean
  durationMs?: number
  /** Points kept on the device for the matrix; above it tiles show a fair part of each head, the single view all. */
  pointBudget?: number
  timers?: FrameTimers
}

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
  private readonly clock: Clock
  private readonly loop: FrameLoop
  private readonly places: TilePlaces
  private readonly rig: CameraRig
  private readonly listeners = new Set<() => void>()

  private layout: SceneLayout = { layers: 0, heads: 0, queries: 0, keys: 0 }
  private store: HeadStore
  private emphasisBySlot: Uint8Array | null = null
  private readonly ownColors = new Map<number, Uint8Array>()
  private commonColors: Uint8Array = new Uint8Array(0)
  private theme: SceneTheme | null = null
  private width = 1
  private height = 1
  private pixelRatio = 1

  /** Heads whose points travel or fade in. */
  private readonly moving = new Set<number>()
  private headsStale = true
  private detailStale = true
  private lost = false
  private disposed = false
  private frameMs = 0

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly options: AtlasSceneOptions = {},
  ) {
    const timers = options.timers ?? browserTimers
    this.clock = { durationMs: options.durationMs ?? 250, now: timers.now }
    this.places = new TilePlaces(this.clock)
    this.rig = new CameraRig(this.clock, this.places)
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
    this.loop = new FrameLoop(this.frameHost(), timers)
    this.store = this.makeStore()
    this.drawing.setStore(this.store)
    canvas.addEventListener('webglcontextlost', this.onContextLost)
    canvas.addEventListener('webglcontextrestored', this.onContextRestored)
  }

  /** Makes the device ready for the first frame while the page goes on; without it that frame waits for the shaders. */
  warmUp(): Promise<void> {
    return this.drawing.warmUp()
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
    this.detailStale = true
    if (isSameGrid) this.rig.settle()
    else {
      this.places.setNatural(this.store.heads)
      this.rig.reset()
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
    const { originChanged } = this.store.setPoints(head, points, dims, this.clock.now(), sight)
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

  setSizes(ref: HeadRef, sizes: Uint8Array | null): void {
    if (sizes) this.checkLength(sizes, 'sizes')
    const bySlot = sizes && Uint8Array.from(this.store.slots, (point) => sizes[point]!)
    this.drawing.setSizes(bySlot ? this.indexOf(ref) : -1, bySlot ?? new Uint8Array(0))
    this.invalidate()
  }

  setSprites(sprites: SceneSprites | null): void {
    if (sprites && sprites.cells.length !== this.store.count)
      throw new AppError('BAD_ARGUMENT', `${this.store.count} cells are needed, one a point.`)
    const cells = sprites && Uint16Array.from(this.store.slots, (point) => sprites.cells[point]!)
    this.drawing.setSprites(sprites, cells)
    this.invalidate()
  }

  setOrder(order: Int32Array | null): void {
    this.places.setOrder(order, this.moves(this.rig.focused === -1))
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
    this.rig.resize(this.width, this.height, () => this.arrange())
    // Setting the size has wiped the canvas: draw before the browser shows it.
    this.loop.drawNow()
  }

  showMatrix(animate: boolean): void {
    if (this.rig.focused === -1) return
    this.rig.flyToMatrix(this.moves(animate))
    this.refresh()
  }

  showHead(ref: HeadRef, animate: boolean): void {
    const head = this.indexOf(ref)
    const before = this.rig.focused
    if (head === before) return
    if (this.rig.isSingle) {
      this.rig.switchHead(head)
      const travels = this.moves(animate) && this.store.travelFrom(head, before, this.clock.now(), this.sight())
      if (travels) this.touch(head, true, true)
    } else this.rig.flyToHead(head, this.moves(animate))
    this.refresh()
  }

  get focus(): HeadRef | null {
    return this.rig.focused === -1 ? null : this.refOf(this.rig.focused)
  }

  pan(dx: number, dy: number): void {
    this.rig.pan(dx, dy)
    this.invalidate()
  }

  zoomAt(x: number, y: number, factor: number): void {
    this.rig.zoomAt(x, y, factor)
    this.invalidate()
  }

  orbit(dx: number, dy: number): void {
    this.rig.orbit(dx, dy)
    this.invalidate()
  }

  resetCamera(animate: boolean): void {
    this.rig.flyHome(this.moves(animate))
    this.refresh()
  }

  headAt(x: number, y: number): HeadRef | null {
    const head = this.headIndexAt(x, y)
    return head === -1 ? null : this.refOf(head)
  }

  pick(x: number, y: number, radius?: number): PointRef | null {
    const head = this.headIndexAt(x, y)
    const view = head === -1 ? null : this.headView(head)
    if (!view) return null
    const reach = radius ?? Math.max(6, this.pointSize(this.rig.camera) / 2 + 3)
    const slot = nearestSlot(view, x, y, reach, this.emphasisBySlot)
    return slot === -1 ? null : { head: this.refOf(head), point: this.store.slots[slot]! }
  }

  pickPolygon(polygon: readonly number[]): number[] {
    const view = this.rig.focused === -1 ? null : this.headView(this.rig.focused)
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
    if (this.rig.isSingle) return [this.refOf(this.rig.focused)]
    const camera = this.rig.camera
    const found: HeadRef[] = []
    for (const head of this.places.order) {
      const base = head >= 0 && head < this.store.heads ? this.rig.rectOf(head) : null
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
    this.loop.pause()
    this.fence.clear()
    this.canvas.removeEventListener('webglcontextlost', this.onContextLost)
    this.canvas.removeEventListener('webglcontextrestored', this.onContextRestored)
    this.listeners.clear()
    this.moving.clear()
    this.drawing.dispose()
  }

  // ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private invalidate(): void {
    this.loop.invalidate()
  }

  /** After a change of what is looked at. */
  private refresh(): void {
    this.headsStale = this.detailStale = true
    this.invalidate()
  }

  private frameHost(): FrameHost {
    return {
      draw: (fraction) => this.draw(fraction),
      isBusy: () => this.fence.isPending,
    }
  }

  private draw(fraction: number): { drawn: number; isMoving: boolean } {
    const begin = performance.now()
    const now = this.clock.now()
    this.startMotions(now)
    const drawn = this.render(this.pixelRatio, fraction)
    const isMoving = this.endMotions(now)
    this.fence.set()
    this.frameMs = performance.now() - begin
    for (const listener of this.listeners) listener()
    return { drawn, isMoving }
  }

  private render(pixelRatio: number, fraction: number): number {
    const now = this.clock.now()
    if (this.headsStale || this.moving.size > 0 || this.places.isMoving) this.writeHeads(now)
    const onlyFocus = this.rig.isSingle
    if (onlyFocus && this.detailStale) this.writeDetail(this.rig.focused)
    const camera = this.rig.camera
    return this.drawing.render({
      camera,
      width: this.width,
      height: this.height,
      pixelRatio,
      rotation: rotationMatrix(this.rig.currentRotation),
      pointSize: this.pointSize(camera),
      focus: this.rig.flying,
      focusMix: this.rig.focusMix,
      onlyFocus,
      fraction,
    })
  }

  private startMotions(now: number): void {
    this.rig.startMotions(now)
    this.places.startMotions(now)
    for (const index of this.moving) {
      const head = this.store.head(index)!
      if (head.travelStartMs === Infinity) head.travelStartMs = now
      if (head.fadeStartMs === Infinity) head.fadeStartMs = now
    }
  }

  /** Forgets motions that are over; whether there is another frame to draw (also the last one, with what no longer moves). */
  private endMotions(now: number): boolean {
    const hasLanded = this.rig.endMotions(now)
    if (this.places.endMotions(now)) this.headsStale = true
    for (const index of this.moving) {
      const head = this.store.head(index)!
      if (!isOver(head.travelStartMs, this.clock, now) || !isOver(head.fadeStartMs, this.clock, now)) continue
      head.travelStartMs = head.fadeStartMs = -Infinity
      this.moving.delete(index)
      this.headsStale = true
    }
    return hasLanded || this.rig.isMoving || this.places.isMoving || this.moving.size > 0 || this.headsStale
  }

  private writeHeads(now: number): void {
    const data = this.drawing.headData
    for (let index = 0; index < this.store.heads; index++) {
      const row = Math.floor(index / headsPerRow)
      const at = (row * headsPerRow * headTexels + (index - row * headsPerRow) * headTexels) * 4
      const rect = this.rig.rectOf(index)
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
    data[at + 7] = isPlaced ? Math.max(1e-3, easedOf(head.fadeStartMs, this.clock, now)) : 0
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
    if (head === this.rig.focused) this.detailStale = true
    this.invalidate()
  }

  // ── places ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private pointSize(camera: Affine): number {
    const side = Math.min(this.places.grid.tileWidth * camera.scaleX, this.places.grid.tileHeight * camera.scaleY)
    return pointSizePx(side, this.store.count)
  }

  private moves(animate: boolean): boolean {
    return animate && this.clock.durationMs > 0 && !(this.options.reducedMotion?.() ?? false)
  }

  private arrange(): void {
    this.places.arrange(this.layout.heads, this.width, this.height)
    this.refresh()
  }

  private screenRect(head: number): ScreenRect | null {
    const base = this.rig.rectOf(head)
    return base ? applyToRect(this.rig.camera, base) : null
  }

  private headIndexAt(x: number, y: number): number {
    if (x < 0 || y < 0 || x > this.width || y > this.height) return -1
    if (this.rig.focused !== -1) return this.rig.focused
    const camera = this.rig.camera
    return this.places.headAt((x - camera.offsetX) / camera.scaleX, (y - camera.offsetY) / camera.scaleY)
  }

  private headView(index: number): HeadView | null {
    const head = this.store.head(index)
    const rect = this.screenRect(index)
    if (!head || !rect) return null
    const rotation = rotationMatrix(this.rig.currentRotation)
    const t = this.store.travel(head, this.clock.now())
    const projection = projectionOf(head.targetFrame, rect, rotation, t)
    const travel =
      t < 1 ? { origin: head.origin, projection: projectionOf(head.originFrame, rect, rotation, 1 - t) } : null
    return { target: head.target, projection, travel }
  }

  private isDrawn(head: number): boolean {
    return this.rig.isSingle ? head === this.rig.focused : true
  }

  private sight(): Sight {
    const camera = this.rig.camera
    return {
      tileWidth: this.places.grid.tileWidth * camera.scaleX,
      tileHeight: this.places.grid.tileHeight * camera.scaleY,
      rotation: rotationMatrix(this.rig.currentRotation),
    }
  }

  // ── heads ───────────────────────────────────────────────────────────────────────────────────────────────────────

  private makeStore(): HeadStore {
    const { layers, heads, queries, keys } = this.layout
    return new HeadStore(layers * heads, queries, keys, this.options.pointBudget ?? 3_000_000, this.clock.durationMs)
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
    this.fence.clear()
    this.loop.pause()
  }

  private readonly onContextRestored = (): void => {
    this.lost = false
    // The renderer comes back with its own background.
    if (this.theme) this.drawing.setTheme(this.theme)
    this.headsStale = this.detailStale = true
    this.loop.resume()
  }
}

function contextLostError(): AppError {
  return new AppError(
    'DEVICE_LOST',
    'The graphics device stopped, so the picture cannot be saved; wait until it is drawn again and repeat.',
  )
}
