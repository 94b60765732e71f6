import { easeInOut, progressOf } from './easing'
import { pointKind, storedOf, storePositions, unitOf, type Frame } from './positions'
import { unitPixels } from './projector'
import type { Matrix3 } from './rotation'
import { invertSlots, mixSlots } from './slots'

/** One head as it is drawn. */
export interface StoredHead {
  /** [count,4] uint16: where the points are, or travel to. */
  target: Uint16Array
  /** [count,4]: where they travel from; equal to `target` (the same array) before the first travel. */
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

/** Points of one head that lie together in the shared arrays, at least. */
const smallestChunk = 256
const mostChunks = 16

/**
 * Positions of all heads and their travels. The shared arrays are uploaded as they are: [chunks,heads,chunkSlots,4], so that the
 * first chunks are a fair part of all heads. Where `pointBudget` is too small for all points, they hold the first slots of each head.
 */
export class HeadStore {
  readonly count: number
  /** Slots of each head in the shared arrays, the last ones empty where it does not come out even. */
  readonly shown: number
  readonly chunks: number
  readonly chunkSlots: number
  readonly slots: Uint32Array
  readonly slotOf: Uint32Array
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
    const wanted = Math.min(this.count, Math.max(1, Math.floor(pointBudget / Math.max(1, heads))))
    this.chunks = Math.min(mostChunks, Math.max(1, Math.floor(wanted / smallestChunk)))
    this.chunkSlots = Math.ceil(wanted / this.chunks)
    this.shown = this.chunkSlots * this.chunks
    this.slots = mixSlots(this.count)
    this.slotOf = invertSlots(this.slots)
    this.targets = new Uint16Array(heads * this.shown * 4)
    this.origins = new Uint16Array(heads * this.shown * 4)
    this.stored = new Array<StoredHead | null>(heads).fill(null)
  }

  /** First shared slot of a head's chunk. */
  chunkStart(head: number, chunk: number): number {
    return (chunk * this.heads + head) * this.chunkSlots
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
    const frame: Frame = { extentX: 1, extentY: 1, dims: 2 }
    const target = new Uint16Array(this.count * 4)
    const head: StoredHead = {
      target,
      origin: target,
      targetFrame: frame,
      originFrame: frame,
      travelStartMs: -Infinity,
      fadeStartMs: -Infinity,
    }
    this.stored[index] = head
    return head
  }

  private share(index: number, head: StoredHead, withOrigin: boolean): void {
    for (let chunk = 0; chunk < this.chunks; chunk++) {
      const from = chunk * this.chunkSlots * 4
      const to = this.chunkStart(index, chunk) * 4
      this.targets.set(head.target.subarray(from, from + this.chunkSlots * 4), to)
      if (withOrigin) this.origins.set(head.origin.subarray(from, from + this.chunkSlots * 4), to)
    }
  }

  /** Writes where the points of `source` are at this moment into the origin of `head`. */
  private rememberOrigin(head: StoredHead, source: StoredHead, nowMs: number, sight: Sight): void {
    if (head.origin === head.target) head.origin = new Uint16Array(head.target.length)
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
