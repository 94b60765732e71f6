import type { Mask, Verdict } from '../core/types'
import type { HeadTensor, WeightTensor } from './read-heads'
import type { SiteFlags } from './types'

/**
 * The self-test: does softmax(scale · q·kᵀ + mask) give the model's own weights? Run once after opening, on one short input.
 */
export interface SiteSample {
  q: HeadTensor
  k: HeadTensor
  v: HeadTensor | null
  /** The model's own softmax; null where a fused operator keeps it. */
  weights: WeightTensor | null
  /** Output of a fused operator as [B,H,T,D] (`readHeads`). */
  output: HeadTensor | null
  /** The raw product of queries and keys and its factor a head, where something is added to it. */
  product: { values: WeightTensor; scale: ArrayLike<number> } | null
  /** Factor of q·k a head (`readScale`). */
  scale: ArrayLike<number>
  flags: Pick<SiteFlags, 'additive' | 'softcap' | 'sink' | 'quantised'>
  /** The mask that the operator's attributes ask for (`Site.mask`). */
  mask?: Mask | null
  /** The numbers pass through float16 somewhere. */
  half?: boolean
}

export interface SiteVerdict {
  verdict: Verdict
  /** With weights: the greatest |(log P − scale·q·k) − row mean|; else of the output. Infinity where nothing could be compared. */
  deviation: number
  tolerance: number
  mask: Mask
  /** One sentence, without a full stop. */
  note: string
}

/** Weights below this say nothing: their logarithm is noise. */
const smallestWeight = 1e-5

/** A pair whose scores ask for at least this weight and that gets none is masked. */
const clearWeight = 1e-4

/** From the rounding measured: 1e-7 in float32, 5e-4 in float16, 3e-4 where the product is quantised. */
const tolerances = { single: 1e-3, half: 2e-2, quantised: 5e-2 }

/** Rounding of queries and keys to integers grows with the scores: this share of their spread at least is allowed. */
const quantisedShare = 0.02

/** Judges one site by one run. Never throws; what can't be compared is `unverified`, with the reason in `note`. */
export function verifySite(sample: SiteSample): SiteVerdict {
  const { q, k, scale } = sample
  const tolerance = sample.flags.quantised ? tolerances.quantised : sample.half ? tolerances.half : tolerances.single
  const open: Mask = { causal: false, window: null }
  const fail = (note: string, mask = open, deviation = Infinity): SiteVerdict => ({
    verdict: 'unverified',
    deviation,
    tolerance,
    mask,
    note,
  })
  if (q.width !== k.width || q.batch !== k.batch || q.heads % k.heads !== 0)
    return fail(
      `queries [${q.heads} heads, width ${q.width}] and keys [${k.heads} heads, width ${k.width}] don't match`,
    )
  const scores = computeScores(q, k, scale)
  if (sample.weights) return verifyWeights(sample, sample.weights, scores, tolerance, fail)
  if (sample.output && sample.v) return verifyOutput(sample, sample.output, sample.v, scores, tolerance, fail)
  return fail('the operator shows neither its weights nor its output')
}

type Fail = (note: string, mask?: Mask, deviation?: number) => SiteVerdict

