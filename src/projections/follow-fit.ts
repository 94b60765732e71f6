import { centreTable, fewestKeys, type FollowSample, type SampleBlock } from './follow-sample'

/** Share of the query-specific agreement in what is fitted; the rest is the overall agreement. */
const specificShare = 0.6
/** Rows of the blocks that one round looks at. */
const rowsPerRound = 250
const rounds = 110
const firstStep = 0.1
/** Squared distance that is added to every pair, so that the slope stays finite; maps have a root mean square of 1. */
const softening = 1e-4

/** Linear maps of queries and of keys onto the axes of a picture: [dims,dim] each, and where the keys' mean goes. */
export interface FollowMaps {
  query: Float64Array
  key: Float64Array
  shift: Float64Array
}

/**
 * Two maps, one for queries and one for keys, so that in each sequence of `sample` the distances of a query's point to the keys' points
 * fall as the scores rise. What is made small is the mean over sequences of the correlation of distances with the ranks of the
 * scores in each row (overall agreement), and of both tables less their row and column means (query-specific agreement), by
 * Adam (Kingma and Ba 2014) from the map `start` [dims,dim] for both. A map has few numbers, so it holds beyond the sample. Only
 * + − × ÷ √ in a fixed order: the same bits in every engine.
 * @param features [queries + keys of the sample, dim]
 */
export function fitMaps(
  sample: FollowSample,
  features: Float32Array,
  dim: number,
  dims: number,
  start: Float64Array,
): FollowMaps {
  const size = dims * dim
  const maps = new Float64Array(2 * size + dims)
  const scale = rootMeanSquare(start)
  for (let at = 0; at < size; at++) maps[at] = maps[size + at] = scale > 0 ? start[at]! / scale : 0
  const slopes = new Float64Array(maps.length)
  const mean = new Float64Array(maps.length)
  const square = new Float64Array(maps.length)
  const field = new Field(sample, features, dim, dims)
  let next = 0
  const nextBlocks = (): SampleBlock[] => {
    const batch: SampleBlock[] = []
    for (
      let rows = 0;
      rows < rowsPerRound && batch.length < sample.blocks.length;
      next = (next + 1) % sample.blocks.length
    ) {
      const block = sample.blocks[next]!
      batch.push(block)
      rows += block.queryEnd - block.queryStart + block.keyEnd - block.keyStart
    }
    return batch
  }
  let meanDecay = 1
  let squareDecay = 1
  for (let round = 0; round < rounds; round++) {
    field.findSlopes(maps, slopes, nextBlocks())
    meanDecay *= 0.9
    squareDecay *= 0.99
    const step = (firstStep * (1 - (0.9 * round) / rounds)) / (1 - meanDecay)
    for (let at = 0; at < maps.length; at++) {
      mean[at] = 0.9 * mean[at]! + 0.1 * slopes[at]!
      square[at] = 0.99 * square[at]! + 0.01 * slopes[at]! * slopes[at]!
      maps[at]! -= (step * mean[at]!) / (Math.sqrt(square[at]! / (1 - squareDecay)) + 1e-12)
    }
  }
  return { query: maps.slice(0, size), key: maps.slice(size, 2 * size), shift: maps.slice(2 * size) }
}

function rootMeanSquare(values: Float64Array): number {
  let sum = 0
  for (let at = 0; at < values.length; at++) sum += values[at]! * values[at]!
  return Math.sqrt(sum / Math.max(1, values.length))
}

/** The slope of what is fitted, with its working memory. */
class Field {
  readonly #positions: Float64Array
  readonly #forces: Float64Array
  readonly #distances: Float64Array
  readonly #rest: Float64Array
  readonly #columns: Float64Array
  readonly #counts: Int32Array
  readonly #row = { mean: 0, share: 0, weight: 0 }

  constructor(
    readonly sample: FollowSample,
    readonly features: Float32Array,
    readonly dim: number,
    readonly dims: number,
  ) {
    const rows = sample.queries.length + sample.keys.length
    const pairs = sample.ranks.length
    this.#positions = new Float64Array(rows * dims)
    this.#forces = new Float64Array(rows * dims)
    this.#distances = new Float64Array(pairs)
    this.#rest = new Float64Array(pairs)
    this.#columns = new Float64Array(sample.keys.length)
    this.#counts = new Int32Array(sample.keys.length)
  }

  /** From a part of the blocks, other ones in each round: many small steps come further than few large ones. */
  findSlopes(maps: Float64Array, slopes: Float64Array, blocks: readonly SampleBlock[]): void {
    const split = this.sample.queries.length
    slopes.fill(0)
    for (const block of blocks) {
      this.#place(maps, block.queryStart, block.queryEnd)
      this.#place(maps, split + block.keyStart, split + block.keyEnd)
      this.#addBlock(block)
      this.#gather(slopes, block.queryStart, block.queryEnd)
      this.#gather(slopes, split + block.keyStart, split + block.keyEnd)
    }
  }

