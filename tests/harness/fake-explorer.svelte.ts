import { AppError, type ErrorCode } from '../../src/core/errors'
import { defaultSearchOptions, type SearchOptions } from '../../src/core/search'
import type {
  FigureRow,
  HeadPicture,
  HeadRef,
  ModelInfo,
  Progress,
  ProjectionSettings,
  Sequence,
  Token,
  ViewId,
} from '../../src/core/types'
import type { ExplorerView, Notice, SelectionView } from '../../src/state/api'
import { syntheticHead } from './synthetic-head'

const model: ModelInfo = {
  id: 'builtin:bge-small-en-v1.5',
  revision: 'main',
  host: null,
  file: 'onnx/model_int8.onnx',
  dtype: 'int8',
  sha256: '4f1c2a'.repeat(11).slice(0, 64),
  bytes: 34_014_426,
  backend: 'wasm',
  kind: 'text',
  layers: 12,
  heads: 12,
  kvHeads: 12,
  headDim: 32,
  valueDim: 32,
  scale: new Array<number>(144).fill(1 / Math.sqrt(32)),
  causal: false,
  masks: Array.from({ length: 12 }, () => ({ causal: false, window: null })),
  verified: 'exact',
  verification: 'worst deviation 2e-6',
  quantised: true,
  rotary: false,
  maxTokens: 512,
}

/** Words, punctuation, and long words cut like a vocabulary would. */
function tokenize(line: string): Token[] {
  const words = line.toLowerCase().match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? []
  const pieces = words.flatMap((word) => (word.length > 9 ? [word.slice(0, 6), `##${word.slice(6)}`] : [word]))
  const hash = (text: string): number =>
    [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 30000, 7)
  return [
    { id: 101, text: '[CLS]', special: true },
    ...pieces.map((text) => ({ id: hash(text), text, special: false })),
    { id: 102, text: '[SEP]', special: true },
  ]
}

/** A run that never runs: synthetic pictures and attention behind the interface that views read. */
export class FakeExplorer implements ExplorerView {
  status: ExplorerView['status'] = $state('empty')
  error: AppError | null = $state.raw(null)
  notices: readonly Notice[] = $state.raw([])
  progress: Progress | null = $state.raw(null)
  timeLeftMs: number | null = $state(null)
  model: ModelInfo | null = $state.raw(null)
  texts: readonly string[] = $state.raw([])
  columns: ExplorerView['columns'] = $state.raw([])
  keptTexts: readonly string[] | null = null
  hasOwnTexts = true
  isFromSession = false
  images: ExplorerView['images'] = $state.raw([])
  sequences: readonly Sequence[] = $state.raw([])
  settings: Readonly<ProjectionSettings> = $state.raw({
    joint: 'translate',
    projection: 'pca',
    dims: 2,
    metric: 'cosine',
    seed: 0,
    neighbors: 15,
    mindist: 0.1,
    perplexity: 30,
    epochs: null,
    follow: 0,
  })
  color = $state('type')
  column = $state('')
  search = $state('')
  searchOptions: Readonly<SearchOptions> = $state.raw(defaultSearchOptions)
  version = $state(0)
  headsDone = $state(0)
  /** Another grid than that of the usual model, and points that are odd: nan, equal or line. */
  private shape = { layers: 12, heads: 12 }
  private odd: string | null = null
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- `version` tells of changes
  private readonly pictures = new Map<string, HeadPicture>()

  setTexts(lines: readonly string[]): void {
    this.texts = lines
    this.error = null
    this.sequences = lines.map((line, index) => {
      const tokens = tokenize(line)
      return { id: `s${index}`, name: line, tokens: tokens.slice(0, 512), truncated: Math.max(0, tokens.length - 512) }
    })
    if (lines.length > 0) this.model = this.shapedModel()
    this.status = lines.length > 0 ? 'ready' : 'empty'
    this.headsDone = lines.length > 0 ? this.shape.layers * this.shape.heads : 0
    this.pictures.clear()
    this.version += 1
  }

  set(patch: Partial<ProjectionSettings>): void {
    this.settings = { ...this.settings, ...patch }
    this.pictures.clear()
    this.version += 1
  }

  pretendShape(layers: number, heads: number, odd: string | null): void {
    this.shape = { layers, heads }
    this.odd = odd
  }

