import { expect, type Page } from '@playwright/test'
import { allHeads, call, callAll, ready, type AtlasInfo } from './atlas-page'
import { largestMagnitude, readGolden, worstDifference } from './goldens'

interface Vectors {
  q: Float32Array
  k: Float32Array
  v: Float32Array
  n: number
  dim: number
  scale: number
}

/**
 * q, k and v of every layer and head within 1e-3 absolute and 1e-4 of the tensor's largest value of PyTorch's, attention
 * within 1e-4, for all inputs of the golden, in the built app.
 */
export async function checkGoldens(page: Page, name: string) {
  const golden = readGolden(name)
  await call(
    page,
    'setTexts',
    golden.inputs.map((input) => input.text),
  )
  await ready(page)
  const info = await call<AtlasInfo>(page, 'info')
  expect(info).toMatchObject({
    layers: golden.layers,
    heads: golden.heads,
    kvHeads: golden.kvHeads,
    headDim: golden.headDim,
    verified: 'exact',
  })
  expect(info.sequences.map((sequence) => sequence.tokens.map((token) => token.id))).toEqual(
    golden.inputs.map((input) => input.input_ids),
  )

  const heads = allHeads(info)
  const vectors = await callAll<Vectors>(page, 'vectors', heads)
  const perKv = info.heads / info.kvHeads
  heads.forEach(({ layer, head }, at) => {
    const got = vectors[at]!
    expect(Math.abs(got.scale - golden.scale)).toBeLessThan(1e-6)
    for (const part of ['q', 'k', 'v'] as const) {
      const slot = part === 'q' ? head : Math.floor(head / perKv)
      const wanted = golden.inputs.flatMap((_, input) => {
        const tensor = golden.tensor(`input${input}.layer${layer}.${part}`)!
        const size = tensor.data.length / tensor.shape[0]!
        return [...tensor.data.subarray(slot * size, (slot + 1) * size)]
      })
      const worst = worstDifference(got[part], wanted)
      expect(worst, `${part} of L${layer} H${head}`).toBeLessThanOrEqual(1e-3)
      expect(worst / largestMagnitude(wanted), `relative ${part} of L${layer} H${head}`).toBeLessThanOrEqual(1e-4)
    }
  })

  for (const layer of golden.attentionLayers)
    for (let input = 0; input < golden.inputs.length; input++) {
      const inLayer = heads.filter((head) => head.layer === layer)
      const answers = await callAll<{ weights: Float32Array; size: number }>(
        page,
        'attention',
        inLayer.map((head) => ({ ...head, sequence: input })),
      )
      const wanted = golden.tensor(`input${input}.layer${layer}.attn`)!.data
      const size = wanted.length / info.heads
      answers.forEach(({ weights }, head) =>
        expect(
          worstDifference(weights, wanted.subarray(head * size, (head + 1) * size)),
          `attention of L${layer} H${head}, input ${input}`,
        ).toBeLessThanOrEqual(1e-4),
      )
    }
}
