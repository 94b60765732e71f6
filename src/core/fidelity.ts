import { visibleKeys } from './attention'
import { fillDots, meanOf, normsOfRows } from './linear'
import { NestedMean } from './nested-mean'
import { correlateRanks, Ranker } from './spearman'
import type { HeadVectors, JointVectors, Mask, MetricId, Span } from './types'

/**
 * How well distance stands for attention in one head (docs: maths, "Fidelity"; Yeh et al. 2023, 5.1.2). Always per query over
 * the visible keys of its own sequence; the mean runs over queries, then over sequences.
 */
export interface Fidelity {
  /** Spearman of joint distance and raw q·k: −1 is perfect. */
  joint: number | null
  /** The same with the keys a causal mask hides, as the paper counts; null where nothing is hidden. */
  jointUnmasked: number | null
  /** The same without what all queries share: row and column means out, special tokens out. */
  jointSpecific: number | null
  /** Spearman of Euclidean distance in the picture and raw q·k. */
  picture: number | null
  pictureSpecific: number | null
  /** Share of the 5 most attended keys among the 5 nearest keys: in the joint space, in the picture, by chance. */
  jointRecall: number | null
  pictureRecall: number | null
  chanceRecall: number | null
  /** Attention on the 5 keys nearest in the picture over attention on the 5 most attended. */
  mass: number | null
  /** Visible query–key pairs of the rows that count. */
  pairs: number
  /** Rows without an order (all equal), and rows with too few visible keys, left out of `joint`. */
  undefinedRows: number
  shortRows: number
  queryNorm: number | null
  keyNorm: number | null
}

export interface FidelityInput {
  vectors: HeadVectors
  joint: JointVectors
  /** Distance in the joint space; the lift is made for `euclidean`. */
  jointMetric: MetricId
  mask: Mask
  /** [n] and [m], 1 where the token is special. */
  querySpecial: Uint8Array
  keySpecial: Uint8Array
  /** [n+m,dims], queries first; null: figures of the joint space only. */
  points: Float32Array | null
  dims: number
}

export const recallKeys = 5
/** A causal row with fewer visible keys has no order worth the name. */
export const minimumCausalKeys = 5
/** Differences below this share of a table's largest value are rounding. */
const roundingShare = 1e-12

/** One row of a table of a sequence: `target[key]` for key in [first,end). */
type RowFiller = (span: Span, query: number, first: number, end: number, target: Float64Array) => void

/** Row means, then column means of what is left, of one table over the pairs that count. */
class TableMeans {
  readonly row: Float64Array
  readonly column: Float64Array
  readonly #counts: Int32Array
  magnitude = 0

  constructor(queries: number, keys: number) {
    this.row = new Float64Array(queries)
    this.column = new Float64Array(keys)
    this.#counts = new Int32Array(keys)
  }

  clear(span: Span): void {
    this.column.fill(0, 0, span.keys)
    this.#counts.fill(0, 0, span.keys)
    this.magnitude = 0
  }

  addRow(query: number, values: Float64Array, chosen: Int32Array, count: number): void {
    let sum = 0
    for (let index = 0; index < count; index++) {
      const value = values[chosen[index]!]!
      sum += value
      const size = Math.abs(value)
      if (size > this.magnitude) this.magnitude = size
    }
    const mean = count > 0 ? sum / count : 0
    this.row[query] = mean
    for (let index = 0; index < count; index++) {
      const key = chosen[index]!
      this.column[key]! += values[key]! - mean
      this.#counts[key]! += 1
    }
  }

  finish(span: Span): void {
    for (let key = 0; key < span.keys; key++) if (this.#counts[key]! > 0) this.column[key]! /= this.#counts[key]!
  }

  /** What is left of a row after both means, packed into `target[0 … count)`. Returns whether it still has an order. */
  centre(query: number, values: Float64Array, chosen: Int32Array, count: number, target: Float64Array): boolean {
    let lowest = Infinity
    let highest = -Infinity
    for (let index = 0; index < count; index++) {
      const key = chosen[index]!
      const value = values[key]! - this.row[query]! - this.column[key]!
      target[index] = value
      if (value < lowest) lowest = value
      if (value > highest) highest = value
    }
    return highest - lowest > roundingShare * this.magnitude
  }
}

/** One kind of distance, and what is measured with it. */
class DistanceMeter {
  readonly overall = new NestedMean()
  readonly specific = new NestedMean()
  readonly recall = new NestedMean()
  readonly values: Float64Array
  readonly ranks: Float64Array
  readonly means: TableMeans
  spread = 0

