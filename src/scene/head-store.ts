import { easeInOut, progressOf } from './easing'
import { pointKind, storedOf, storePositions, unitOf, type Frame } from './positions'
import { unitPixels } from './projector'
import type { Matrix3 } from './rotation'
import { invertSlots, mixSlots } from './slots'

/** One head as it is drawn. */
export interface StoredHead {
  /** [count,4] uint16: where the points are, or travel to. */
  target: Uint16Array
  /** [count,4]: where they travel from. */
  origin: Uint16Array
  targetFrame: Frame
  originFrame: Frame
  /** When the travel began; ∞: with the next frame; −∞: long over. */
  travelStartMs: number
  /** When the head was first shown, for fading in; as above. */
  fadeStartMs: number
}

/** How a head is seen when its positions are written down for a new travel. */
export interface Sight {
  tileWidth: number
  tileHeight: number
  rotation: Matrix3
}

/**
 * Positions of all heads and their travels. Heads share two arrays that the renderer uploads as they are, as long as all points fit in
 * `pointBudget`; else the shared arrays hold the first `shown` slots of each head and every head its own full ones.
 */
export class HeadStore {
  readonly count: number
  /** Slots of each head in the shared arrays. */
  readonly shown: number
  readonly slots: Uint32Array
  readonly slotOf: Uint32Array
  /** [heads,shown,4] */
  readonly targets: Uint16Array
  readonly origins: Uint16Array
  private readonly stored: (StoredHead | null)[]

  constructor(
    readonly heads: number,
    readonly queries: number,
    keys: number,
    pointBudget: number,
    private readonly durationMs: number,
  ) {
    this.count = queries + keys
    this.shown = Math.min(this.count, Math.max(1, Math.floor(pointBudget / Math.max(1, heads))))
    this.slots = mixSlots(this.count)
    this.slotOf = invertSlots(this.slots)
    this.targets = new Uint16Array(heads * this.shown * 4)
    this.origins = new Uint16Array(heads * this.shown * 4)
    this.stored = new Array<StoredHead | null>(heads).fill(null)
  }

  get isComplete(): boolean {
    return this.shown === this.count
  }

  head(index: number): StoredHead | null {
    return this.stored[index] ?? null
  }

  /** How far the head's points have travelled at `nowMs`, eased, 0 … 1. */
  travel(head: StoredHead, nowMs: number, durationMs = this.durationMs): number {
    return easeInOut(progressOf(head.travelStartMs, durationMs, nowMs))
  }

  /**
   * Takes new coordinates. With `sight`, points travel there from where they are now (of `from`, if given: another head of the same
   * tokens); a head that was empty fades in. Returns whether the origins changed too.
   */
  setPoints(
    index: number,
    points: Float32Array,
    dims: 2 | 3,
    nowMs: number,
    sight: Sight | null,
  ): { head: StoredHead; originChanged: boolean } {
    const known = this.stored[index]
    const head = known ?? this.createHead(index)
    const travels = sight !== null && known != null
    if (travels) this.rememberOrigin(head, head, nowMs, sight)
    else if (sight !== null) head.fadeStartMs = Infinity
    head.targetFrame = storePositions(points, dims, this.queries, this.slots, head.target)
    head.travelStartMs = travels ? Infinity : -Infinity
    if (travels) fillHidden(head)
    this.share(index, head, travels)
    return { head, originChanged: travels }
  }

  /** Lets the points of `index` travel from where those of head `from` are now. */
  travelFrom(index: number, from: number, nowMs: number, sight: Sight): boolean {
    const head = this.stored[index]
    const start = this.stored[from]
    if (!head || !start || index === from) return false
    this.rememberOrigin(head, start, nowMs, sight)
    head.travelStartMs = Infinity
    fillHidden(head)
    this.share(index, head, true)
    return true
  }

  private createHead(index: number): StoredHead {
    const from = index * this.shown * 4
    const part = (shared: Uint16Array): Uint16Array =>
      this.isComplete ? shared.subarray(from, from + this.shown * 4) : new Uint16Array(this.count * 4)
    const frame: Frame = { extentX: 1, extentY: 1, dims: 2 }
    const head: StoredHead = {
      target: part(this.targets),
      origin: part(this.origins),
      targetFrame: frame,
      originFrame: frame,
      travelStartMs: -Infinity,
      fadeStartMs: -Infinity,
    }
    this.stored[index] = head
    return head
  }

  private share(index: number, head: StoredHead, withOrigin: boolean): void {
    if (this.isComplete) return
    const from = index * this.shown * 4
    this.targets.set(head.target.subarray(0, this.shown * 4), from)
    if (withOrigin) this.origins.set(head.origin.subarray(0, this.shown * 4), from)
  }

  /** Writes where the points of `source` are at this moment into the origin of `head`. */
  private rememberOrigin(head: StoredHead, source: StoredHead, nowMs: number, sight: Sight): void {
    const t = this.travel(source, nowMs)
    if (t >= 1) {
      head.origin.set(source.target)
      head.originFrame = source.targetFrame
      return
    }
    const scaleFrom = unitPixels(source.originFrame, sight.tileWidth, sight.tileHeight)
    const scaleTo = unitPixels(source.targetFrame, sight.tileWidth, sight.tileHeight)
    const before = ((1 - t) * scaleFrom) / scaleTo
    const { origin, target, originFrame, targetFrame } = source
    const sameDims = originFrame.dims === targetFrame.dims
    const point: [number, number, number] = [0, 0, 0]
    for (let at = 0; at < target.length; at += 4) {
      mixPoint(point, origin, at, before, sameDims || originFrame.dims === 2 ? null : sight.rotation, 0)
      mixPoint(point, target, at, t, sameDims || targetFrame.dims === 2 ? null : sight.rotation, 1)
      const kind = target[at + 3]!
      head.origin[at] = storedOf(point[0])
      head.origin[at + 1] = storedOf(point[1])
      head.origin[at + 2] = storedOf(point[2])
      head.origin[at + 3] = kind
    }
    head.originFrame = sameDims ? targetFrame : { ...targetFrame, dims: 2 }
  }
}

/** point = keep · point + weight · (turned) stored position. */
function mixPoint(
  point: [number, number, number],
  stored: Uint16Array,
  at: number,
  weight: number,
  rotation: Matrix3 | null,
  keep: 0 | 1,
): void {
  const x = unitOf(stored[at]!)
  const y = unitOf(stored[at + 1]!)
  const z = unitOf(stored[at + 2]!)
  const m = rotation
  point[0] = keep * point[0] + weight * (m ? m[0] * x + m[1] * y + m[2] * z : x)
  point[1] = keep * point[1] + weight * (m ? m[3] * x + m[4] * y + m[5] * z : y)
  point[2] = keep * point[2] + weight * (m ? m[6] * x + m[7] * y + m[8] * z : z)
}

/** Points that had no place before appear where they belong instead of flying in from a corner. */
function fillHidden(head: StoredHead): void {
  const { origin, target } = head
  for (let at = 3; at < origin.length; at += 4) {
    if (origin[at] !== pointKind.hidden) continue
    for (let back = 3; back > 0; back--) origin[at - back] = target[at - back]!
  }
}
