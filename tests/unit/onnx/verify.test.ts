import { describe, expect, it } from 'vitest'
import type { Mask } from '../../../src/core/types'
import { createRandom } from '../../../src/core/random'
import type { HeadTensor, WeightTensor } from '../../../src/onnx/read-heads'
import { verifySite, type SiteSample } from '../../../src/onnx/verify'

const heads = 4
const kvHeads = 2
const tokens = 12
const width = 6
const scale = new Float64Array(heads).fill(0.4)
const plainFlags = { additive: true, softcap: false, sink: false, quantised: false }

function random(seed: number, count: number, size = 2): Float32Array {
  const next = createRandom(seed)
  return Float32Array.from({ length: count }, () => size * (next() - 0.5))
}

const tensor = (seed: number, count: number, size = 2): HeadTensor => ({
  batch: 1,
  heads: count,
  tokens,
  width,
  values: random(seed, count * tokens * width, size),
})

const visible = ({ causal, window }: Mask, i: number, j: number) =>
  (!causal || j <= i) && (window === null || Math.abs(i - j) <= window)

/** A model of our own: softmax(scale · q·kᵀ + bias) where the mask leaves something to see. */
function attend(
  q: HeadTensor,
  k: HeadTensor,
  mask: Mask,
  bias: (head: number, i: number, j: number) => number = () => 0,
) {
  const values = new Float32Array(heads * tokens * tokens)
  const scores = new Float32Array(values.length)
  for (let h = 0; h < heads; h++)
    for (let i = 0; i < tokens; i++) {
      const row = (h * tokens + i) * tokens
      let sum = 0
      let most = -Infinity
      for (let j = 0; j < tokens; j++) {
        let dot = 0
        for (let c = 0; c < width; c++)
          dot += q.values[(h * tokens + i) * width + c]! * k.values[(Math.floor(h / 2) * tokens + j) * width + c]!
        scores[row + j] = scale[h]! * dot
        if (visible(mask, i, j)) most = Math.max(most, scores[row + j]! + bias(h, i, j))
      }
      for (let j = 0; j < tokens; j++)
        if (visible(mask, i, j)) sum += values[row + j] = Math.exp(scores[row + j]! + bias(h, i, j) - most)
      for (let j = 0; j < tokens; j++) values[row + j]! /= sum
    }
  const shape = { batch: 1, heads, queries: tokens, keys: tokens }
  return { weights: { ...shape, values } as WeightTensor, scores: { ...shape, values: scores } as WeightTensor }
}

function sampleOf(mask: Mask, bias?: (head: number, i: number, j: number) => number): SiteSample {
  const q = tensor(1, heads)
  const k = tensor(2, kvHeads)
  const { weights, scores } = attend(q, k, mask, bias)
  return {
    q,
    k,
    v: tensor(3, kvHeads),
    weights,
    output: null,
    product: { values: scores, scale },
    scale,
    flags: plainFlags,
  }
}

const open: Mask = { causal: false, window: null }