  private shapedModel(): ModelInfo {
    const { layers, heads } = this.shape
    return {
      ...model,
      layers,
      heads,
      kvHeads: heads,
      scale: new Array<number>(layers * heads).fill(model.scale[0]!),
      masks: Array.from({ length: layers }, () => ({ causal: false, window: null })),
    }
  }

  pretendRunning(done: number): void {
    this.status = 'running'
    this.headsDone = done
    this.progress = { stage: 'project', done, total: 144, unit: 'heads' }
    this.timeLeftMs = 2600
    this.version += 1
  }

  pretendFailed(code: ErrorCode, message: string): void {
    this.status = 'failed'
    this.error = new AppError(code, message, { details: 'adapter: SwiftShader\nstep: L7 of 12' })
  }

  get tokens(): number {
    return this.sequences.reduce((sum, { tokens }) => sum + tokens.length, 0)
  }

  picture(head: HeadRef): HeadPicture | null {
    const { tokens } = this
    const index = head.layer * this.shape.heads + head.head
    if (tokens === 0 || index >= this.headsDone) return null
    const { dims, projection } = this.settings
    const key = `${index}.${dims}.${projection}`
    const known = this.pictures.get(key)
    if (known) return known
    const points = syntheticHead(index + (projection === 'pca' ? 0 : 500), tokens, tokens, dims, this.odd)
    const picture: HeadPicture = { ...head, points, n: tokens, m: tokens, dims, projection, c: 1 }
    this.pictures.set(key, picture)
    return picture
  }

  readonly workers = 2

  headProgress(): number | null {
    return null
  }

  figures(head: HeadRef): FigureRow | null {
    if (!this.picture(head)) return null
    const wave = Math.sin(head.layer * 3.1 + head.head * 1.7)
    return {
      layer: head.layer,
      head: head.head,
      fidelity_picture: -0.55 + 0.3 * wave,
      fidelity_joint: -0.86 + 0.07 * wave,
      fidelity_picture_specific: -0.4 + 0.2 * wave,
      recall5: 0.46 - 0.2 * wave,
      recall5_chance: 0.31,
      pairs: 6104,
    }
  }

  vectors(): Promise<{ v: Float32Array; m: number }> {
    const m = this.sequences.reduce((sum, { tokens }) => sum + tokens.length, 0)
    return Promise.resolve({ v: Float32Array.from({ length: 2 * m }, (_, at) => 1 + Math.sin(at)), m })
  }
  attention(head: HeadRef, sequence: number): Promise<{ weights: Float32Array; size: number }> {
    const size = this.sequences[sequence]?.tokens.length ?? 0
    const weights = new Float32Array(size * size)
    const kind = (head.layer + head.head) % 4
    for (let query = 0; query < size; query++) {
      let sum = 0
      for (let key = 0; key < size; key++) {
        const wanted = kind === 0 ? query - 1 : kind === 1 ? size - 1 : kind === 2 ? query : (query * 5 + 3) % size
        const weight = Math.exp(-Math.abs(key - wanted) * 0.9) + 0.04 * (1 + Math.sin(query * 7 + key * 3))
        weights[query * size + key] = weight
        sum += weight
      }
      for (let key = 0; key < size; key++) weights[query * size + key]! /= sum
    }
    return Promise.resolve({ weights, size })
  }

  norms(head: HeadRef): { q: Float32Array; k: Float32Array } | null {
    const picture = this.picture(head)
    if (!picture) return null
    const norm = (index: number, base: number) =>
      base + Math.hypot(picture.points[2 * index]!, picture.points[2 * index + 1]!)
    return {
      q: Float32Array.from({ length: picture.n }, (_, index) => norm(index, 4)),
      k: Float32Array.from({ length: picture.m }, (_, index) => norm(picture.n + index, 5)),
    }
  }

  setVisible(): void {}
  cancel(): void {
    this.status = 'ready'
    this.progress = null
  }
  retry(): void {
    this.setTexts(this.texts)
  }
  dismiss(notice: Notice): void {
    this.notices = this.notices.filter((other) => other !== notice)
  }
}

export class FakeSelection implements SelectionView {
  view: ViewId = $state('matrix')
  head: HeadRef = $state.raw({ layer: 0, head: 0 })
  sequence: number | null = $state(null)
  token: number | null = $state(null)
  role: 'query' | 'key' = $state('query')
  points: readonly number[] | null = $state.raw(null)
  hover: { head: HeadRef; point: number } | null = $state.raw(null)
  include(): () => void {
    return () => undefined
  }
}
