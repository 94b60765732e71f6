import { createFound, PointGrid, type Found } from './point-grid'

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

/** One head's picture, ready for any number of searches. */
export class ClusterPicture {
  /** Tokens. */
  readonly n: number
  readonly #grids: readonly [queries: PointGrid, keys: PointGrid]
  readonly #found: Found

  /** @param points [2n,dims], queries first; kept, not copied */
  constructor(points: Float32Array, dims: 2 | 3) {
    this.n = points.length / dims / 2
    const middle = this.n * dims
    this.#grids = [new PointGrid(points.subarray(0, middle), dims), new PointGrid(points.subarray(middle), dims)]
    this.#found = createFound(this.n)
  }

  /**
   * Clustering of marked tokens. Queries are compared with queries and keys with keys: for each marked point the share of marked
   * ones among its k nearest (k = 10, or all other marked points if they are fewer), mean over the points of both roles; chance is
   * (M − 1) / (n − 1) for M marked of n. score = (share − chance) / (1 − chance). Points at equal distance share the places that are
   * left, so that a heap of equal points scores 0.
   * @param rows the marked tokens, ascending
   * @param mask [n] 1 where a token is marked
   * @returns null where fewer than two or all tokens are marked
   */
  score(rows: Int32Array, mask: Uint8Array): ClusterScore | null {
    const { n } = this
    const marked = rows.length
    if (marked < 2 || marked >= n) return null
    const k = Math.min(mostNeighbors, marked - 1)
    const chance = (marked - 1) / (n - 1)
    const probes = Math.min(marked, mostProbes)
    const nearest = new Float64Array(k)
    let sum = 0
    for (const grid of this.#grids) {
      for (let probe = 0; probe < probes; probe += 1) {
        const row = rows[Math.floor((probe * marked) / probes)]!
        const limit = grid.near(row, nearest, this.#found)
        sum += countMarked(this.#found, mask, limit, k)
      }
    }
    const share = sum / (2 * probes * k)
    return { score: (share - chance) / (1 - chance), share, chance, k, points: 2 * probes }
  }
}

function countMarked({ distances, rows, count }: Found, mask: Uint8Array, limit: number, k: number): number {
  let nearer = 0
  let markedNearer = 0
  let level = 0
  let markedLevel = 0
  for (let index = 0; index < count; index += 1) {
    const distance = distances[index]!
    if (distance > limit) continue
    if (distance < limit) {
      nearer += 1
      markedNearer += mask[rows[index]!]!
    } else {
      level += 1
      markedLevel += mask[rows[index]!]!
    }
  }
  return markedNearer + (level > 0 ? ((k - nearer) * markedLevel) / level : 0)
}

/** Heads to be scored, all for the same marks. */
export interface ClusterRequest {
  /** `points` [2n,dims]; null: those that were given for this index before. */
  heads: readonly { index: number; points: Float32Array | null; dims: 2 | 3; keep: boolean }[]
  rows: Int32Array
  mask: Uint8Array
}

/** Pictures of heads that further searches are made in. */
export class ClusterShelf {
  readonly #pictures = new Map<number, ClusterPicture>()

  /** One score a head of the request. */
  score({ heads, rows, mask }: ClusterRequest): (ClusterScore | null)[] {
    return heads.map(({ index, points, dims, keep }) => {
      const picture = points ? new ClusterPicture(points, dims) : this.#pictures.get(index)
      if (!picture) throw new RangeError(`The points of head ${index} were not given.`)
      if (keep) this.#pictures.set(index, picture)
      else this.#pictures.delete(index)
      return picture.score(rows, mask)
    })
  }
}
