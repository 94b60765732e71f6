import type { MetricId, ProjectionId } from '../../src/core/types'

export interface PinnedPicture {
  projection: ProjectionId
  dims: 2 | 3
  metric: MetricId
  /** Queries; there are as many keys. */
  n: number
  dim: number
  /** SHA-256 of the coordinates. */
  sha256: string
}

/** Pictures of hashed numbers whose bits are the same in every engine. A change here is a change of every saved picture. */
export const pinnedPictures: readonly PinnedPicture[] = [
  pin('umap', 2, 'cosine', 600, '81caa03b5b347d5b113fcb0437bc80071f5ac2a52b8882f3f7aa7ff0cd09d4ad'),
  pin('umap', 2, 'euclidean', 600, 'c8863d34fd1b78c1e367c882b73b33544e95f61473d5ca743bd2f65b5b1b8570'),
  pin('umap', 3, 'cosine', 600, '57401d7dce62e6dca95c98e651c687e459938b7a1db1ccb1ec2d0a7762c8111d'),
  pin('tsne', 2, 'cosine', 600, 'b42c9c036ca846bc8bcbbbd729ecfd00a7d2ee42a710275ab583f144dea8ecbc'),
  pin('tsne', 2, 'euclidean', 600, '0a590eca1416fd9ba3b803d7b3453a6df336491f1c00c82e2b72d576b887732b'),
  pin('tsne', 2, 'cosine', 150, 'd843f8b04193503f8be98afb6ee8c23a1c792038ccfd6db8687781da74900c02'),
  pin('tsne', 3, 'cosine', 600, 'b741567d7a921fb1fe3f7d1cd5aacc9d4db2100db6b88bb247abf85532155f68'),
]

function pin(projection: ProjectionId, dims: 2 | 3, metric: MetricId, n: number, sha256: string): PinnedPicture {
  return { projection, dims, metric, n, dim: 20, sha256 }
}
