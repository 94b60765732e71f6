import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SequenceVectors } from '../../../src/core/types'
import { Inference } from '../../../src/models/inference'
import type { ModelSpec } from '../../../src/rpc/contracts'
import { sequenceKey } from '../../../src/state/dataset'
import { startHubHost, type HubHost } from '../../helpers/hub-host'
import { nodeRuntime } from '../../helpers/node-runtime'

let host: HubHost
beforeAll(async () => {
  host = await startHubHost()
})
afterAll(() => host.close())

const ignore = () => undefined

async function open(id: string, more: Partial<ModelSpec>) {
  const inference = new Inference({ provider: nodeRuntime(), fetch, caches: null, now: () => 0 })
  const spec = { id, revision: 'main', host: host.address, dtype: null, file: null, threads: null }
  const info = await inference.open({ ...spec, backend: 'auto', ...more }, ignore, ignore)
  return { inference, info }
}

const ids = Int32Array.of(5, 17, 40, 17, 9, 63, 17, 28)
const input = { kind: 'text', ids, typeIds: null } as const

/** Rotary encoding as in RoFormer, halves apart: the pair (i, i + d/2) at a position turns by position · θ^(−2i/d). [H,t,d] */
function turn(values: Float32Array, tokens: number, width: number, theta: number): Float32Array {
  const turned = new Float32Array(values.length)
  for (let row = 0; row * width < values.length; row++)
    for (let at = 0; at < width / 2; at++) {
      const angle = (row % tokens) * theta ** ((-2 * at) / width)
      const [one, other] = [values[row * width + at]!, values[row * width + at + width / 2]!]
      turned[row * width + at] = one * Math.cos(angle) - other * Math.sin(angle)
      turned[row * width + at + width / 2] = other * Math.cos(angle) + one * Math.sin(angle)
    }
  return turned
}

const worst = (one: Float32Array, other: Float32Array) => {
  expect(one.length).toBe(other.length)
  return one.reduce((most, value, at) => Math.max(most, Math.abs(value - other[at]!)), 0)
}

describe.each(['zoo/llama-eager-dynamo', 'zoo/qwen2-eager-ts', 'zoo/fusedops-gqa'])(
  'queries and keys of %s before rotation',
  (id) => {
    it('turned by a plain computation are those after it; the attention stays the model’s', async () => {
      const after = await open(id, {})
      const before = await open(id, { rotation: 'before' })
      expect(after.info).toMatchObject({ rotary: true, verified: 'exact' })
      expect(after.info.rotation).toBeUndefined()
      expect(before.info).toMatchObject({ rotary: true, verified: 'bias', rotation: 'before' })
      const [turned] = (await after.inference.run([input])) as [SequenceVectors]
      const [plain] = (await before.inference.run([input])) as [SequenceVectors]
      const { headDim } = after.info
      for (const which of ['q', 'k'] as const) {
        expect(worst(plain[which], turned[which])).toBeGreaterThan(1e-2)
        expect(worst(turn(plain[which], ids.length, headDim, 10_000), turned[which])).toBeLessThan(2e-5)
      }
      expect(plain.v).toEqual(turned.v)
      // In the first layer a token's key is the same wherever it stands.
      const key = (position: number) => plain.k.subarray(position * headDim, (position + 1) * headDim)
      expect(worst(key(1).slice(), key(3).slice())).toBeLessThan(1e-6)
      const [own, other] = [await after.inference.attention(input, 0), await before.inference.attention(input, 0)]
      expect(worst(own, other)).toBeLessThan(1e-6)
      expect(sequenceKey(after.info, input)).not.toBe(sequenceKey(before.info, input))
      await after.inference.close()
      await before.inference.close()
    })
  },
)

it('models without rotation have nothing before it', async () => {
  const { inference, info } = await open('zoo/gpt2-sdpa-ts', { rotation: 'before' })
  expect(info.rotation).toBeUndefined()
  expect(info).toMatchObject({ rotary: false, verified: 'exact' })
  await inference.close()
})

describe('a token for the beginning', () => {
  it('is put before each text of a causal model where that is asked for, and only there', async () => {
    const usual = await open('zoo/gpt2-sdpa-ts', {})
    const begun = await open('zoo/gpt2-sdpa-ts', { bos: true })
    expect([usual.info.bos, begun.info.bos]).toEqual([false, true])
    const [plain] = await usual.inference.prepareTexts(['the cat sat'])
    const [led] = await begun.inference.prepareTexts(['the cat sat'])
    if (plain!.input.kind !== 'text' || led!.input.kind !== 'text') throw new Error('no text')
    expect([...led!.input.ids.subarray(1)]).toEqual([...plain!.input.ids])
    expect(led!.tokens[0]).toMatchObject({ id: led!.input.ids[0], special: true })
    expect(led!.tokens).toHaveLength(plain!.tokens.length + 1)
    const long = Array.from({ length: begun.info.maxTokens }, () => 'cat').join(' ')
    const [cut] = await begun.inference.prepareTexts([long])
    expect(cut!.tokens).toHaveLength(begun.info.maxTokens)
    expect(cut!.tokens[0]!.id).toBe(led!.input.ids[0])
    const [whole] = await usual.inference.prepareTexts([long])
    expect(cut!.truncated).toBe(whole!.truncated + 1)
    await usual.inference.close()
    await begun.inference.close()
  })

  it('is no choice for a model that looks both ways', async () => {
    const { inference, info } = await open('zoo/bert-eager-dynamo', { bos: true })
    expect(info.bos).toBeUndefined()
    await inference.close()
  })
})
