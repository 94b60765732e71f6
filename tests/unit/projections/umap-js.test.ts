import { expect, test } from 'vitest'
import { spearman } from '../../../src/core/spearman'
import { ProjectionEngine } from '../../../src/projections/project'
import { makeHead, makeJob } from '../../contracts/heads'

const project = async (more: Parameters<typeof makeJob>[1]) =>
  (await new ProjectionEngine().project(makeJob(makeHead(60), more))).points

const column = (points: Float32Array, axis: number) =>
  Array.from({ length: points.length / 2 }, (_, point) => points[point * 2 + axis]!)

test('another seed gives another picture of the same orientation', async () => {
  const pca = await project({ projection: 'pca' })
  const pictures = [
    await project({ projection: 'umap-js', seed: 1 }),
    await project({ projection: 'umap-js', seed: 2 }),
  ]
  expect(pictures[0]).not.toEqual(pictures[1])
  for (const picture of pictures) expect(spearman(column(picture, 0), column(pca, 0))).toBeGreaterThan(0.5)
})

test('its parameters reach the library', async () => {
  const plain = await project({ projection: 'umap-js' })
  for (const more of [{ neighbors: 12 }, { mindist: 0.9 }, { epochs: 10 }, { metric: 'euclidean' as const }]) {
    expect(await project({ projection: 'umap-js', ...more })).not.toEqual(plain)
  }
})

test('neighbours stay together', async () => {
  // Two clouds far from each other: each point's nearest drawn point is of its own cloud.
  const head = makeHead(40)
  for (let at = 0; at < 20 * 6; at++) {
    head.q[at]! += 9
    head.k[at]! += 9
  }
  const { points } = await new ProjectionEngine().project(
    makeJob(head, { projection: 'umap-js', metric: 'euclidean', epochs: 200 }),
  )
  const cloud = (point: number) => point % 40 < 20
  for (let point = 0; point < 80; point++) {
    let nearest = -1
    let least = Infinity
    for (let other = 0; other < 80; other++) {
      const distance = Math.hypot(
        points[point * 2]! - points[other * 2]!,
        points[point * 2 + 1]! - points[other * 2 + 1]!,
      )
      if (other !== point && distance < least) [nearest, least] = [other, distance]
    }
    expect(cloud(nearest)).toBe(cloud(point))
  }
})
