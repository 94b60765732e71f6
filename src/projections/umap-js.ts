import type { JointVectors } from '../core/types'
import { createRandom } from '../core/random'
import { alignTo } from './procrustes'
import { computePca } from './pca'
import type { Projection } from './types'

/** umap-js needs more points than neighbours; below this a graph of neighbours means nothing. */
const fewestPoints = 4

/** umap-js starts in a cube of this half-width. */
const startRadius = 10

/**
 * UMAP by umap-js (the reference, not the fast way), from the PCA picture instead of a random start and turned back onto it
 * afterwards. Neighbours and graph are made in one go (seconds for 10,000 points, during which only ending the worker helps);
 * the epochs let messages in. It uses exp and pow, so other engines may give other bits.
 */
export const projection: Projection = {
  id: 'umap-js',
  async project(joint, context) {
    const { settings, spans, headIndex, pause } = context
    const { dims, metric } = settings
    const pca = await computePca(joint, metric, dims, spans)
    const count = joint.n + joint.m
    if (count < fewestPoints || isOnePoint(pca)) return pca

    const { UMAP } = await import('umap-js')
    const umap = new UMAP({
      nComponents: dims,
      nNeighbors: Math.min(settings.neighbors, count - 1),
      minDist: settings.mindist,
      random: createRandom(settings.seed, headIndex),
      ...(settings.epochs === null ? {} : { nEpochs: settings.epochs }),
    })
    const epochs = umap.initializeFit(listRows(joint, metric === 'cosine'))
    startFrom(umap.getEmbedding(), pca, dims)
    for (let epoch = 0; epoch < epochs; epoch++) {
      await pause(epoch, epochs)
      umap.step()
    }
    await pause(epochs, epochs)
    const points = Float32Array.from(umap.getEmbedding().flat())
    alignTo(points, pca, dims)
    return points
  },
}

function isOnePoint(points: Float32Array): boolean {
  return points.every((value) => value === 0)
}

/** Rows of length 1 (zeros stay): their Euclidean distance ranks neighbours as the cosine distance does. */
function listRows({ q, k, n, m, dim }: JointVectors, normalize: boolean): number[][] {
  const rows: number[][] = []
  for (let index = 0; index < n + m; index++) {
    const source = index < n ? q : k
    const start = (index < n ? index : index - n) * dim
    const row = Array.from(source.subarray(start, start + dim))
    if (normalize) {
      let square = 0
      for (const value of row) square += value * value
      const norm = Math.sqrt(square)
      if (norm > 0) for (let column = 0; column < dim; column++) row[column]! /= norm
    }
    rows.push(row)
  }
  return rows
}

/** The PCA picture, sized to the usual start, written over the random one (umap-js has no option for it). */
function startFrom(embedding: number[][], pca: Float32Array, dims: number): void {
  let largest = 0
  for (const value of pca) largest = Math.max(largest, Math.abs(value))
  const factor = startRadius / largest
  for (const [point, row] of embedding.entries()) {
    for (let axis = 0; axis < dims; axis++) row[axis] = pca[point * dims + axis]! * factor
  }
}
