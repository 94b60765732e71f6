// Other people's UMAP and t-SNE in the browser, on the head that projections.ts gives ours.
import { TSNE } from '@keckelt/tsne'
import startBarnesHut, { bhtSNEf32, initThreadPool } from 'wasm-bhtsne'
import { createUMAP } from '../../node_modules/embedding-atlas/dist/umap.js'
import type { HeadVectors } from '../../src/core/types'

/** Queries, then keys, one array a row. */
const listRows = ({ q, k, dim }: HeadVectors): number[][] =>
  [q, k].flatMap((values) =>
    Array.from({ length: values.length / dim }, (_, row) => [...values.subarray(row * dim, (row + 1) * dim)]),
  )

/** Milliseconds of embedding-atlas' UMAP to its end. */
export async function embeddingAtlas({ q, k, dim }: HeadVectors): Promise<number> {
  const rows = new Float32Array(q.length + k.length)
  rows.set(q)
  rows.set(k, q.length)
  const began = performance.now()
  const umap = await createUMAP(rows.length / dim, dim, 2, rows, { metric: 'cosine', nNeighbors: 15, minDist: 0.1 })
  await umap.run()
  const ms = performance.now() - began
  umap.destroy()
  return ms
}

/** Milliseconds of the set-up, and of one of the later epochs, of wasm-bhtsne (Barnes–Hut, on two threads). */
export async function barnesHut(head: HeadVectors, epochs: number) {
  await startBarnesHut()
  await initThreadPool(2)
  const rows = listRows(head)
  const began = performance.now()
  const tsne = new bhtSNEf32(rows, { perplexity: 30, theta: 0.5, learning_rate: 200 })
  tsne.step(1)
  const ready = performance.now()
  tsne.step(epochs)
  return { setUp: ready - began, epoch: (performance.now() - ready) / epochs }
}

/** The same of @keckelt/tsne (all pairs: time grows with the square of the points). */
export function allPairs(head: HeadVectors, epochs: number) {
  const rows = listRows(head)
  const began = performance.now()
  const tsne = new TSNE({ perplexity: 30, dim: 2, epsilon: 10 })
  tsne.initDataRaw(rows)
  const ready = performance.now()
  for (let epoch = 0; epoch < epochs; epoch++) tsne.step()
  return { setUp: ready - began, epoch: (performance.now() - ready) / epochs }
}
