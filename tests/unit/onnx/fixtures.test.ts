import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { patchModel, tapNames } from '../../../src/onnx/patch'
import { planModel } from '../../../src/onnx/plan'
import { verifySite } from '../../../src/onnx/verify'
import { readNpz } from '../../helpers/npz'
import { attend, buildFeeds, openSession, readSite, type Input } from '../../helpers/onnx-run'

interface Truth {
  id: string
  kind: 'text' | 'vision'
  onnx: string
  layers: number
  heads: number
  kv_heads: number
  d: number
  T: number
  verdict: 'exact' | 'bias'
  mask: ('none' | 'causal')[]
  scale: number
  rope: string | null
  tol_attn: number
}

const folder = path.resolve(import.meta.dirname, '../../fixtures')
const index = JSON.parse(readFileSync(path.join(folder, 'truth/index.json'), 'utf8')) as Truth[]

/** Rows minus their means: what a softmax sees. */
function centre(values: ArrayLike<number>, columns: number): Float64Array {
  const centred = Float64Array.from(values)
  for (let row = 0; row < centred.length; row += columns) {
    let mean = 0
    for (let at = 0; at < columns; at++) mean += centred[row + at]! / columns
    for (let at = 0; at < columns; at++) centred[row + at]! -= mean
  }
  return centred
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  let most = 0
  for (let at = 0; at < a.length; at++) most = Math.max(most, Math.abs(a[at]! - b[at]!))
  return most
}

async function open(truth: Truth) {
  const bytes = new Uint8Array(readFileSync(path.join(folder, 'site', truth.id, truth.onnx)))
  const arrays = readNpz(path.join(folder, 'truth', `${truth.id}.npz`))
  const { index: model, plan } = planModel(bytes)
  const { input_ids: ids, pixel_values: pixels } = arrays
  const input: Input = ids ? { ids: [[...ids.data]] } : { pixels: { data: pixels!.data, shape: [1, ...pixels!.shape] } }
  const feeds = buildFeeds(plan.inputs, input)
  const session = await openSession(patchModel(bytes, model, plan))
  return { bytes, arrays, plan, feeds, session, outputs: await session.run(feeds) }
}

describe('Twelve tiny repositories with known attention', () => {
  it('are all there', () => expect(index).toHaveLength(12))

  it.each(index.map((truth) => [truth.id, truth] as const))('%s: queries, keys and attention', async (_, truth) => {
    const { arrays, plan, outputs, session, feeds, bytes } = await open(truth)
    expect(plan.sites).toHaveLength(truth.layers)
    plan.sites.forEach((site, layer) => {
      const result = readSite(site, outputs, 1)
      const { q, k, v } = result
      expect([q.heads, q.tokens, q.width]).toEqual([truth.heads, truth.T, truth.d])
      expect([k.heads, k.tokens, k.width]).toEqual([truth.kv_heads, truth.T, truth.d])
      expect(v && [v.heads, v.tokens, v.width]).toEqual([truth.kv_heads, truth.T, truth.d])
      for (const scale of result.scale) expect(Math.abs(scale - truth.scale)).toBeLessThan(1e-6)
      expect(site.flags).toMatchObject({
        rotary: truth.rope !== null || truth.id.endsWith('gqa'),
        cross: false,
        windowed: false,
      })

      const causal = truth.mask[layer] === 'causal'
      const verdict = verifySite({ ...result, flags: site.flags, mask: site.mask })
      expect(verdict, verdict.note).toMatchObject({ verdict: truth.verdict, mask: { causal, window: null } })

      const attention = arrays[`attn_${layer}`]!.data
      const own = { q: arrays[`q_${layer}`]!, k: arrays[`k_${layer}`]! }
      const reference = { ...result, q: { ...q, values: own.q.data }, k: { ...k, values: own.k.data } }
      const size = truth.T * truth.T
      for (let head = 0; head < truth.heads; head++) {
        const isVisible = (query: number, key: number) => !causal || key <= query
        const mine = attend(result, 0, head, isVisible)
        // The truth's own scale of q and k may differ from ours by a factor that their product does not know.
        const theirs = attend(
          { ...reference, scale: new Float64Array(truth.heads).fill(truth.scale) },
          0,
          head,
          isVisible,
        )
        expect(worst(centre(mine.scores, truth.T), centre(theirs.scores, truth.T))).toBeLessThan(1e-3)
        const weights = attention.subarray(head * size, (head + 1) * size)
        if (truth.verdict === 'exact') expect(worst(mine.weights, weights)).toBeLessThanOrEqual(truth.tol_attn)
        if (result.weights)
          expect(worst(result.weights.values.subarray(head * size, (head + 1) * size), weights)).toBeLessThanOrEqual(
            truth.tol_attn,
          )
      }
    })
    await session.release()

    // The original outputs are the same bits with and without the patch.
    const plain = await openSession({ model: bytes, external: [] })
    const originals = await plain.run(feeds)
    for (const name of plan.outputs) expect(outputs[name]!.data, name).toEqual(originals[name]!.data)
    await plain.release()
    const names = [...plan.outputs, ...tapNames(plan)]
    expect(new Set(names).size).toBe(names.length)
  })
})