function verifyWeights(
  sample: SiteSample,
  weights: WeightTensor,
  scores: Float64Array,
  least: number,
  fail: Fail,
): SiteVerdict {
  const { q, k } = sample
  if (weights.heads !== q.heads || weights.queries !== q.tokens || weights.keys < k.tokens || weights.batch !== q.batch)
    return fail(`weights [${weights.heads},${weights.queries},${weights.keys}] don't match queries and keys`)
  const { deviation, spread, factor, deviationWithFactor } = compareLogarithms(weights, scores, k.tokens)
  const tolerance = sample.flags.quantised ? Math.max(least, quantisedShare * spread) : least
  const { mask, fits } = recogniseMask(weights, scores, k.tokens)
  const bias = (why: string): SiteVerdict =>
    explainsProduct(sample, tolerance)
      ? { verdict: 'bias', deviation, tolerance, mask, note: why }
      : fail(`${why}, and the product is not that of these queries and keys`, mask, deviation)
  const extra = sample.flags.additive || sample.flags.softcap || sample.flags.sink
  if (!(deviation <= tolerance)) {
    if (deviationWithFactor <= tolerance)
      return fail(`the model's scores are ${factor.toPrecision(4)} times scale · q·k`, mask, deviation)
    const measured = `log weights deviate from scale · q·k by ${deviation.toPrecision(3)}`
    return extra ? bias(`the model changes its scores beyond a mask: ${measured}`) : fail(measured, mask, deviation)
  }
  // Logarithms alone miss what takes whole rows down: a sink, a gate, a mask of another form.
  const whole = compareWeights(weights, softmaxRows(scores, q, k.tokens, mask), k.tokens)
  if (!fits || !(whole <= tolerance)) {
    const why = fits
      ? `rows differ from the softmax by ${whole.toPrecision(3)}`
      : 'the mask is neither causal nor a window'
    return extra ? bias(why) : fail(why, mask, deviation)
  }
  if (spread <= 2 * least)
    return fail(`inconclusive: the scores of a row differ by ${spread.toPrecision(3)} only`, mask, deviation)
  const note = `deviation ${deviation.toExponential(1)} over scores that differ by ${spread.toPrecision(3)} in a row`
  return { verdict: 'exact', deviation, tolerance, mask, note }
}

/** [B,H,n,m] scale · q·k; query head h uses key head ⌊h·Hk/H⌋. */
function computeScores(q: HeadTensor, k: HeadTensor, scale: ArrayLike<number>): Float64Array {
  const scores = new Float64Array(q.batch * q.heads * q.tokens * k.tokens)
  const group = q.heads / k.heads
  let at = 0
  for (let b = 0; b < q.batch; b++)
    for (let h = 0; h < q.heads; h++) {
      const keyHead = b * k.heads + Math.floor(h / group)
      for (let i = 0; i < q.tokens; i++)
        for (let j = 0; j < k.tokens; j++) {
          const left = ((b * q.heads + h) * q.tokens + i) * q.width
          const right = (keyHead * k.tokens + j) * k.width
          let sum = 0
          for (let c = 0; c < q.width; c++) sum += q.values[left + c]! * k.values[right + c]!
          scores[at++] = sum * scale[scale.length === 1 ? 0 : h]!
        }
    }
  return scores
}

/** Greatest deviation of log P − scores from its row mean, and the greatest spread of scores in a row, over entries that count. */
function compareLogarithms(weights: WeightTensor, scores: Float64Array, keys: number) {
  const rows = weights.batch * weights.heads * weights.queries
  const ours: number[] = []
  const theirs: number[] = []
  let spread = 0
  for (let row = 0; row < rows; row++) {
    const first = ours.length
    let low = Infinity
    let high = -Infinity
    for (let j = 0; j < keys; j++) {
      const weight = weights.values[row * weights.keys + j]!
      if (!(weight > smallestWeight)) continue
      const score = scores[row * keys + j]!
      theirs.push(Math.log(weight))
      ours.push(score)
      low = Math.min(low, score)
      high = Math.max(high, score)
    }
    spread = Math.max(spread, high - low)
    centreFrom(ours, first)
    centreFrom(theirs, first)
  }
  const deviation = worstOff(ours, theirs, 1)
  let product = 0
  let square = 0
  ours.forEach((value, at) => {
    product += value * theirs[at]!
    square += value * value
  })
  const factor = product / square
  return { deviation, spread, factor, deviationWithFactor: worstOff(ours, theirs, factor) }
}

