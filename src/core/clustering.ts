/** How close together some points lie among the others, seen from their nearest neighbours. */
export interface ClusterScore {
  /** 0: as chance would have it; 1: every neighbour is one of them; below 0: they avoid each other. */
  score: number
  /** Mean share of the marked among the k nearest points of the same role. */
  share: number
  /** The share that marks put at random would give. */
  chance: number
  /** Neighbours looked at. */
  k: number
  /** Points from which it was measured, queries and keys together. */
  points: number
}

const mostNeighbors = 10
/** From this many marked points on, an even sample of them is where neighbours are counted from. */
const mostProbes = 32

/**
 * Clustering of marked tokens in one head's picture. Queries are compared with queries and keys with keys: for each marked
 * point the share of marked ones among its k nearest (k = 10, or all other marked points if they are fewer), mean over the
 * points of both roles; chance is (M − 1) / (n − 1) for M marked of n. score = (share − chance) / (1 − chance).
 * Points at equal distance share the places that are left, so that a heap of equal points scores 0.
 * @param points [n+m,dims], queries first; n = m
 * @param rows the marked tokens, ascending
 * @returns null where fewer than two or all tokens are marked
 */
export function scoreClustering(
  points: Float32Array,
  dims: 2 | 3,
  n: number,
  rows: Int32Array,
  mask: Uint8Array,
): ClusterScore | null {
  const marked = rows.length
  if (marked < 2 || marked >= n) return null
  const k = Math.min(mostNeighbors, marked - 1)
  const chance = (marked - 1) / (n - 1)
  const probes = Math.min(marked, mostProbes)
  const distances = new Float64Array(n)
  let sum = 0
  for (let role = 0; role < 2; role += 1) {
    for (let probe = 0; probe < probes; probe += 1) {
      const row = rows[Math.floor((probe * marked) / probes)]!
      const limit = measure(points, dims, role * n, n, row, k, distances)
      sum += countMarked(distances, mask, row, limit, k)
    }
  }
  const share = sum / (2 * probes * k)
  return { score: (share - chance) / (1 - chance), share, chance, k, points: 2 * probes }
}

/** Squared distances of one role's points to one of them; answers the k-th smallest, itself left out. */
function measure(
  points: Float32Array,
  dims: 2 | 3,
  first: number,
  n: number,
  row: number,
  k: number,
  distances: Float64Array,
): number {
  const nearest = new Float64Array(k).fill(Infinity)
  let limit = Infinity
  const from = first * dims
  const x = points[from + row * dims]!
  const y = points[from + row * dims + 1]!
  const z = dims === 3 ? points[from + row * dims + 2]! : 0
  for (let other = 0, at = from; other < n; other += 1, at += dims) {
    const dx = points[at]! - x
    const dy = points[at + 1]! - y
    let distance = dx * dx + dy * dy
    if (dims === 3) {
      const dz = points[at + 2]! - z
      distance += dz * dz
    }
    distances[other] = distance
    if (distance >= limit || other === row) continue
    let place = k - 1
    while (place > 0 && nearest[place - 1]! > distance) {
      nearest[place] = nearest[place - 1]!
      place -= 1
    }
    nearest[place] = distance
    limit = nearest[k - 1]!
  }
  return limit
}

function countMarked(distances: Float64Array, mask: Uint8Array, row: number, limit: number, k: number): number {
  let nearer = 0
  let markedNearer = 0
  let level = 0
  let markedLevel = 0
  for (let other = 0; other < distances.length; other += 1) {
    const distance = distances[other]!
    if (distance > limit || other === row) continue
    if (distance < limit) {
      nearer += 1
      markedNearer += mask[other]!
    } else {
      level += 1
      markedLevel += mask[other]!
    }
  }
  return markedNearer + (level > 0 ? ((k - nearer) * markedLevel) / level : 0)
}
