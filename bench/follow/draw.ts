// Pictures of one head from one search for neighbours, by the app's own parts.
import { translateKeys } from '../../src/core/joint'
import type { HeadVectors, JointVectors, ProjectionSettings, Span } from '../../src/core/types'
import { hashBytes } from '../../src/models/sources/hash'
import { blendStarts } from '../../src/projections/follow'
import { type Neighbors, NeighborSearch } from '../../src/projections/neighbors'
import { computePca } from '../../src/projections/pca'
import { alignTo } from '../../src/projections/procrustes'
import {
  computeTsne,
  defaultEpochs,
  findStart as findTsneStart,
  followExaggeration,
  followSpread as tsneSpread,
  TsneLayout,
} from '../../src/projections/tsne'
import type { HeadContext } from '../../src/projections/types'
import {
  computeUmap,
  findStart as findUmapStart,
  followSpread as umapSpread,
  startFrom,
  UmapLayout,
} from '../../src/projections/umap'
import { defaultSettings } from '../../src/state/settings'
import { type Case, halveSequences } from './cases'
import type { Heads } from './heads'

export type Name = 'umap' | 'tsne'
export const layouts = { umap: computeUmap, tsne: computeTsne }

const settings: ProjectionSettings = {
  ...defaultSettings,
  projection: 'umap',
}

const goOn = () => Promise.resolve()

export const contextOf = (part: Case, vectors: HeadVectors, spans: Span[], follow: number): HeadContext => ({
  vectors,
  spans,
  causal: part.causal,
  window: null,
  special: part.querySpecial,
  keySpecial: part.keySpecial,
  settings: { ...settings, follow },
  headIndex: part.headIndex,
  pause: goOn,
})

const engines = Promise.all([NeighborSearch.load(), UmapLayout.load(), TsneLayout.load()])

export class Drawer {
  private constructor(
    readonly name: Name,
    readonly part: Case,
    readonly joint: JointVectors,
    readonly neighbors: Neighbors,
    readonly pca: Float32Array,
  ) {}

  static async of(name: Name, part: Case): Promise<Drawer> {
    const joint = translateKeys(part.vectors)
    const { n, m, dim } = joint
    const rows = new Float32Array((n + m) * dim)
    rows.set(joint.q)
    rows.set(joint.k, n * dim)
    const [search] = await engines
    const k = name === 'umap' ? settings.neighbors - 1 : 3 * settings.perplexity
    const neighbors = await search.find(rows, n + m, dim, k, 'cosine')
    return new Drawer(name, part, joint, neighbors, await computePca(joint, 'cosine', 2, part.tied))
  }

  /** The picture of the head, fitted to the scores of `given` in the tied sequences. */
  async draw(given: HeadVectors, follow: number): Promise<Float32Array> {
    const { name, joint, pca, part } = this
    const context = contextOf(part, given, part.tied, follow)
    if (name === 'umap') return this.#layUmap(await findUmapStart(joint, pca, context))
    const { start, earlyFactor } = await findTsneStart(joint, pca, context)
    return this.#layTsne(start, earlyFactor)
  }

  /** A start as wide as that of a following layout, and the same forces, without attention. */
  async drawWide(): Promise<Float32Array> {
    const { name, joint, pca, part } = this
    const count = joint.n + joint.m
    const classic = startFrom(pca, 2, settings.seed, part.headIndex)
    if (name === 'umap') return this.#layUmap(blendStarts(classic, classic, 1, 10, umapSpread * Math.sqrt(count)))
    const width = 0.1 * tsneSpread * Math.sqrt(Math.sqrt(count))
    return this.#layTsne(
      classic.map((value) => width * value),
      followExaggeration,
    )
  }

  async #layUmap(start: Float32Array): Promise<Float32Array> {
    const [, layout] = await engines
    const points = await layout.run(this.neighbors, start, { ...settings, headIndex: this.part.headIndex }, goOn)
    alignTo(points, this.pca, 2)
    return points
  }

  async #layTsne(start: Float32Array, earlyFactor: number): Promise<Float32Array> {
    const [, , layout] = await engines
    const { neighbors, pca } = this
    const { perplexity } = settings
    const points = await layout.run(neighbors, start, perplexity, defaultEpochs, goOn, undefined, null, 2, earlyFactor)
    alignTo(points, pca, 2)
    return points
  }
}

/**
 * A name for what is drawn at present: figures that were kept belong to pictures of the same bits.
 * @throws Error where the parts are put together otherwise than in the app
 */
export async function nameOfPictures(data: Heads): Promise<string> {
  const whole = halveSequences(data, 0)
  const sequences = data.spans.slice(0, Math.min(data.spans.length, 24))
  const n = sequences.at(-1)!.queryStart + sequences.at(-1)!.queries
  const size = n * data.dim
  const { q, k } = whole.vectors
  const vectors = { ...whole.vectors, q: q.slice(0, size), k: k.slice(0, size), n, m: n }
  const part = { ...whole, vectors, tied: sequences.filter((_, index) => index % 2 === 0) }
  const bits: number[] = []
  for (const name of ['umap', 'tsne'] as const) {
    const drawer = await Drawer.of(name, part)
    for (const follow of [0, 1]) {
      const points = await drawer.draw(vectors, follow)
      const inApp = await layouts[name](drawer.joint, contextOf(part, vectors, part.tied, follow))
      if (points.some((value, at) => value !== inApp[at])) throw new Error(`${name} is drawn otherwise than in the app`)
      bits.push(...new Uint8Array(points.buffer))
    }
  }
  return (await hashBytes(Uint8Array.from(bits))).slice(0, 12)
}
