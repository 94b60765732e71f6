import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InferenceSession } from 'onnxruntime-web'
import { patchModel, tapNames } from '../../../src/onnx/patch'
import { planModel, type PlannedModel } from '../../../src/onnx/plan'
import { verifySite } from '../../../src/onnx/verify'
import { largestMagnitude, readGolden, worstDifference } from '../../helpers/goldens'
import { buildFeeds, openSession, readSite, type Outputs } from '../../helpers/onnx-run'

/** The shipped text model: an ordinary file with int8 weights, to which nothing was added. */
describe('bge-small-en-v1.5', () => {
  const file = path.resolve(import.meta.dirname, '../../../public/models/bge-small-en-v1.5/onnx/model_int8.onnx')
  const bytes = new Uint8Array(readFileSync(file))
  const golden = readGolden('bge-small-en-v1.5')
  let planned: PlannedModel
  let session: InferenceSession
  const results: Outputs[] = []

  beforeAll(async () => {
    planned = planModel(bytes)
    session = await openSession(patchModel(bytes, planned.index, planned.plan))
    for (const input of golden.inputs)
      results.push(await session.run(buildFeeds(planned.plan.inputs, { ids: [input.input_ids] })))
  })
  afterAll(() => session.release())

  it('has twelve sites of plain products without rotation, with integer weights', () => {
    const { plan } = planned
    expect(plan.sites).toHaveLength(golden.layers)
    expect(plan.rejected).toEqual([])
    expect(plan).toMatchObject({ quantised: true, opset: 17, outputs: ['last_hidden_state'], externalFiles: [] })
    expect(plan.inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask', 'token_type_ids'])
    for (const site of plan.sites)
      expect(site.flags).toEqual({
        operator: 'MatMul',
        rotary: false,
        additive: true,
        softcap: false,
        sink: false,
        cross: false,
        windowed: false,
        quantised: false,
      })
  })

  it('copies no weights: the patched model is smaller than a megabyte', () => {
    const { model, external } = patchModel(bytes, planned.index, planned.plan)
    expect(model.length).toBeLessThan(1_000_000)
    expect(external).toHaveLength(1)
    expect(external[0]!.data).toBe(bytes)
  })

  it('gives q, k and v of all layers and inputs within 1e-3, and 1e-4 of the largest value', () => {
    golden.inputs.forEach((_, input) =>
      planned.plan.sites.forEach((site, layer) => {
        const result = readSite(site, results[input]!, 1)
        expect(result.scale.every((scale) => Math.abs(scale - golden.scale) < 1e-6)).toBe(true)
        for (const part of ['q', 'k', 'v'] as const) {
          const wanted = golden.tensor(`input${input}.layer${layer}.${part}`)!
          const got = result[part]!
          expect([got.heads, got.tokens, got.width]).toEqual(wanted.shape)
          const worst = worstDifference(got.values, wanted.data)
          expect(worst, `${part} of input ${input}, layer ${layer}`).toBeLessThanOrEqual(1e-3)
          expect(worst / largestMagnitude(wanted.data)).toBeLessThanOrEqual(1e-4)
        }
      }),
    )
  })

  it('gives the attention of the golden layers within 1e-4', () => {
    golden.inputs.forEach((_, input) => {
      for (const layer of golden.attentionLayers) {
        const { weights } = readSite(planned.plan.sites[layer]!, results[input]!, 1)
        expect(
          worstDifference(weights!.values, golden.tensor(`input${input}.layer${layer}.attn`)!.data),
        ).toBeLessThanOrEqual(1e-4)
      }
    })
  })

  it('verifies every layer as exact and unmasked', () => {
    for (const site of planned.plan.sites) {
      const verdict = verifySite({ ...readSite(site, results[0]!, 1), flags: site.flags })
      expect(verdict, verdict.note).toMatchObject({ verdict: 'exact', mask: { causal: false, window: null } })
      expect(verdict.deviation).toBeLessThan(1e-4)
    }
  })

  it('runs a batch of two inputs to the same q as one by one', async () => {
    const ids = golden.inputs[0]!.input_ids
    const outputs = await session.run(buildFeeds(planned.plan.inputs, { ids: [ids, [...ids].reverse()] }), [
      planned.plan.sites[0]!.q.name,
      planned.plan.sites[0]!.k.name,
    ])
    const site = planned.plan.sites[0]!
    const both = readSite({ ...site, v: null, weights: null, product: null }, outputs, 2)
    const alone = readSite(site, results[0]!, 1)
    expect(both.q.batch).toBe(2)
    expect(worstDifference(both.q.values.subarray(0, alone.q.values.length), alone.q.values)).toBeLessThan(1e-5)
    expect(worstDifference(both.k.values.subarray(0, alone.k.values.length), alone.k.values)).toBeLessThan(1e-5)
  })

  it('leaves the output of the model bit-identical', async () => {
    const plain = await openSession({ model: bytes, external: [] })
    const original = await plain.run(buildFeeds(planned.plan.inputs, { ids: [golden.inputs[0]!.input_ids] }))
    expect(results[0]!['last_hidden_state']!.data).toEqual(original['last_hidden_state']!.data)
    await plain.release()
  })

  it('names every tap once, and none that is an output already', () => {
    const names = tapNames(planned.plan)
    expect(new Set(names).size).toBe(names.length)
    expect(names).not.toContain('last_hidden_state')
  })
})