describe('Verifying with weights', () => {
  it.each<[string, Mask]>([
    ['everything', open],
    ['what came before', { causal: true, window: null }],
    ['four tokens on either side', { causal: false, window: 4 }],
  ])('rows so peaked that most weights vanish still tell a mask: %s', (_, mask) => {
    const sample = sampleOf(mask)
    const sharp = 200
    const q = { ...sample.q, values: sample.q.values.map((value) => sharp * value) }
    const { weights, scores } = attend(q, sample.k, mask)
    const vanished = weights.values.filter(
      (value, at) => value === 0 && visible(mask, Math.floor(at / tokens) % tokens, at % tokens),
    )
    expect(vanished.length).toBeGreaterThan(tokens)
    const verdict = verifySite({ ...sample, q, weights, product: { values: scores, scale } })
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask })
  })

  it.each<[string, Mask]>([
    ['none', open],
    ['causal', { causal: true, window: null }],
    ['a window before', { causal: true, window: 3 }],
    ['a window around', { causal: false, window: 2 }],
  ])('finds the mask: %s', (_, mask) => {
    const verdict = verifySite(sampleOf(mask))
    expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask })
    expect(verdict.deviation).toBeLessThan(1e-5)
  })

  it('calls an added bias a bias, and says how far it goes', () => {
    const verdict = verifySite(sampleOf(open, (h, i, j) => 0.3 * Math.abs(i - j) * (h + 1)))
    expect(verdict.verdict).toBe('bias')
    expect(verdict.deviation).toBeGreaterThan(0.3)
    expect(verdict.note).toMatch(/deviate/)
  })

  it('calls a bias of a thousandth exact, one of a hundredth not', () => {
    expect(verifySite(sampleOf(open, (_, i, j) => ((i + j) % 2) * 1e-3)).verdict).toBe('exact')
    expect(verifySite(sampleOf(open, (_, i, j) => ((i + j) % 2) * 1e-2)).verdict).toBe('bias')
  })

  it('refuses wrong keys, even where something is added to the scores', () => {
    const wrong = { ...sampleOf(open), k: tensor(9, kvHeads) }
    expect(verifySite(wrong).verdict).toBe('unverified')
    expect(verifySite({ ...wrong, flags: { ...plainFlags, additive: false }, product: null }).verdict).toBe(
      'unverified',
    )
  })

  it('refuses a wrong scale, and heads that are mapped wrongly', () => {
    const sample = sampleOf(open)
    expect(verifySite({ ...sample, scale: scale.map((value) => value * 1.1) }).verdict).toBe('unverified')
    const { values } = sample.k
    const swapped = Float32Array.from([...values.subarray(values.length / 2), ...values.subarray(0, values.length / 2)])
    expect(verifySite({ ...sample, k: { ...sample.k, values: swapped } }).verdict).toBe('unverified')
  })

  it('does not call rows that lose mass exact', () => {
    const sample = sampleOf(open)
    const values = sample.weights!.values.map((value) => value * 0.9)
    expect(verifySite({ ...sample, weights: { ...sample.weights!, values } }).verdict).toBe('bias')
  })

  it('does not call a mask of another form exact', () => {
    const sample = sampleOf(open, (_, i, j) => ((i + j) % 3 === 0 ? -Infinity : 0))
    const verdict = verifySite(sample)
    expect(verdict.verdict).toBe('bias')
    expect(verdict.note).toMatch(/mask/)
  })

  it('calls scores without spread inconclusive', () => {
    const q = tensor(1, heads, 1e-3)
    const k = tensor(2, kvHeads, 1e-1)
    const { weights } = attend(q, k, open)
    const verdict = verifySite({ ...sampleOf(open), q, k, weights, product: null })
    expect(verdict.verdict).toBe('unverified')
    expect(verdict.note).toMatch(/inconclusive/)
  })

  it('is not misled by NaN', () => {
    const sample = sampleOf(open)
    const q = { ...sample.q, values: sample.q.values.map(() => NaN) }
    expect(verifySite({ ...sample, q, product: null, flags: { ...plainFlags, additive: false } }).verdict).toBe(
      'unverified',
    )
    const weights = { ...sample.weights!, values: sample.weights!.values.map(() => NaN) }
    expect(verifySite({ ...sample, weights, product: null, flags: { ...plainFlags, additive: false } }).verdict).toBe(
      'unverified',
    )
  })

  it('allows more in half precision and for integer products', () => {
    const sample = sampleOf(open, (_, i, j) => ((i + j) % 2) * 2e-2)
    expect(verifySite({ ...sample, half: true })).toMatchObject({ verdict: 'exact', tolerance: 2e-2 })
    expect(verifySite({ ...sample, flags: { ...plainFlags, quantised: true } })).toMatchObject({ tolerance: 5e-2 })
  })
})

describe('Verifying by the output of a fused operator', () => {
  const outputOf = (mask: Mask, bias?: (head: number, i: number, j: number) => number): SiteSample => {
    const sample = sampleOf(mask, bias)
    const v = sample.v!
    const values = new Float32Array(heads * tokens * width)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < tokens; i++)
        for (let c = 0; c < width; c++)
          for (let j = 0; j < tokens; j++)
            values[(h * tokens + i) * width + c]! +=
              sample.weights!.values[(h * tokens + i) * tokens + j]! *
              v.values[(Math.floor(h / 2) * tokens + j) * width + c]!
    const output = { batch: 1, heads, tokens, width, values }
    return { ...sample, weights: null, product: null, output, flags: { ...plainFlags, additive: false } }
  }

  it('tells causal from open without being told', () => {
    expect(verifySite(outputOf(open))).toMatchObject({ verdict: 'exact', mask: open })
    expect(verifySite(outputOf({ causal: true, window: null }))).toMatchObject({
      verdict: 'exact',
      mask: { causal: true, window: null },
    })
  })

  it('tries the mask that the attributes name', () => {
    const mask = { causal: true, window: 3 }
    expect(verifySite({ ...outputOf(mask), mask })).toMatchObject({ verdict: 'exact', mask })
    expect(verifySite(outputOf(mask)).verdict).toBe('unverified')
  })

  it('calls a bias inside a bias, and wrong keys unverified', () => {
    const flags = { ...plainFlags, additive: true }
    const small = (_: number, i: number, j: number) => 0.02 * Math.abs(i - j)
    expect(verifySite({ ...outputOf(open, small), flags }).verdict).toBe('bias')
    expect(verifySite({ ...outputOf(open), k: tensor(9, kvHeads) }).verdict).toBe('unverified')
    expect(verifySite({ ...outputOf(open), k: tensor(9, kvHeads), flags }).verdict).toBe('unverified')
  })

  it('says so where there is nothing to compare', () => {
    expect(verifySite({ ...outputOf(open), output: null })).toMatchObject({
      verdict: 'unverified',
      deviation: Infinity,
    })
  })
})
