import type { ScreenRect } from './api'
import { gridBounds, invertOrder, layoutGrid, placeAt, placeRect, type Grid } from './grid'
import { begin, easedOf, isOver, type Clock, type Motion } from './motion'

/** Which head lies where on the unzoomed canvas, also while a new order is being taken up. */
export class TilePlaces {
  grid: Grid = layoutGrid(0, 0, 1, 1)
  order: Int32Array = new Int32Array(0)
  private heads = 0
  private places: Int32Array = new Int32Array(0)
  private reorder: (Motion & { from: (ScreenRect | null)[] }) | null = null

  constructor(private readonly clock: Clock) {}

  get isMoving(): boolean {
    return this.reorder !== null
  }

  get bounds(): ScreenRect {
    return gridBounds(this.grid)
  }

  /** Layer by layer, head by head. */
  setNatural(heads: number): void {
    this.heads = heads
    this.order = Int32Array.from({ length: heads }, (_, head) => head)
    this.reorder = null
  }

  /** Takes up an order (null: the natural one); tiles move there if `animate`. Needs `arrange` afterwards. */
  setOrder(order: Int32Array | null, animate: boolean): void {
    const from = Array.from({ length: this.heads }, (_, head) => this.rect(head))
    this.setNatural(this.heads)
    if (order) this.order = order.slice()
    if (animate) this.reorder = { startMs: Infinity, from }
  }

  arrange(columns: number, width: number, height: number): void {
    const rows = columns === 0 ? 0 : Math.ceil(this.order.length / columns)
    this.grid = layoutGrid(rows, columns, width, height)
    this.places = invertOrder(this.order, this.heads)
  }

  startMotions(nowMs: number): void {
    begin(this.reorder, nowMs)
  }

  /** Whether a motion has ended. */
  endMotions(nowMs: number): boolean {
    if (!this.reorder || !isOver(this.reorder.startMs, this.clock, nowMs)) return false
    this.reorder = null
    return true
  }

  /** Where a head's tile lies once nothing moves; null where the order leaves it out. */
  finalRect(head: number): ScreenRect | null {
    const place = this.places[head] ?? -1
    return place >= 0 ? placeRect(this.grid, place) : null
  }

  /** A tile in the middle: heads that the order leaves out open from there. */
  get middleRect(): ScreenRect {
    const { x, y, width, height } = this.bounds
    const { tileWidth, tileHeight } = this.grid
    return {
      x: x + (width - tileWidth) / 2,
      y: y + (height - tileHeight) / 2,
      width: tileWidth,
      height: tileHeight,
    }
  }

  /** Where a head's tile lies at this moment. */
  rect(head: number): ScreenRect | null {
    const rect = this.finalRect(head)
    const from = this.reorder?.from[head]
    if (!rect || !this.reorder || !from) return rect
    const t = easedOf(this.reorder.startMs, this.clock, this.clock.now())
    const mix = (a: number, b: number): number => a + (b - a) * t
    return {
      x: mix(from.x, rect.x),
      y: mix(from.y, rect.y),
      width: mix(from.width, rect.width),
      height: mix(from.height, rect.height),
    }
  }

  /** The head under a point of the unzoomed canvas; −1: none. */
  headAt(x: number, y: number): number {
    const place = placeAt(this.grid, x, y)
    const head = place === -1 ? -1 : (this.order[place] ?? -1)
    return head < this.heads ? head : -1
  }
}