function centreFrom(values: number[], first: number): void {
  let mean = 0
  for (let at = first; at < values.length; at++) mean += values[at]! / (values.length - first)
  for (let at = first; at < values.length; at++) values[at]! -= mean
}

/** Greatest |theirs − factor · ours|; Infinity where nothing was compared or something is no number. */
function worstOff(ours: number[], theirs: number[], factor: number): number {
  let worst = ours.length > 0 ? 0 : Infinity
  for (let at = 0; at < ours.length; at++) {
    const off = Math.abs(theirs[at]! - factor * ours[at]!)
    if (!(off <= worst)) worst = off
  }
  return Number.isNaN(worst) ? Infinity : worst
}

/**
 * The mask: pairs that get no weight in any head, though the scores of some head ask for one. Pairs that all heads leave out
 * by their scores alone (weights that vanish in rounding, as in peaked rows) fit any mask.
 *
 * @returns `fits` is false where the mask is none of the known forms
 */
function recogniseMask(weights: WeightTensor, scores: Float64Array, keys: number): { mask: Mask; fits: boolean } {
  const { queries } = weights
  const seen = new Uint8Array(queries * keys)
  const wanted = new Uint8Array(queries * keys)
  for (let row = 0; row < weights.batch * weights.heads * queries; row++) {
    const own = scores.subarray(row * keys, (row + 1) * keys)
    const isSeen = (j: number) => weights.values[row * weights.keys + j]! > 0
    let most = -Infinity
    for (let j = 0; j < keys; j++) if (isSeen(j)) most = Math.max(most, own[j]!)
    let sum = 0
    for (let j = 0; j < keys; j++) if (isSeen(j)) sum += Math.exp(own[j]! - most)
    const at = (row % queries) * keys
    for (let j = 0; j < keys; j++)
      if (isSeen(j)) seen[at + j] = 1
      else if (Math.exp(own[j]! - most) > clearWeight * sum) wanted[at + j] = 1
  }
  let ahead: 'seen' | 'blocked' | null = null
  let nearest = Infinity
  let nearestBehind = Infinity
  for (let i = 0; i < queries; i++)
    for (let j = 0; j < keys; j++) {
      const blocked = !seen[i * keys + j] && wanted[i * keys + j] === 1
      if (j > i && seen[i * keys + j]) ahead = 'seen'
      else if (j > i && blocked) ahead ??= 'blocked'
      if (!blocked) continue
      nearest = Math.min(nearest, Math.abs(i - j))
      if (j <= i) nearestBehind = Math.min(nearestBehind, i - j)
    }
  if (queries !== keys) return { mask: { causal: false, window: null }, fits: nearest === Infinity }
  const causal = ahead === 'blocked'
  const first = causal ? nearestBehind : nearest
  const mask = { causal, window: first < Infinity ? first - 1 : null }
  let fits = true
  for (let i = 0; i < queries; i++)
    for (let j = 0; j < keys; j++) {
      const at = i * keys + j
      if (isVisible(mask, i, j) ? !seen[at] && wanted[at] : seen[at]) fits = false
    }
  return { mask, fits }
}

const isVisible = (mask: Mask, query: number, key: number): boolean =>
  !(mask.causal && key > query) && (mask.window === null || Math.abs(query - key) <= mask.window)

/** Row-wise softmax of the visible scores, [B,H,n,m]. */
function softmaxRows(scores: Float64Array, q: HeadTensor, keys: number, mask: Mask): Float64Array {
  const weights = new Float64Array(scores.length)
  for (let row = 0; row < scores.length / keys; row++) {
    const query = row % q.tokens
    let high = -Infinity
    for (let j = 0; j < keys; j++) if (isVisible(mask, query, j)) high = Math.max(high, scores[row * keys + j]!)
    let sum = 0
    for (let j = 0; j < keys; j++)
      if (isVisible(mask, query, j)) sum += weights[row * keys + j] = Math.exp(scores[row * keys + j]! - high)
    for (let j = 0; j < keys; j++) weights[row * keys + j]! /= sum
  }
  return weights
}

