import { AppError } from '../core/errors'
import type { ProjectionId, ProjectionParameter } from '../core/types'
import * as pca from './pca'
import type { Projection, ProjectionInfo } from './types'

const metric: ProjectionParameter = { id: 'metric', pythonName: 'metric', default: 'cosine' }
const seed: ProjectionParameter = {
  id: 'seed',
  pythonName: 'random_state',
  default: 0,
  step: 1,
  minimum: 0,
  maximum: 2 ** 31 - 1,
}
const neighbors: ProjectionParameter = {
  id: 'neighbors',
  pythonName: 'n_neighbors',
  default: 15,
  step: 1,
  minimum: 2,
  maximum: 200,
}
const mindist: ProjectionParameter = {
  id: 'mindist',
  pythonName: 'min_dist',
  default: 0.1,
  step: 0.05,
  minimum: 0,
  maximum: 1,
}
const perplexity: ProjectionParameter = {
  id: 'perplexity',
  pythonName: 'perplexity',
  default: 30,
  step: 5,
  minimum: 2,
  maximum: 100,
}
const epochs: ProjectionParameter = {
  id: 'epochs',
  pythonName: 'n_epochs',
  default: null,
  step: 1,
  minimum: 1,
  maximum: 2000,
}

/** No Python library has it: 0 is what they do. */
const follow: ProjectionParameter = {
  id: 'follow',
  pythonName: 'follow',
  default: 0,
  step: 0.05,
  minimum: 0,
  maximum: 1,
}

type Entry = ProjectionInfo & { load(): Promise<{ projection: Projection }> }

/** One file and one line here make a projection. */
const entries: Partial<Record<ProjectionId, Entry>> = {
  pca: {
    id: 'pca',
    label: 'PCA',
    description: 'The directions of largest variance. Linear: distances shrink, nothing is torn.',
    dims: [2, 3],
    parameters: [metric],
    openedHeadOnly: false,
    load: () => Promise.resolve(pca), // every other projection starts from it
  },
  umap: {
    id: 'umap',
    label: 'UMAP',
    description: 'Keeps neighbours together; far distances and sizes of clusters mean little.',
    dims: [2, 3],
    parameters: [metric, neighbors, mindist, epochs, seed, follow],
    openedHeadOnly: false,
    load: () => import('./umap'),
  },
  tsne: {
    id: 'tsne',
    label: 't-SNE',
    description: 'Keeps the nearest neighbours best; sizes of clusters and distances between them mean little.',
    dims: [2, 3],
    parameters: [metric, perplexity, { ...epochs, pythonName: 'max_iter' }, seed, follow],
    openedHeadOnly: false,
    load: () => import('./tsne'),
  },
  'umap-js': {
    id: 'umap-js',
    label: 'UMAP (umap-js)',
    description: 'The reference implementation in JavaScript: slow, for the opened head only.',
    dims: [2, 3],
    parameters: [metric, neighbors, mindist, epochs, seed],
    openedHeadOnly: true,
    load: () => import('./umap-js'),
  },
  singular: {
    id: 'singular',
    label: 'QK singular axes',
    description: 'The axes that explain most of q·k. Read it by inner product, not by distance.',
    dims: [2, 3],
    parameters: [],
    openedHeadOnly: false,
    load: () => import('./singular'),
  },
}

export const projectionInfos: readonly ProjectionInfo[] = Object.values(entries)

/** Null for a projection that is not built. */
export const projectionInfo = (id: ProjectionId): ProjectionInfo | null => entries[id] ?? null

/** The projection of that name. Throws NOT_AVAILABLE for one that is unknown or not built yet. */
export async function loadProjection(id: string): Promise<Projection> {
  const entry = Object.hasOwn(entries, id) ? entries[id as ProjectionId] : undefined
  if (!entry) {
    const names = Object.keys(entries).join(', ')
    throw new AppError('NOT_AVAILABLE', `The projection “${id}” is not built: choose one of ${names}.`)
  }
  return (await entry.load()).projection
}