  constructor(
    readonly fill: RowFiller,
    queries: number,
    keys: number,
  ) {
    this.values = new Float64Array(keys)
    this.ranks = new Float64Array(keys)
    this.means = new TableMeans(queries, keys)
  }

  closeSequence(): void {
    this.overall.closeSequence()
    this.specific.closeSequence()
    this.recall.closeSequence()
  }
}

export interface MeterParts {
  /** Only the query-specific agreement of the picture: what the search for c needs. */
  specificOnly?: boolean
}

/**
 * Measures sequence by sequence, so that a worker can pause in between: `add` every span, then take `result()`. Nothing is
 * allocated in between but for sequences longer than `longest`.
 */
export class FidelityMeter {
  readonly #input: FidelityInput
  readonly #specificOnly: boolean
  readonly #scores: Float64Array
  readonly #scoreRanks: Float64Array
  readonly #packedScores: Float64Array
  readonly #packed: Float64Array
  readonly #scoreMeans: TableMeans
  readonly #ranker: Ranker
  readonly #chosen: Int32Array
  readonly #joint: DistanceMeter | null
  readonly #picture: DistanceMeter | null
  readonly #unmasked = new NestedMean()
  readonly #chance = new NestedMean()
  readonly #mass = new NestedMean()
  readonly #top = new Int32Array(recallKeys)
  readonly #near = new Int32Array(recallKeys)
  #pairs = 0
  #undefinedRows = 0
  #shortRows = 0

  /** @param longest queries and keys of the longest span that will be added */
  constructor(
    input: FidelityInput,
    longest: { queries: number; keys: number },
    { specificOnly = false }: MeterParts = {},
  ) {
    const { queries, keys } = longest
    this.#input = input
    this.#specificOnly = specificOnly
    this.#scores = new Float64Array(keys)
    this.#scoreRanks = new Float64Array(keys)
    this.#packedScores = new Float64Array(keys)
    this.#packed = new Float64Array(keys)
    this.#scoreMeans = new TableMeans(queries, keys)
    this.#ranker = new Ranker(keys)
    this.#chosen = new Int32Array(keys)
    this.#joint = specificOnly ? null : new DistanceMeter(createJointFiller(input), queries, keys)
    this.#picture = input.points ? new DistanceMeter(createPictureFiller(input.points, input), queries, keys) : null
  }

  add(span: Span): void {
    this.#scoreMeans.clear(span)
    this.#joint?.means.clear(span)
    this.#picture?.means.clear(span)
    for (let query = 0; query < span.queries; query++) this.#measureRow(span, query)
    this.#scoreMeans.finish(span)
    this.#joint?.means.finish(span)
    this.#picture?.means.finish(span)
    for (let query = 0; query < span.queries; query++) this.#measureSpecificRow(span, query)
    this.#joint?.closeSequence()
    this.#picture?.closeSequence()
    this.#unmasked.closeSequence()
    this.#chance.closeSequence()
    this.#mass.closeSequence()
  }

  result(): Fidelity {
    const { vectors } = this.#input
    return {
      joint: this.#joint?.overall.value ?? null,
      jointUnmasked: this.#unmasked.value,
      jointSpecific: this.#joint?.specific.value ?? null,
      picture: this.#picture?.overall.value ?? null,
      pictureSpecific: this.#picture?.specific.value ?? null,
      jointRecall: this.#joint?.recall.value ?? null,
      pictureRecall: this.#picture?.recall.value ?? null,
      chanceRecall: this.#chance.value,
      mass: this.#mass.value,
      pairs: this.#pairs,
      undefinedRows: this.#undefinedRows,
      shortRows: this.#shortRows,
      queryNorm: meanOf(normsOfRows(vectors.q, vectors.n, vectors.dim)),
      keyNorm: meanOf(normsOfRows(vectors.k, vectors.m, vectors.dim)),
    }
  }

  #isShort(visible: number): boolean {
    return visible < (this.#input.mask.causal ? minimumCausalKeys : 2)
  }

