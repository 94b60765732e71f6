import type { GpuGraph } from '../gpu/umap'
import type { Kernel } from './kernel'

/** Where a kernel with the graph of neighbours (src/kernels/graph.ts) has it. */
interface GraphExports {
  graphStarts(): number
  graphPoints(): number
  graphWeights(): number
}

/** A copy of the joined graph of `count` points, for the GPU. */
export function takeGraph(kernel: Kernel<GraphExports>, count: number): GpuGraph {
  const { exports } = kernel
  const starts = Uint32Array.from(kernel.int32(exports.graphStarts() >>> 0, count + 1))
  const edges = starts[count]!
  const edgePoints = Uint32Array.from(kernel.int32(exports.graphPoints() >>> 0, edges))
  const edgeWeights = kernel.float32(exports.graphWeights() >>> 0, edges).slice()
  const degrees = new Float32Array(count)
  for (let point = 0; point < count; point++) {
    for (let edge = starts[point]!; edge < starts[point + 1]!; edge++) degrees[point]! += edgeWeights[edge]!
  }
  return { count, starts, edgePoints, edgeWeights, degrees }
}
