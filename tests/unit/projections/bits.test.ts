import { expect, test } from 'vitest'
import { hashUniform } from '../../../src/core/random'
import type { JointId, ProjectionId } from '../../../src/core/types'
import { ProjectionEngine } from '../../../src/projections/project'
import { makeJob } from '../../contracts/heads'
import { drawPinned } from '../../helpers/draw-pinned'
import { pinnedPictures } from '../../helpers/pinned-pictures'
import { spansOf } from '../golden-head'

/** FNV-1a over the 32-bit words of the coordinates. */
function hashBits(points: Float32Array): number {
  let hash = 2_166_136_261
  for (const word of new Uint32Array(points.buffer, points.byteOffset, points.length)) {
    hash = Math.imul(hash ^ word, 16_777_619) >>> 0
  }
  return hash
}

function makeVectors(n: number, dim: number, offset: number) {
  const numbers = (seed: number, added: number) =>
    Float32Array.from(
      { length: n * dim },
      (_, index) => (hashUniform(seed, index) + hashUniform(seed, index, 1) - 1 + added) * (1 + (index % dim) / 8),
    )
  return { q: numbers(1, offset), k: numbers(2, 0), n, m: n, dim, scale: 1 / Math.sqrt(dim) }
}

// The same numbers came out of Chromium: a change here is a change of every saved picture.
test.each<[JointId, ProjectionId, 2 | 3, number, number, number, number]>([
  ['translate', 'pca', 2, 5000, 64, 0, 3544244040],
  ['translate', 'pca', 3, 5000, 64, 0, 3438883722],
  ['translate', 'pca', 2, 1000, 64, 0, 963583470],
  ['scale', 'pca', 2, 1000, 32, 0.5, 2589177868],
  ['scale', 'pca', 3, 1000, 32, 0.5, 298575628],
  ['lift', 'pca', 3, 1000, 32, 0.5, 3811913748],
  ['translate', 'singular', 3, 1000, 32, 0.5, 2500317691],
])('%s, %s in %i dimensions, %i tokens × %i, queries moved by %f: the bits are pinned', async (...row) => {
  const [joint, projection, dims, n, dim, offset, expected] = row
  const job = makeJob(makeVectors(n, dim, offset), { joint, projection, dims, seed: 0 })
  job.spans = spansOf(Array.from({ length: n / 50 }, () => 50))
  const { points } = await new ProjectionEngine().project(job)
  expect(hashBits(points)).toBe(expected)
})

// tests/gpu/kernels.spec.ts draws the same ones in Chromium.
test.each(pinnedPictures)(
  '$projection in $dims dimensions, $metric, $n tokens: the bits are pinned',
  async (picture) => {
    expect(await drawPinned(picture)).toBe(picture.sha256)
  },
)
