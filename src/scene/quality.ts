/** What a frame may take before it is thinned out, and what a thinned one should take. */
const slowMs = 50
const draftMs = 40

/**
 * Keeps slow devices (software rendering, old integrated graphics) fluid: while things change they draw a fair part of all points,
 * and all of them as soon as it is quiet. Learns from how long full frames took.
 */
export class Quality {
  private fullMs = 0

  /** @param fraction of the points that the frame had, @param costMs until the device was done with it */
  record(fraction: number, costMs: number): void {
    // Of thin frames only bad news counts: most of their time may be waiting for the next tick.
    if (fraction >= 1) this.fullMs = costMs
    else if (costMs > draftMs) this.fullMs = Math.max(this.fullMs, costMs / fraction)
  }

  /** The part of the points to draw while things change; 1: no need to save. */
  get draftFraction(): number {
    return this.fullMs <= slowMs ? 1 : draftMs / this.fullMs
  }
}