function compareWeights(weights: WeightTensor, own: Float64Array, keys: number): number {
  let worst = 0
  for (let row = 0; row < own.length / keys; row++)
    for (let j = 0; j < keys; j++) {
      const off = Math.abs(weights.values[row * weights.keys + j]! - own[row * keys + j]!)
      if (!(off <= worst)) worst = off
    }
  return worst
}

/** Whether the raw product is that of q and k: tells an added bias from a wrong finding. True where there is no product to ask. */
function explainsProduct({ product, q, k }: SiteSample, tolerance: number): boolean {
  if (!product) return true
  const { values, scale } = product
  const own = computeScores(q, k, scale)
  if (values.values.length !== own.length) return false
  const size = own.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1)
  return own.every((value, index) => Math.abs(value - values.values[index]!) <= tolerance * size)
}

/** For a fused operator without weights: its output must be weights · v for the mask its attributes name, or for none, or a causal one. */
function verifyOutput(
  sample: SiteSample,
  output: HeadTensor,
  v: HeadTensor,
  scores: Float64Array,
  tolerance: number,
  fail: Fail,
): SiteVerdict {
  const { q, k } = sample
  if (output.heads !== q.heads || output.tokens !== q.tokens || output.width !== v.width || v.tokens !== k.tokens)
    return fail(`the output [${output.heads},${output.tokens},${output.width}] doesn't match queries and values`)
  const candidates: Mask[] = [
    ...(sample.mask ? [sample.mask] : []),
    { causal: true, window: null },
    { causal: false, window: null },
  ]
  let best = { mask: candidates[0]!, deviation: Infinity }
  for (const mask of candidates) {
    const deviation = compareOutput(softmaxRows(scores, q, k.tokens, mask), output, v, k.tokens)
    if (deviation < best.deviation) best = { mask, deviation }
  }
  const { mask, deviation } = best
  const uniform = compareOutput(
    softmaxRows(
      scores.map(() => 0),
      q,
      k.tokens,
      mask,
    ),
    output,
    v,
    k.tokens,
  )
  const measured = `the operator's output deviates from softmax(scale · q·k) · v by ${deviation.toPrecision(3)}`
  const extra = sample.flags.additive || sample.flags.softcap || sample.flags.sink
  if (!(deviation <= tolerance))
    return extra && deviation < uniform / 2
      ? { verdict: 'bias', deviation, tolerance, mask, note: `the model changes its scores beyond a mask: ${measured}` }
      : fail(measured, mask, deviation)
  if (uniform <= 2 * tolerance)
    return fail(`inconclusive: equal weights would differ by ${uniform.toPrecision(3)} only`, mask, deviation)
  const note = `output deviation ${deviation.toExponential(1)}; equal weights would differ by ${uniform.toPrecision(3)}`
  return { verdict: 'exact', deviation, tolerance, mask, note }
}

/** Greatest |weights · v − output|, in units of the largest value where that is above 1. */
function compareOutput(weights: Float64Array, output: HeadTensor, v: HeadTensor, keys: number): number {
  const group = output.heads / v.heads
  let worst = 0
  let size = 1
  for (let b = 0; b < output.batch; b++)
    for (let h = 0; h < output.heads; h++)
      for (let i = 0; i < output.tokens; i++) {
        const row = (b * output.heads + h) * output.tokens + i
        for (let c = 0; c < output.width; c++) {
          const base = (b * v.heads + Math.floor(h / group)) * keys
          let sum = 0
          for (let j = 0; j < keys; j++) sum += weights[row * keys + j]! * v.values[(base + j) * v.width + c]!
          const value = output.values[row * output.width + c]!
          size = Math.max(size, Math.abs(value))
          const off = Math.abs(sum - value)
          if (!(off <= worst)) worst = off
        }
      }
  return worst / size
}
