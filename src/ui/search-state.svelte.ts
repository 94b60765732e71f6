import type { ClusterScore } from '../core/clustering'
import { toAppError } from '../core/errors'
import { searchTokens, type SearchResult } from '../core/search'
import type { HeadRef } from '../core/types'
import type { ClusteringPort, ExplorerView } from '../state/api'

/** Coordinates that are sent at a time: copying them takes about a millisecond. */
const parcelBytes = 2 ** 20

interface Scored {
  points: Float32Array
  result: SearchResult
  score: ClusterScore | null
}

interface Head {
  index: number
  points: Float32Array
  dims: 2 | 3
}

export interface SearchPorts {
  /** A token as it is shown. */
  show(text: string): string
  /** Row of the token that is pinned, −1: none. */
  pinnedRow(): number
  readonly clustering: ClusteringPort
}

/** What the search finds, and how its matches lie in every head. */
export class SearchState {
  private readonly answer = $derived.by((): { result: SearchResult | null; problem: string } => {
    const { sequences, search, searchOptions } = this.explorer
    if (search === '') return { result: null, problem: '' }
    try {
      return { result: searchTokens(sequences, (text) => this.ports.show(text), search, searchOptions), problem: '' }
    } catch (problem) {
      return { result: null, problem: toAppError(problem, 'BAD_ARGUMENT').message }
    }
  })

  /** null: nothing is asked, or it can't be read. */
  readonly result: SearchResult | null = $derived.by(() => this.answer.result)
  /** Why the pattern can't be read; '' where it can. */
  readonly problem: string = $derived.by(() => this.answer.problem)
  readonly count: number = $derived.by(() => this.result?.rows.length ?? 0)
  /** [n] 1 where a token matches; null where nothing does. */
  readonly mask: Uint8Array | null = $derived.by(() => (this.count > 0 ? this.result!.mask : null))
  /** Place of the pinned token among the matches, −1: it is none. */
  readonly current: number = $derived.by(() => this.result?.rows.indexOf(this.ports.pinnedRow()) ?? -1)
  /** Tokens that only contain the text, where no whole token is it. */
  readonly containing: number = $derived.by(() => {
    const { sequences, search, searchOptions } = this.explorer
    if (this.count > 0 || searchOptions.match !== 'exact' || search.trim() === '') return 0
    const options = { ...searchOptions, match: 'substring' as const }
    return searchTokens(sequences, (text) => this.ports.show(text), search, options)?.rows.length ?? 0
  })

  /** Grows when scores changed. */
  version: number = $state(0)
  isScoring: boolean = $state(false)
  /** Why heads could not be compared; '' where they could. */
  scoringProblem: string = $state('')
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- `version` tells of changes
  private readonly scores = new Map<number, Scored>()
  private run = 0

  constructor(
    private readonly explorer: ExplorerView,
    private readonly ports: SearchPorts,
  ) {}

  /** Clustering of the matches in a head's picture; null where it is not known yet or not defined. Read `version` before. */
  score(head: HeadRef): ClusterScore | null {
    const known = this.scores.get(head.layer * (this.explorer.model?.heads ?? 0) + head.head)
    return known && known.result === this.result ? known.score : null
  }

  /** The row of the match after (1) or before (−1) the pinned one; from an end to the other. −1: there is none. */
  stepFrom(direction: 1 | -1): number {
    const rows = this.result?.rows
    if (!rows || rows.length === 0) return -1
    const { current } = this
    const pinned = this.ports.pinnedRow()
    const after = rows.findIndex((row) => row > pinned)
    const next =
      current >= 0 ? current + direction : direction === 1 ? Math.max(0, after) : (after < 0 ? rows.length : after) - 1
    return rows[(next + rows.length) % rows.length]!
  }

  /** Scores every head whose picture or matches are new. Called again, it starts from what is wanted now. */
  async scoreHeads(): Promise<void> {
    this.run += 1
    const mine = this.run
    const { result } = this
    this.scoringProblem = ''
    if (!this.explorer.model || !result || result.rows.length < 2) {
      this.isScoring = false
      if (this.scores.size > 0) this.version += 1
      this.scores.clear()
      return
    }
    const wanted = this.unscored(result)
    this.isScoring = wanted.length > 0
    try {
      while (wanted.length > 0) {
        const parcel = takeParcel(wanted)
        const scores = await this.ports.clustering.score(parcel, result.rows, result.mask)
        if (mine !== this.run) return
        parcel.forEach(({ index, points }, at) => this.scores.set(index, { points, result, score: scores[at] ?? null }))
        if (wanted.length === 0) this.version += 1
      }
    } catch (problem) {
      if (mine === this.run) this.scoringProblem = toAppError(problem, 'WORKER_CRASHED').message
    } finally {
      if (mine === this.run) this.isScoring = false
    }
  }

  private unscored(result: SearchResult): Head[] {
    const { layers, heads } = this.explorer.model!
    const found: Head[] = []
    for (let index = 0; index < layers * heads; index += 1) {
      const picture = this.explorer.picture({ layer: Math.floor(index / heads), head: index % heads })
      if (!picture || picture.n !== result.mask.length || picture.m !== picture.n) continue
      const known = this.scores.get(index)
      if (known?.points === picture.points && known.result === result) continue
      found.push({ index, points: picture.points, dims: picture.dims })
    }
    return found
  }
}

/** The first heads, one at least, as many as are sent at a time. */
function takeParcel(heads: Head[]): Head[] {
  let count = 0
  for (let bytes = 0; count < heads.length && (count === 0 || bytes < parcelBytes); count += 1)
    bytes += heads[count]!.points.byteLength
  return heads.splice(0, count)
}
