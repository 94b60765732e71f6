import type { ScreenRect } from './api'
import {
  applyToRect,
  composeAffine,
  mapRect,
  mixAffine,
  panView,
  viewedRect,
  wholeView,
  zoomView,
  type Affine,
  type View,
} from './camera'
import { begin, easedOf, isOver, type Clock, type Motion } from './motion'
import { mixRotation, orbitRotation, restingRotation, type Quaternion } from './rotation'
import type { TilePlaces } from './tile-places'

const radiansPerPixel = 0.008
const largestFocusZoom = 40
const focusInsetPx = 8

/** The cameras of the matrix and of one head, the flight between them, and the turn that all heads share. */
export class CameraRig {
  /** The head that fills the canvas, or will; −1: the matrix. */
  focused = -1
  /** The head that fills the canvas or is on its way there or back. */
  flying = -1
  private width = 1
  private height = 1
  private matrixView: View = wholeView
  private focusView: View = wholeView
  private rotation: Quaternion = restingRotation
  private flight: (Motion & { from: Affine; mixFrom: number }) | null = null
  private turn: (Motion & { from: Quaternion }) | null = null

  constructor(
    private readonly clock: Clock,
    private readonly places: TilePlaces,
  ) {}

  reset(): void {
    this.focused = -1
    this.matrixView = this.focusView = wholeView
    this.rotation = restingRotation
    this.settle()
  }

  /** Ends all motions. */
  settle(): void {
    this.flight = this.turn = null
    this.flying = this.focused
  }

  /** Takes another size, for which `rearrange` places the tiles anew. A flight goes on from where its head is seen at this moment. */
  resize(width: number, height: number, rearrange: () => void): void {
    const head = this.flight ? this.flying : -1
    const before = head === -1 ? null : this.rectOf(head)
    const seen = before && applyToRect(this.camera, before)
    const mixFrom = this.focusMix
    this.width = width
    this.height = height
    rearrange()
    const after = head === -1 ? null : this.rectOf(head)
    if (seen && after) this.flight = { startMs: Infinity, from: mapRect(after, seen), mixFrom }
    else this.settle()
  }

  /** Only one head is to be seen. */
  get isSingle(): boolean {
    return this.focused !== -1 && this.flight === null
  }

  get isMoving(): boolean {
    return this.flight !== null || this.turn !== null
  }

  /** 0 the matrix … 1 one head. */
  get focusMix(): number {
    const target = this.focused === -1 ? 0 : 1
    return this.flight ? this.flight.mixFrom + (target - this.flight.mixFrom) * this.eased(this.flight) : target
  }

  flyToMatrix(animate: boolean): void {
    this.fly(animate, () => {
      this.focused = -1
    })
  }

  flyToHead(head: number, animate: boolean): void {
    this.fly(animate, () => {
      this.focused = this.flying = head
      this.focusView = wholeView
    })
  }

  /** From one head to another without leaving the single view. */
  switchHead(head: number): void {
    this.focused = this.flying = head
  }

  flyHome(animate: boolean): void {
    this.turn = animate ? { startMs: Infinity, from: this.currentRotation } : null
    this.rotation = restingRotation
    this.fly(animate, () => {
      if (this.focused === -1) this.matrixView = wholeView
      else this.focusView = wholeView
    })
  }

  pan(dx: number, dy: number): void {
    this.moveView((home, view, limit) => panView(home, view, dx, dy, limit))
  }

  zoomAt(x: number, y: number, factor: number): void {
    this.moveView((home, view, limit) => zoomView(home, view, x, y, factor, limit))
  }

  orbit(dx: number, dy: number): void {
    const rotation = this.currentRotation
    this.turn = null
    this.rotation = orbitRotation(rotation, dx * radiansPerPixel, dy * radiansPerPixel)
  }

  get camera(): Affine {
    const source = this.focused === -1 ? this.places.bounds : this.rectOf(this.focused)!
    const target = mapRect(source, viewedRect(this.home, this.view))
    return this.flight ? mixAffine(this.flight.from, target, this.eased(this.flight)) : target
  }

  get currentRotation(): Quaternion {
    return this.turn ? mixRotation(this.turn.from, this.rotation, this.eased(this.turn)) : this.rotation
  }

  /** Where a head's tile lies on the unzoomed canvas; heads without a place only while they are opened or closed. */
  rectOf(head: number): ScreenRect | null {
    const rect = this.isSingle ? this.places.finalRect(head) : this.places.rect(head)
    return rect ?? (head === this.focused || head === this.flying ? this.places.middleRect : null)
  }

  startMotions(nowMs: number): void {
    begin(this.flight, nowMs)
    begin(this.turn, nowMs)
  }

  /** Whether a motion has ended. */
  endMotions(nowMs: number): boolean {
    let hasEnded = false
    if (this.flight && isOver(this.flight.startMs, this.clock, nowMs)) {
      this.flight = null
      this.flying = this.focused
      hasEnded = true
    }
    if (this.turn && isOver(this.turn.startMs, this.clock, nowMs)) this.turn = null
    return hasEnded
  }

  private fly(animate: boolean, change: () => void): void {
    const from = this.camera
    const mixFrom = this.focusMix
    change()
    this.flight = animate ? { startMs: Infinity, from, mixFrom } : null
    if (!animate) this.flying = this.focused
  }

  private moveView(change: (home: ScreenRect, view: View, maximalZoom: number) => View): void {
    const home = this.home
    const before = viewedRect(home, this.view)
    const view = change(home, this.view, this.focused === -1 ? this.largestMatrixZoom : largestFocusZoom)
    if (this.focused === -1) this.matrixView = view
    else this.focusView = view
    // A flight goes on from where the same movement brings its start.
    if (this.flight) this.flight.from = composeAffine(mapRect(before, viewedRect(home, view)), this.flight.from)
  }

  private get view(): View {
    return this.focused === -1 ? this.matrixView : this.focusView
  }

  /** Where what is looked at lies at zoom 1. */
  private get home(): ScreenRect {
    if (this.focused === -1) return this.places.bounds
    return {
      x: focusInsetPx,
      y: focusInsetPx,
      width: Math.max(1, this.width - 2 * focusInsetPx),
      height: Math.max(1, this.height - 2 * focusInsetPx),
    }
  }

  private get largestMatrixZoom(): number {
    const { tileWidth, tileHeight } = this.places.grid
    return Math.max(1, 1.5 * Math.min(this.width / Math.max(1, tileWidth), this.height / Math.max(1, tileHeight)))
  }

  private eased(motion: Motion): number {
    return easedOf(motion.startMs, this.clock, this.clock.now())
  }
}
