import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Mask } from '../../../src/core/types'
import { toFloat16Bits } from '../../../src/models/feeds'
import { patchModel } from '../../../src/onnx/patch'
import { planModel } from '../../../src/onnx/plan'
import { verifySite } from '../../../src/onnx/verify'
import * as ort from 'onnxruntime-web/wasm'
import { attend, openSession, readSite, type SiteResult } from '../../helpers/onnx-run'

/** One real export with random weights (tests/fixtures/families/README.md). */
interface Family {
  id: string
  dtype: string
  attention: 'eager' | 'sdpa'
  exporter: 'TorchScript' | 'dynamo'
  opset: number
  verdict: 'exact' | 'bias'
  rotary: boolean
  layers: number
  heads: number
  tokens: number
  masks: Mask[]
  ids?: number[]
  pixels?: number[]
}

const folder = path.resolve(import.meta.dirname, '../../fixtures/families')
const unpack = (file: string) => new Uint8Array(gunzipSync(readFileSync(path.join(folder, file))))
const families = JSON.parse(readFileSync(path.join(folder, 'index.json'), 'utf8')) as Family[]
const float16 = 10

/** Pixels and attention of a family, where its weights are those of PyTorch. */
function readArrays({ id, dtype, pixels, layers, heads, tokens }: Family) {
  if (dtype !== 'fp32' && !pixels) return { pixels: null, attention: null }
  const all = new Float32Array(unpack(`${id}.f32.gz`).buffer)
  const count = pixels?.reduce((product, size) => product * size, 1) ?? 0
  const rest = all.subarray(count)
  const size = heads * tokens * tokens
  const attention = Array.from({ length: layers }, (_, layer) => rest.subarray(layer * size, (layer + 1) * size))
  return { pixels: all.slice(0, count), attention: dtype === 'fp32' ? attention : null }
}

function feedsOf(
  family: Family,
  pixels: Float32Array | null,
  inputs: readonly { name: string; elementType: number }[],
) {
  const ones = family.ids?.map(() => 1)
  return Object.fromEntries(
    inputs.map(({ name, elementType }) => {
      if (name === 'pixel_values') return [name, new ort.Tensor('float32', pixels!, family.pixels!)]
      const values = (name === 'attention_mask' ? ones : family.ids)!
      const dims = [1, values.length]
      if (elementType !== float16) return [name, new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims)]
      return [name, new ort.Tensor('float16', toFloat16Bits(Float32Array.from(values)), dims)]
    }),
  )
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  let most = 0
  for (let at = 0; at < a.length; at++) most = Math.max(most, Math.abs(a[at]! - b[at]!))
  return most
}

/** That queries and keys are their earlier selves, turned: in pairs of numbers that keep their length, or left as they are. */
function expectTurned({ q, k, before }: SiteResult, tolerance: number): void {
  for (const [after, unturned] of [
    [q, before!.q],
    [k, before!.k],
  ] as const) {
    expect([unturned.heads, unturned.tokens, unturned.width]).toEqual([after.heads, after.tokens, after.width])
    const [a, b] = [after.values, unturned.values]
    expect(worst(a, b)).toBeGreaterThan(10 * tolerance)
    const { width } = after
    const isKept = (turned: number, mate: (at: number) => number) => {
      for (let row = 0; row < a.length; row += width)
        for (let at = 0; at < width; at++) {
          const length = (x: Float32Array) =>
            at < turned ? Math.hypot(x[row + at]!, x[row + mate(at)]!) : x[row + at]!
          if (Math.abs(length(a) - length(b)) > tolerance) return false
        }
      return true
    }
    const widths = Array.from({ length: width / 2 }, (_, half) => 2 * (half + 1))
    const mates = widths.flatMap((turned) => [
      isKept(turned, (at) => (at + turned / 2) % turned),
      isKept(turned, (at) => at ^ 1),
    ])
    expect(mates).toContain(true)
  }
}

const sees =
  ({ causal, window }: Mask) =>
  (query: number, key: number) =>
    !(causal && key > query) && (window === null || Math.abs(query - key) <= window)

describe('Exports of many families', () => {
  it('are all there', () => expect(families.length).toBeGreaterThan(30))

  it.each(families.map((family) => [`${family.id}, ${family.attention}, ${family.exporter} ${family.opset}`, family]))(
    '%s: queries, keys and attention',
    async (_, family) => {
      const bytes = unpack(`${family.id}.onnx.gz`)
      const { pixels, attention } = readArrays(family)
      const { index, plan } = planModel(bytes)
      expect(plan.opset).toBe(family.opset)
      expect(plan.sites).toHaveLength(family.layers)
      const session = await openSession(patchModel(bytes, index, plan))
      const outputs = await session.run(feedsOf(family, pixels, plan.inputs))
      await session.release()
      plan.sites.forEach((site, layer) => {
        const result = readSite(site, outputs, 1)
        const { q, k, v, weights } = result
        expect([q.heads, q.tokens, k.tokens, v?.tokens]).toEqual([
          family.heads,
          family.tokens,
          family.tokens,
          family.tokens,
        ])
        expect(family.heads % k.heads).toBe(0)
        expect(site.flags).toMatchObject({ rotary: family.rotary, cross: false, windowed: false })
        const half = plan.elementTypes.includes(float16)
        const verdict = verifySite({ ...result, flags: site.flags, mask: site.mask, half })
        expect(verdict, verdict.note).toMatchObject({ verdict: family.verdict, mask: family.masks[layer] })

        if (family.rotary) expectTurned(result, half ? 2e-2 : 1e-4)
        else expect(site.before).toBeNull()

        const truth = attention?.[layer] ?? weights!.values
        expect(worst(weights!.values, truth)).toBeLessThan(1e-5)
        if (family.verdict === 'bias') return
        const size = family.tokens ** 2
        for (let head = 0; head < family.heads; head++) {
          const own = attend(result, 0, head, sees(verdict.mask))
          const wanted = truth.subarray(head * size, (head + 1) * size)
          expect(worst(own.weights, wanted)).toBeLessThan(attention ? 1e-5 : verdict.tolerance / 2)
        }
      })
    },
  )
})
