import { scoreClustering, type ClusterScore } from '../core/clustering'
import { toAppError } from '../core/errors'
import { searchTokens, type SearchResult } from '../core/search'
import type { HeadRef } from '../core/types'
import type { ExplorerView } from '../state/api'

const sliceMs = 8

interface Scored {
  points: Float32Array
  result: SearchResult
  score: ClusterScore | null
}

export interface SearchPorts {
  /** A token as it is shown. */
  show(text: string): string
  /** Row of the token that is pinned, −1: none. */
  pinnedRow(): number
  /** Lets the page handle events before the work goes on. */
  pause(): Promise<void>
  now(): number
}

/**
 * What the search finds, and how its matches lie in every head. Heads are scored in slices of a few milliseconds where their
 * points are: carrying them to a worker (11 MB at 144 heads of 5,000 tokens) would take about as long as the work itself.
 */
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
    const { model } = this.explorer
    if (!model || !result || result.rows.length < 2) {
      this.isScoring = false
      if (this.scores.size > 0) this.version += 1
      this.scores.clear()
      return
    }
    let until = this.ports.now() + sliceMs
    let isNew = false
    for (let index = 0; index < model.layers * model.heads; index += 1) {
      const picture = this.explorer.picture({ layer: Math.floor(index / model.heads), head: index % model.heads })
      if (!picture || picture.n !== result.mask.length || picture.m !== picture.n) continue
      const known = this.scores.get(index)
      if (known?.points === picture.points && known.result === result) continue
      if (!isNew) this.isScoring = isNew = true
      const score = scoreClustering(picture.points, picture.dims, picture.n, result.rows, result.mask)
      this.scores.set(index, { points: picture.points, result, score })
      if (this.ports.now() < until) continue
      await this.ports.pause()
      if (mine !== this.run) return
      until = this.ports.now() + sliceMs
    }
    this.isScoring = false
    if (isNew) this.version += 1
  }
}
