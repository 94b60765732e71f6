import { fewestKeys, type FollowSample, type SampleBlock } from './follow-sample'

/** Share of the query-specific agreement in what is fitted; the rest is the overall agreement. */
const specificShare = 0.6
/** Rows of the blocks that one round looks at, at full effort. */
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
 * fall as the scores rise. What is made small is the mean over sequences of the correlation of distances with the ranks (their square
 * roots) of the scores in each row (overall agreement), and of both tables less their row and column means (query-specific agreement), by
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
      rows < rowsPerRound * sample.effort && batch.length < sample.blocks.length;
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
  /** [pairs of a block] */
  readonly #distances: Float64Array
  /** [pairs of a block] distances less row and column means, of ordinary tokens. */
  readonly #rest: Float64Array
  readonly #columns: Float64Array
  /** [queries] mean distance of a row and its part in the slope: weight · (rank − share · (distance − mean)). */
  readonly #rowMeans: Float64Array
  readonly #rowShares: Float64Array
  readonly #rowWeights: Float64Array

  constructor(
    readonly sample: FollowSample,
    readonly features: Float32Array,
    readonly dim: number,
    readonly dims: number,
  ) {
    const queries = sample.queries.length
    const rows = queries + sample.keys.length
    const { blocks, pairStart } = sample
    // Small enough to stay in the processor's nearest cache.
    const pairs = Math.max(...blocks.map(({ queryStart, queryEnd }) => pairStart[queryEnd]! - pairStart[queryStart]!))
    this.#positions = new Float64Array(rows * dims)
    this.#forces = new Float64Array(rows * dims)
    this.#distances = new Float64Array(pairs)
    this.#rest = new Float64Array(pairs)
    this.#columns = new Float64Array(sample.keys.length)
    this.#rowMeans = new Float64Array(queries)
    this.#rowShares = new Float64Array(queries)
    this.#rowWeights = new Float64Array(queries)
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
    this.#measureDistances(block)
    const { square, product } = this.#measureRows(block)
    const length = Math.sqrt(square)
    // A table weighs as much as its rows together.
    const weight = length > 0 ? (specificShare * (block.queryEnd - block.queryStart)) / length : 0
    this.#pull(block, weight, length > 0 ? product / square : 0)
  }

  /** Distances, and what is left of them without row means; sums of columns. */
  #measureDistances(block: SampleBlock): void {
    const { sample, dims } = this
    const { pairStart, first, queryOrdinary, keyOrdinary, rowShare } = sample
    const positions = this.#positions
    const distances = this.#distances
    const rest = this.#rest
    const columns = this.#columns
    const split = sample.queries.length
    const base = pairStart[block.queryStart]!
    columns.fill(0, block.keyStart, block.keyEnd)
    for (let query = block.queryStart; query < block.queryEnd; query++) {
      const x = positions[query * dims]!
      const y = positions[query * dims + 1]!
      const z = dims === 3 ? positions[query * dims + 2]! : 0
      const start = pairStart[query]! - base
      const end = pairStart[query + 1]! - base
      const firstKey = first[query]!
      let sum = 0
      let ordinarySum = 0
      for (let pair = start, key = firstKey, at = (split + firstKey) * dims; pair < end; pair++, key++, at += dims) {
        const dx = x - positions[at]!
        const dy = y - positions[at + 1]!
        const dz = dims === 3 ? z - positions[at + 2]! : 0
        const distance = Math.sqrt(dx * dx + dy * dy + dz * dz + softening)
        distances[pair] = distance
        sum += distance
        ordinarySum += keyOrdinary[key]! * distance
      }
      this.#rowMeans[query] = sum / Math.max(1, end - start)
      const mean = ordinarySum * rowShare[query]!
      const isOrdinary = queryOrdinary[query]!
      for (let pair = start, key = firstKey; pair < end; pair++, key++) {
        const left = isOrdinary * keyOrdinary[key]! * (distances[pair]! - mean)
        rest[pair] = left
        columns[key]! += left
      }
    }
  }

  /** Takes out column means, and measures how each row, and the whole table, agrees with its target. */
  #measureRows(block: SampleBlock): { square: number; product: number } {
    const { pairStart, first, queryOrdinary, columnShare, ranks, specific } = this.sample
    const distances = this.#distances
    const rest = this.#rest
    const columns = this.#columns
    const base = pairStart[block.queryStart]!
    // A special key's column is 0: all that is left in it is.
    for (let key = block.keyStart; key < block.keyEnd; key++) columns[key]! *= columnShare[key]!
    let square = 0
    let product = 0
    for (let query = block.queryStart; query < block.queryEnd; query++) {
      const start = pairStart[query]!
      const end = pairStart[query + 1]!
      const mean = this.#rowMeans[query]!
      const isOrdinary = queryOrdinary[query]!
      let rowSquare = 0
      let rowProduct = 0
      for (let pair = start, at = start - base, key = first[query]!; pair < end; pair++, at++, key++) {
        const left = rest[at]! - isOrdinary * columns[key]!
        rest[at] = left
        square += left * left
        product += left * specific[pair]!
        const difference = distances[at]! - mean
        rowSquare += difference * difference
        rowProduct += difference * ranks[pair]!
      }
      const hasOrder = end - start >= fewestKeys && rowSquare > 0
      this.#rowShares[query] = hasOrder ? rowProduct / rowSquare : 0
      this.#rowWeights[query] = hasOrder ? (1 - specificShare) / Math.sqrt(rowSquare) : 0
    }
    return { square, product }
  }

  /** Slopes for the positions of a block's queries and keys. */
  #pull(block: SampleBlock, weight: number, perLength: number): void {
    const { sample, dims } = this
    const { pairStart, first, ranks, specific } = sample
    const positions = this.#positions
    const forces = this.#forces
    const distances = this.#distances
    const rest = this.#rest
    const split = sample.queries.length
    const base = pairStart[block.queryStart]!
    forces.fill(0, (split + block.keyStart) * dims, (split + block.keyEnd) * dims)
    for (let query = block.queryStart; query < block.queryEnd; query++) {
      const mean = this.#rowMeans[query]!
      const share = this.#rowShares[query]!
      const rowWeight = this.#rowWeights[query]!
      const queryX = positions[query * dims]!
      const queryY = positions[query * dims + 1]!
      const queryZ = dims === 3 ? positions[query * dims + 2]! : 0
      const last = pairStart[query + 1]!
      let sumX = 0
      let sumY = 0
      let sumZ = 0
      for (let pair = pairStart[query]!, at = (split + first[query]!) * dims; pair < last; pair++, at += dims) {
        const distance = distances[pair - base]!
        const ofTable = weight * (specific[pair]! - perLength * rest[pair - base]!)
        const slope = ofTable + rowWeight * (ranks[pair]! - share * (distance - mean))
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

  #gather(slopes: Float64Array, first: number, end: number): void {
    const { features, dim, dims, sample } = this
    const forces = this.#forces
    const size = dims * dim
    const split = sample.queries.length
    for (let axis = 0; axis < dims; axis++) {
      const to = (first < split ? 0 : size) + axis * dim
      let column = 0
      // Four columns at a time: their sums stay in registers.
      for (; column + 4 <= dim; column += 4) {
        let a = slopes[to + column]!
        let b = slopes[to + column + 1]!
        let c = slopes[to + column + 2]!
        let d = slopes[to + column + 3]!
        for (let row = first, at = first * dim + column; row < end; row++, at += dim) {
          const force = forces[row * dims + axis]!
          a += force * features[at]!
          b += force * features[at + 1]!
          c += force * features[at + 2]!
          d += force * features[at + 3]!
        }
        slopes[to + column] = a
        slopes[to + column + 1] = b
        slopes[to + column + 2] = c
        slopes[to + column + 3] = d
      }
      for (; column < dim; column++)
        for (let row = first; row < end; row++)
          slopes[to + column]! += forces[row * dims + axis]! * features[row * dim + column]!
      if (first < split) continue
      for (let row = first; row < end; row++) slopes[2 * size + axis]! += forces[row * dims + axis]!
    }
  }
}