  #measureRow(span: Span, query: number): void {
    const { mask } = this.#input
    const { first, end } = visibleKeys(mask, query, span.keys)
    const scores = this.#scores
    if (!this.#specificOnly && mask.causal && this.#joint) this.#measureUnmasked(span, query, this.#joint)

    this.#fillScores(span, query, first, end, scores)
    this.#joint?.fill(span, query, first, end, this.#joint.values)
    this.#picture?.fill(span, query, first, end, this.#picture.values)
    if (!this.#input.querySpecial[span.queryStart + query]) {
      const count = this.#chooseKeys(span, first, end)
      this.#scoreMeans.addRow(query, scores, this.#chosen, count)
      this.#joint?.means.addRow(query, this.#joint.values, this.#chosen, count)
      this.#picture?.means.addRow(query, this.#picture.values, this.#chosen, count)
    }
    if (this.#specificOnly) return

    const visible = end - first
    if (this.#isShort(visible)) {
      this.#shortRows++
      return
    }
    moveToFront(scores, first, end)
    const spread = this.#ranker.rank(scores, visible, this.#scoreRanks)
    const joint = this.#joint
    const picture = this.#picture
    if (joint) this.#correlate(joint, first, end, spread)
    if (picture) this.#correlate(picture, first, end, spread)
    if (spread === 0 || joint?.spread === 0) this.#undefinedRows++
    else this.#pairs += visible

    if (visible <= recallKeys || spread === 0) return
    chooseLargest(scores, visible, this.#top)
    this.#chance.add(recallKeys / visible)
    if (joint && joint.spread > 0) {
      chooseSmallest(joint.values, visible, this.#near)
      joint.recall.add(countCommon(this.#top, this.#near) / recallKeys)
    }
    if (picture && picture.spread > 0) {
      chooseSmallest(picture.values, visible, this.#near)
      picture.recall.add(countCommon(this.#top, this.#near) / recallKeys)
      this.#mass.add(this.#massOf(this.#near) / this.#massOf(this.#top))
    }
  }

  #correlate(meter: DistanceMeter, first: number, end: number, scoreSpread: number): void {
    moveToFront(meter.values, first, end)
    meter.spread = this.#ranker.rank(meter.values, end - first, meter.ranks)
    if (scoreSpread > 0 && meter.spread > 0) {
      meter.overall.add(correlateRanks(this.#scoreRanks, meter.ranks, end - first, scoreSpread, meter.spread))
    }
  }

  #measureUnmasked(span: Span, query: number, joint: DistanceMeter): void {
    if (span.keys < minimumCausalKeys) return
    this.#fillScores(span, query, 0, span.keys, this.#scores)
    joint.fill(span, query, 0, span.keys, joint.values)
    const spread = this.#ranker.rank(this.#scores, span.keys, this.#scoreRanks)
    const distanceSpread = this.#ranker.rank(joint.values, span.keys, joint.ranks)
    if (spread > 0 && distanceSpread > 0) {
      this.#unmasked.add(correlateRanks(this.#scoreRanks, joint.ranks, span.keys, spread, distanceSpread))
    }
  }

  #measureSpecificRow(span: Span, query: number): void {
    if (this.#input.querySpecial[span.queryStart + query]) return
    const { first, end } = visibleKeys(this.#input.mask, query, span.keys)
    const count = this.#chooseKeys(span, first, end)
    if (this.#isShort(count)) return
    this.#fillScores(span, query, first, end, this.#scores)
    if (!this.#scoreMeans.centre(query, this.#scores, this.#chosen, count, this.#packedScores)) return
    const spread = this.#ranker.rank(this.#packedScores, count, this.#scoreRanks)
    if (spread === 0) return
    if (this.#joint) this.#correlateSpecific(this.#joint, span, query, first, end, count, spread)
    if (this.#picture) this.#correlateSpecific(this.#picture, span, query, first, end, count, spread)
  }

  #correlateSpecific(
    meter: DistanceMeter,
    span: Span,
    query: number,
    first: number,
    end: number,
    count: number,
    scoreSpread: number,
  ): void {
    meter.fill(span, query, first, end, meter.values)
    if (!meter.means.centre(query, meter.values, this.#chosen, count, this.#packed)) return
    const spread = this.#ranker.rank(this.#packed, count, meter.ranks)
    if (spread > 0) meter.specific.add(correlateRanks(this.#scoreRanks, meter.ranks, count, scoreSpread, spread))
  }

  /** The keys of a row that are not special, into `#chosen`. */
  #chooseKeys(span: Span, first: number, end: number): number {
    let count = 0
    for (let key = first; key < end; key++) {
      if (!this.#input.keySpecial[span.keyStart + key]) this.#chosen[count++] = key
    }
    return count
  }

  #fillScores(span: Span, query: number, first: number, end: number, target: Float64Array): void {
    const { q, k, dim } = this.#input.vectors
    fillDots(q, k, dim, span.queryStart + query, span.keyStart, first, end, target)
  }

  /** Attention on some keys of the row whose scores lie packed in `#scores`, up to a factor that both sides share. */
  #massOf(keys: Int32Array): number {
    const largest = this.#scores[this.#top[0]!]!
    let sum = 0
    for (let index = 0; index < keys.length; index++) {
      sum += Math.exp(this.#input.vectors.scale * (this.#scores[keys[index]!]! - largest))
    }
    return sum
  }
}

/** All of it at once. */
export function computeFidelity(input: FidelityInput, spans: readonly Span[], parts: MeterParts = {}): Fidelity {
  const meter = new FidelityMeter(input, longestSpan(spans), parts)
  for (const span of spans) meter.add(span)
  return meter.result()
}

export function longestSpan(spans: readonly Span[]): { queries: number; keys: number } {
  let queries = 0
  let keys = 0
  for (const span of spans) {
    queries = Math.max(queries, span.queries)
    keys = Math.max(keys, span.keys)
  }
  return { queries, keys }
}

function createJointFiller({ joint, jointMetric }: FidelityInput): RowFiller {
  const { q, k, dim, n, m } = joint
  const queryNorms = normsOfRows(q, n, dim)
  const keyNorms = normsOfRows(k, m, dim)
  if (jointMetric === 'euclidean') {
    return (span, query, first, end, target) => {
      const from = (span.queryStart + query) * dim
      for (let key = first, at = (span.keyStart + first) * dim; key < end; key++) {
        let sum = 0
        for (let column = from; column < from + dim; column++, at++) {
          const difference = q[column]! - k[at]!
          sum += difference * difference
        }
        target[key] = Math.sqrt(sum)
      }
    }
  }
  return (span, query, first, end, target) => {
    const row = span.queryStart + query
    const queryNorm = queryNorms[row]!
    fillDots(q, k, dim, row, span.keyStart, first, end, target)
    for (let key = first; key < end; key++) {
      const norm = queryNorm * keyNorms[span.keyStart + key]!
      target[key] = norm > 0 ? 1 - target[key]! / norm : 1 // no direction: as far as a right angle
    }
  }
}

function createPictureFiller(points: Float32Array, { vectors, dims }: FidelityInput): RowFiller {
  return (span, query, first, end, target) => {
    const from = (span.queryStart + query) * dims
    for (let key = first, at = (vectors.n + span.keyStart + first) * dims; key < end; key++) {
      let sum = 0
      for (let column = from; column < from + dims; column++, at++) {
        const difference = points[column]! - points[at]!
        sum += difference * difference
      }
      target[key] = Math.sqrt(sum)
    }
  }
}

function moveToFront(values: Float64Array, first: number, end: number): void {
  if (first > 0) values.copyWithin(0, first, end)
}

/** Indices of the largest values, the largest first, equal ones by index. `count` ≥ `into.length`. */
function chooseLargest(values: Float64Array, count: number, into: Int32Array): void {
  let filled = 0
  for (let index = 0; index < count; index++) {
    const value = values[index]!
    if (filled === into.length && value <= values[into[filled - 1]!]!) continue
    let place = filled < into.length ? filled++ : filled - 1
    for (; place > 0 && values[into[place - 1]!]! < value; place--) into[place] = into[place - 1]!
    into[place] = index
  }
}

function chooseSmallest(values: Float64Array, count: number, into: Int32Array): void {
  let filled = 0
  for (let index = 0; index < count; index++) {
    const value = values[index]!
    if (filled === into.length && value >= values[into[filled - 1]!]!) continue
    let place = filled < into.length ? filled++ : filled - 1
    for (; place > 0 && values[into[place - 1]!]! > value; place--) into[place] = into[place - 1]!
    into[place] = index
  }
}

function countCommon(first: Int32Array, second: Int32Array): number {
  let common = 0
  for (let index = 0; index < first.length; index++) {
    for (let other = 0; other < second.length; other++) if (first[index] === second[other]) common++
  }
  return common
}
