// UMAP against umap-js: the graph edge by edge, and the picture by its neighbours.
import { UMAP } from 'umap-js'
import { expect, test } from 'vitest'
import { takeGraph } from '../../../src/projections/gpu-graph'
import { type Kernel, loadKernel } from '../../../src/projections/kernel'
import { type Neighbors, NeighborSearch } from '../../../src/projections/neighbors'
import { ProjectionEngine } from '../../../src/projections/project'
import type { UmapExports } from '../../../src/projections/umap'
import { trustworthiness } from '../../helpers/trustworthiness'
import { makeJob } from '../../contracts/heads'
import { readGoldenHead } from '../golden-head'

const tokens = 200
const { vectors } = readGoldenHead()
const { dim } = vectors
const head = {
  ...vectors,
  q: vectors.q.slice(0, tokens * dim),
  k: vectors.k.slice(0, tokens * dim),
  n: tokens,
  m: tokens,
}
const count = 2 * tokens
const rows = Float32Array.from([...head.q, ...head.k])
const listOf = (values: ArrayLike<number>, width: number, row: number) =>
  Array.from({ length: width }, (_, at) => values[row * width + at]!)

const pause = () => Promise.resolve()

/** Weights by `point · count + other`. */
function edgesOf(kernel: Kernel<UmapExports>): Map<number, number> {
  const { starts, edgePoints, edgeWeights } = takeGraph(kernel, count)
  const edges = new Map<number, number>()
  for (let point = 0; point < count; point++)
    for (let edge = starts[point]!; edge < starts[point + 1]!; edge++)
      if (edgeWeights[edge]! > 0) edges.set(point * count + edgePoints[edge]!, edgeWeights[edge]!)
  return edges
}

async function ownGraph({ indices, distances, k }: Neighbors): Promise<Map<number, number>> {
  const kernel = await loadKernel<UmapExports>(new URL('../../../src/kernels/build/umap.wasm', import.meta.url))
  const { exports } = kernel
  const size = count * k
  const [indicesAt, distancesAt] = [kernel.allocate(4 * size), kernel.allocate(4 * size)]
  const graphAt = kernel.allocate(exports.graphBytes(count, k))
  kernel.int32(indicesAt, size).set(indices)
  kernel.float32(distancesAt, size).set(distances)
  exports.beginGraph(indicesAt, distancesAt, count, k, graphAt)
  exports.weighNeighbors(0, count, distances.reduce((sum, value) => sum + value, 0) / (count * (k + 1)))
  exports.joinGraph(1_000_000) // so many epochs that no edge is too weak
  return edgesOf(kernel)
}

/** With a point as its own first neighbour, as umap-js wants it. */
function referenceGraph({ indices, distances, k }: Neighbors): Map<number, number> {
  const umap = new UMAP({ nNeighbors: k + 1 })
  const points = Array.from({ length: count }, (_, row) => row)
  umap.setPrecomputedKNN(
    points.map((row) => [row, ...listOf(indices, k, row)]),
    points.map((row) => [0, ...listOf(distances, k, row)]),
  )
  umap.initializeFit(points.map((row) => listOf(rows, dim, row)))
  const { graph } = umap as unknown as {
    graph: { getRows(): number[]; getCols(): number[]; getValues(): number[] }
  }
  const [from, to, weights] = [graph.getRows(), graph.getCols(), graph.getValues()]
  return new Map(weights.flatMap((weight, at) => (weight > 0 ? [[from[at]! * count + to[at]!, weight] as const] : [])))
}

test('the graph is that of umap-js', async () => {
  const search = await NeighborSearch.load()
  const neighbors = await search.find(rows, count, dim, 14, 'euclidean', pause)
  const [own, reference] = [await ownGraph(neighbors), referenceGraph(neighbors)]
  expect(reference.size).toBeGreaterThan(14 * count)
  // Weights that are nothing in float32 may be absent on one side.
  const weak = 1e-5
  for (const [edge, weight] of reference) if (weight > weak) expect(own.get(edge)).toBeCloseTo(weight, 4)
  for (const [edge, weight] of own) if (weight > weak) expect(reference.get(edge)).toBeCloseTo(weight, 4)
})

test('the picture is as trustworthy as that of umap-js', async () => {
  const draw = async (projection: 'umap' | 'umap-js') => {
    const job = makeJob(
      { ...head, q: head.q.slice(), k: head.k.slice() },
      { joint: 'raw', projection, neighbors: 15, epochs: null },
    )
    const { points } = await new ProjectionEngine().project(job)
    return trustworthiness(rows, dim, points, 2, 12, 'cosine')
  }
  expect(await draw('umap')).toBeGreaterThan((await draw('umap-js')) - 0.01)
})
