/** A label that would like to be drawn: its rectangle on the screen (CSS pixels) and how much it matters. */
export interface LabelCandidate {
  x: number
  y: number
  width: number
  height: number
  priority: number
}

export interface LabelOptions {
  /** Free space kept around each label, pixels. */
  padding?: number
  /** At most so many. */
  limit?: number
  /** Labels that are not wholly inside are left out. */
  bounds?: { x: number; y: number; width: number; height: number }
}

const cellPx = 64

/**
 * Chooses labels that do not overlap: the most important first, of equal ones the earlier. The same candidates give the same choice.
 * @returns indices of the chosen candidates, in the order of choice
 */
export function chooseLabels(candidates: readonly LabelCandidate[], options: LabelOptions = {}): number[] {
  const { padding = 2, limit = Infinity, bounds } = options
  const order = candidates
    .map((_, index) => index)
    .sort((a, b) => candidates[b]!.priority - candidates[a]!.priority || a - b)
  const cells = new Map<number, number[]>()
  const chosen: number[] = []
  for (const index of order) {
    if (chosen.length >= limit) break
    const label = candidates[index]!
    if (!Number.isFinite(label.x + label.y + label.width + label.height)) continue
    if (bounds && !contains(bounds, label)) continue
    const touched = cellsOf(label, padding)
    const taken = touched.some((cell) => cells.get(cell)?.some((other) => overlaps(label, candidates[other]!, padding)))
    if (taken) continue
    chosen.push(index)
    for (const cell of touched) {
      const list = cells.get(cell)
      if (list) list.push(index)
      else cells.set(cell, [index])
    }
  }
  return chosen
}

function contains(bounds: NonNullable<LabelOptions['bounds']>, label: LabelCandidate): boolean {
  return (
    label.x >= bounds.x &&
    label.y >= bounds.y &&
    label.x + label.width <= bounds.x + bounds.width &&
    label.y + label.height <= bounds.y + bounds.height
  )
}

function overlaps(a: LabelCandidate, b: LabelCandidate, padding: number): boolean {
  return (
    a.x < b.x + b.width + padding &&
    b.x < a.x + a.width + padding &&
    a.y < b.y + b.height + padding &&
    b.y < a.y + a.height + padding
  )
}

function cellsOf(label: LabelCandidate, padding: number): number[] {
  const cells: number[] = []
  const right = Math.floor((label.x + label.width + padding) / cellPx)
  const bottom = Math.floor((label.y + label.height + padding) / cellPx)
  for (let row = Math.floor((label.y - padding) / cellPx); row <= bottom; row++) {
    for (let column = Math.floor((label.x - padding) / cellPx); column <= right; column++) {
      cells.push(row * 65536 + column)
    }
  }
  return cells
}
