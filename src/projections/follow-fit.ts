import { fewestKeys, type FollowSample, type SampleBlock } from './follow-sample'
import { type Kernel, loadKernel } from './kernel'

/** Share of the query-specific agreement in what is fitted; the rest is the overall agreement. */
export const specificShare = 0.6
/** Rows of the blocks that one round looks at, at full effort. */
const rowsPerRound = 250
const rounds = 110
const firstStep = 0.1
/** Squared distance that is added to every pair, so that the slope stays finite; maps have a root mean square of 1. */
export const softening = 1e-4

interface FollowExports {
  setSizes(
    queries: number,
    dim: number,
    dims: number,
    fewestKeys: number,
    specificShare: number,
    softening: number,
  ): void
  setSample(
    features: number,
    pairStart: number,
    first: number,
    ranks: number,
    specific: number,
    queryOrdinary: number,
    keyOrdinary: number,
    rowShare: number,
    columnShare: number,
  ): void
  workspaceBytes(rows: number, keys: number, pairs: number): number
  setWorkspace(workspace: number, rows: number, keys: number, pairs: number): void
  addBlock(maps: number, slopes: number, queryStart: number, queryEnd: number, keyStart: number, keyEnd: number): void
}

/** Linear maps of queries and of keys onto the axes of a picture: [dims,dim] each, and where the keys' mean goes. */
export interface FollowMaps {
  query: Float64Array
  key: Float64Array
  shift: Float64Array
}

/**
 * Two maps, one for queries and one for keys, so that in each sequence of `sample` the distances of a query's point to the keys' points
 * fall as the scores rise. What is made small is the mean over sequences of the correlation of distances with the ranks (their square
 * roots) of the scores in each row (overall agreement), and of both tables less their row and column means (query-specific agreement),
 * by Adam (Kingma and Ba 2014) from the map `start` [dims,dim] for both. A map has few numbers, so it holds beyond the sample. Only
 * + − × ÷ √ in a fixed order: the same bits in every engine.
 * @param features [queries + keys of the sample, dim]
 * @throws AppError NOT_AVAILABLE, OUT_OF_MEMORY
 */
export async function fitMaps(
  sample: FollowSample,
  features: Float32Array,
  dim: number,
  dims: number,
  start: Float64Array,
): Promise<FollowMaps> {
  // From here on nothing waits, so that one instance is enough for all that a worker does.
  const field = new Field(await load(), sample, features, dim, dims)
  const { maps, slopes } = field
  const size = dims * dim
  const scale = rootMeanSquare(start)
  maps.fill(0)
  for (let at = 0; at < size; at++) maps[at] = maps[size + at] = scale > 0 ? start[at]! / scale : 0
  const mean = new Float64Array(maps.length)
  const square = new Float64Array(maps.length)
  let next = 0
  let meanDecay = 1
  let squareDecay = 1
  for (let round = 0; round < rounds; round++) {
    slopes.fill(0)
    next = addBlocks(field, sample, next)
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

/** The slope of what `fitMaps` makes small, over all blocks, at `maps` [2·dims·dim + dims]. For tests against the definition. */
export async function measureSlope(
  sample: FollowSample,
  features: Float32Array,
  dim: number,
  dims: number,
  maps: Float64Array,
): Promise<Float64Array> {
  const field = new Field(await load(), sample, features, dim, dims)
  field.maps.set(maps)
  field.slopes.fill(0)
  for (const block of sample.blocks) field.addBlock(block)
  return field.slopes.slice()
}

/**
 * The slope over a part of the blocks, from block `next` on; returns which block is next. Other ones in each round: many small steps
 * come further than few large ones.
 */
function addBlocks(field: Field, { blocks, effort }: FollowSample, next: number): number {
  let rows = 0
  for (let count = 0; rows < rowsPerRound * effort && count < blocks.length; count++) {
    const block = blocks[next]!
    field.addBlock(block)
    rows += block.queryEnd - block.queryStart + block.keyEnd - block.keyStart
    next = (next + 1) % blocks.length
  }
  return next
}

function rootMeanSquare(values: Float64Array): number {
  let sum = 0
  for (let at = 0; at < values.length; at++) sum += values[at]! * values[at]!
  return Math.sqrt(sum / Math.max(1, values.length))
}

let loading: Promise<Kernel<FollowExports>> | null = null

function load(): Promise<Kernel<FollowExports>> {
  loading ??= loadKernel<FollowExports>(new URL('../kernels/build/follow.wasm', import.meta.url)).catch(
    (error: unknown) => {
      loading = null // the next head tries again
      throw error
    },
  )
  return loading
}

/** What is fitted, in WASM: maps and their slope, [2·dims·dim + dims] both. */
class Field {
  readonly maps: Float64Array
  readonly slopes: Float64Array
  readonly #exports: FollowExports
  readonly #mapsAt: number
  readonly #slopesAt: number

  constructor(kernel: Kernel<FollowExports>, sample: FollowSample, features: Float32Array, dim: number, dims: number) {
    const { exports } = kernel
    const [queries, keys] = [sample.queries.length, sample.keys.length]
    const { blocks, pairStart } = sample
    const pairs = Math.max(...blocks.map(({ queryStart, queryEnd }) => pairStart[queryEnd]! - pairStart[queryStart]!))
    exports.setSizes(queries, dim, dims, fewestKeys, specificShare, softening)
    kernel.reset()
    const rows = kernel.allocate(4 * features.length)
    const integers = [sample.pairStart, sample.first]
    const { ranks, specific, queryOrdinary, keyOrdinary, rowShare, columnShare } = sample
    const floats = [ranks, specific, queryOrdinary, keyOrdinary, rowShare, columnShare]
    const integersAt = integers.map(({ byteLength }) => kernel.allocate(byteLength))
    const floatsAt = floats.map(({ byteLength }) => kernel.allocate(byteLength))
    const workspace = kernel.allocate(exports.workspaceBytes(queries + keys, keys, pairs) >>> 0)
    const size = 2 * dims * dim + dims
    this.#mapsAt = kernel.allocate(8 * size)
    this.#slopesAt = kernel.allocate(8 * size)
    kernel.float32(rows, features.length).set(features)
    integers.forEach((values, index) => kernel.int32(integersAt[index]!, values.length).set(values))
    floats.forEach((values, index) => kernel.float64(floatsAt[index]!, values.length).set(values))
    const [starts, firsts] = integersAt as [number, number]
    exports.setSample(rows, starts, firsts, ...(floatsAt as [number, number, number, number, number, number]))
    exports.setWorkspace(workspace, queries + keys, keys, pairs)
    this.#exports = exports
    this.maps = kernel.float64(this.#mapsAt, size)
    this.slopes = kernel.float64(this.#slopesAt, size)
  }

  addBlock({ queryStart, queryEnd, keyStart, keyEnd }: SampleBlock): void {
    this.#exports.addBlock(this.#mapsAt, this.#slopesAt, queryStart, queryEnd, keyStart, keyEnd)
  }
}
