import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { buildFeeds } from '../../../src/models/feeds'
import { readModelConfig } from '../../../src/models/model-config'
import { SerialQueue } from '../../../src/models/queue'
import { TapSession } from '../../../src/models/session'
import { vectorNames } from '../../../src/models/taps'
import { patchModel } from '../../../src/onnx/patch'
import { planModel } from '../../../src/onnx/plan'
import { nodeRuntime } from '../../helpers/node-runtime'

const folder = fileURLToPath(new URL('../../../public/models/smollm2-135m-instruct/', import.meta.url))
const manifest = JSON.parse(readFileSync(new URL('../manifest.json', `file://${folder}`), 'utf8')) as {
  models: { name: string; file: string }[]
}

/** Probabilities of the next token behind the last row of logits [1,t,V]. */
function nextToken(logits: Float32Array, vocabulary: number): Float64Array {
  const last = Float64Array.from(logits.subarray(logits.length - vocabulary))
  const most = last.reduce((high, value) => Math.max(high, value), -Infinity)
  const weights = last.map((value) => Math.exp(value - most))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

test('SmolLM2 gives the same next-token probabilities with its queries and keys tapped as without', async () => {
  const { file } = manifest.models.find(({ name }) => name === 'smollm2-135m-instruct')!
  const bytes = new Uint8Array(readFileSync(folder + file))
  const { index, plan } = planModel(bytes)
  expect(plan.sites).toHaveLength(30)
  const config = readModelConfig(JSON.parse(readFileSync(`${folder}config.json`, 'utf8')))
  // “The capital of France is”
  const ids = Int32Array.of(504, 3575, 282, 4649, 314)
  const feeds = buildFeeds(plan.inputs, [{ kind: 'text', ids, typeIds: null }], config)
  const runtime = await nodeRuntime().load('wasm', 1)
  const run = async (model: { model: Uint8Array; external: { path: string; data: Uint8Array }[] }, taps: string[]) => {
    const session = await TapSession.create(model, runtime, new SerialQueue())
    const results = await session.run(feeds, ['logits', ...taps])
    await session.release()
    const { data, dims } = results.get('logits')!
    return { probabilities: nextToken(data, dims.at(-1)!), taps: results.size - 1 }
  }
  const plain = await run({ model: bytes, external: [] }, [])
  const patched = await run(patchModel(bytes, index, plan), vectorNames(plan.sites))
  expect(patched.taps).toBe(90)
  expect(plain.probabilities.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12)
  // Something is predicted, and to the last bit the same.
  expect(plain.probabilities.reduce((high, each) => Math.max(high, each), 0)).toBeGreaterThan(0.05)
  expect(patched.probabilities).toEqual(plain.probabilities)
})