  #place(maps: Float64Array, first: number, end: number): void {
    const { features, dim, dims, sample } = this
    const positions = this.#positions
    const size = dims * dim
    const split = sample.queries.length
    for (let row = first; row < end; row++) {
      const map = row < split ? 0 : size
      for (let axis = 0; axis < dims; axis += 2) {
        // Two axes at a time: a feature is read once for both.
        const second = axis + 1 < dims
        const from = map + axis * dim
        const to = second ? from + dim : from
        let x = row < split ? 0 : maps[2 * size + axis]!
        let y = row < split || !second ? 0 : maps[2 * size + axis + 1]!
        for (let column = 0, at = row * dim; column < dim; column++, at++) {
          const feature = features[at]!
          x += feature * maps[from + column]!
          y += feature * maps[to + column]!
        }
        positions[row * dims + axis] = x
        if (second) positions[row * dims + axis + 1] = y
      }
    }
  }

  #addBlock(block: SampleBlock): void {
    const { sample, dims } = this
    const { pairStart, first, ranks, specific } = sample
    const positions = this.#positions
    const distances = this.#distances
    const rest = this.#rest
    const split = sample.queries.length
    const from = pairStart[block.queryStart]!
    const end = pairStart[block.queryEnd]!
    for (let query = block.queryStart; query < block.queryEnd; query++) {
      const x = positions[query * dims]!
      const y = positions[query * dims + 1]!
      const z = dims === 3 ? positions[query * dims + 2]! : 0
      const end = pairStart[query + 1]!
      for (let pair = pairStart[query]!, at = (split + first[query]!) * dims; pair < end; pair++, at += dims) {
        const dx = x - positions[at]!
        const dy = y - positions[at + 1]!
        const dz = dims === 3 ? z - positions[at + 2]! : 0
        distances[pair] = rest[pair] = Math.sqrt(dx * dx + dy * dy + dz * dz + softening)
      }
    }
    const columns = this.#columns.subarray(0, block.keyEnd - block.keyStart)
    centreTable(sample, block, rest, columns, this.#counts.subarray(0, columns.length))
    let square = 0
    let product = 0
    for (let pair = from; pair < end; pair++) {
      square += rest[pair]! * rest[pair]!
      product += rest[pair]! * specific[pair]!
    }
    const length = Math.sqrt(square)
    const agreement = length > 0 ? product / length : 0
    // A table weighs as much as its rows together.
    const weight = length > 0 ? (specificShare * (block.queryEnd - block.queryStart)) / length : 0
    const forces = this.#forces
    forces.fill(0, (split + block.keyStart) * dims, (split + block.keyEnd) * dims)
    const row = this.#row
    const perLength = length > 0 ? agreement / length : 0
    for (let query = block.queryStart; query < block.queryEnd; query++) {
      this.#measureRow(query)
      const { mean, share, weight: rowWeight } = row
      const queryX = positions[query * dims]!
      const queryY = positions[query * dims + 1]!
      const queryZ = dims === 3 ? positions[query * dims + 2]! : 0
      const last = pairStart[query + 1]!
      let sumX = 0
      let sumY = 0
      let sumZ = 0
      for (let pair = pairStart[query]!, at = (split + first[query]!) * dims; pair < last; pair++, at += dims) {
        const distance = distances[pair]!
        const slope =
          weight * (specific[pair]! - perLength * rest[pair]!) + rowWeight * (ranks[pair]! - share * (distance - mean))
        const pull = slope / distance
        const x = pull * (queryX - positions[at]!)
        const y = pull * (queryY - positions[at + 1]!)
        sumX += x
        sumY += y
        forces[at]! -= x
        forces[at + 1]! -= y
        if (dims < 3) continue
        const z = pull * (queryZ - positions[at + 2]!)
        sumZ += z
        forces[at + 2]! -= z
      }
      forces[query * dims] = sumX
      forces[query * dims + 1] = sumY
      if (dims === 3) forces[query * dims + 2] = sumZ
    }
  }

  /** Mean distance of a row, and its part in the slope: weight · (rank − share · (distance − mean)). Into `#row`. */
  #measureRow(query: number): void {
    const { pairStart, ranks } = this.sample
    const distances = this.#distances
    const row = this.#row
    const start = pairStart[query]!
    const end = pairStart[query + 1]!
    row.mean = row.share = row.weight = 0
    if (end - start < fewestKeys) return
    let sum = 0
    for (let pair = start; pair < end; pair++) sum += distances[pair]!
    row.mean = sum / (end - start)
    let square = 0
    let product = 0
    for (let pair = start; pair < end; pair++) {
      const difference = distances[pair]! - row.mean
      square += difference * difference
      product += difference * ranks[pair]!
    }
    if (square === 0) return
    row.share = product / square
    row.weight = (1 - specificShare) / Math.sqrt(square)
  }

  #gather(slopes: Float64Array, first: number, end: number): void {
    const { features, dim, dims, sample } = this
    const forces = this.#forces
    const size = dims * dim
    const split = sample.queries.length
    for (let row = first; row < end; row++) {
      const map = row < split ? 0 : size
      for (let axis = 0; axis < dims; axis += 2) {
        const second = axis + 1 < dims
        const from = map + axis * dim
        const to = from + dim
        const x = forces[row * dims + axis]!
        const y = second ? forces[row * dims + axis + 1]! : 0
        if (row >= split) slopes[2 * size + axis]! += x
        if (row >= split && second) slopes[2 * size + axis + 1]! += y
        if (second) {
          for (let column = 0, at = row * dim; column < dim; column++, at++) {
            const feature = features[at]!
            slopes[from + column]! += x * feature
            slopes[to + column]! += y * feature
          }
        } else {
          for (let column = 0, at = row * dim; column < dim; column++, at++) slopes[from + column]! += x * features[at]!
        }
      }
    }
  }
}
