import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isAppError } from '../../../src/core/errors'
import { createRandom } from '../../../src/core/random'
import { createPictureProcessor } from '../../../src/models/image-processor'
import { readModelConfig } from '../../../src/models/model-config'
import { examineEnds } from '../../../src/models/preflight'
import { createTokenizer } from '../../../src/models/tokenizer'
import { siteFile } from '../../helpers/truth'

/** The long run takes more; one seed of a failure: HOSTILE_FIRST_SEED=… HOSTILE_SEEDS=1. */
const seeds = Number(process.env['HOSTILE_SEEDS'] ?? (process.env['ATLAS_TEST_LONG'] ? 60_000 : 3000))
const firstSeed = Number(process.env['HOSTILE_FIRST_SEED'] ?? 1)
const longestMs = 3000

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const odd: Json[] = [
  null, true, 0, -1, 1e308, -0.5, 2 ** 53, '', 'x'.repeat(5000), '\u0000', '(a+)+$', '[', '\\', '__proto__', [], {}, [[[[]]]], { type: 'Sequence' }, { type: 'Regex' }, { Regex: '(' }, ['a', 'a', 3],
] // prettier-ignore

/** A copy with a few values exchanged, taken out, doubled or renamed. */
function mutate(source: Json, seed: number): Json {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const copy = structuredClone(source)
  const count = 1 + below(seed % 3 ? 3 : 12)
  for (let change = 0; change < count; change++) {
    let place = copy
    // Walks down a random way and changes what is at its end.
    for (let depth = 0; depth < 8; depth++) {
      if (typeof place !== 'object' || place === null) break
      const keys = Object.keys(place)
      if (keys.length === 0) break
      const key = keys[below(keys.length)]!
      const holder = place as Record<string, Json>
      const next = holder[key]!
      if (typeof next === 'object' && next !== null && random() < 0.75) {
        place = next
        continue
      }
      const kind = below(5)
      if (kind === 0) delete holder[key]
      else if (kind === 1) holder[key] = structuredClone(odd[below(odd.length)]!)
      else if (kind === 2) holder[key] = typeof next === 'string' ? `${next}${next}` : String(next)
      else if (kind === 3) holder[key] = typeof next === 'number' ? next * -1000 : [structuredClone(next)]
      else holder[keys[below(keys.length)]!] = structuredClone(next)
      break
    }
  }
  return copy
}

const read = (id: string, file: string) => JSON.parse(readFileSync(siteFile(id, file), 'utf8')) as Json

const texts = ['zoo/bert-eager-dynamo', 'zoo/gpt2-sdpa-ts', 'zoo/llama-eager-dynamo', 'zoo/mpnet-eager-ts']
const tokenizers = texts.map((id) => ({
  tokenizer: read(id, 'tokenizer.json'),
  config: read(id, 'tokenizer_config.json'),
}))
const images = ['zoo/vit-sdpa-ts', 'zoo/clipv-sdpa-dynamo', 'zoo/dinov2-eager-ts']
const processors = images.map((id) => read(id, 'preprocessor_config.json'))
const configs = [...texts, ...images].map((id) => read(id, 'config.json'))
const weights = new Uint8Array(readFileSync(siteFile('zoo/vit-sdpa-ts', 'onnx/model.onnx')))

/** Uses one mutated file as the app would. @returns 'used' or the code of the AppError */
async function use(seed: number): Promise<string> {
  try {
    if (seed % 3 === 0) {
      const config = mutate(configs[seed % configs.length]!, seed)
      const { maxPositions } = readModelConfig(config, seed % 2 ? 'image' : 'text')
      expect(maxPositions === null || Number.isFinite(maxPositions)).toBe(true)
      const seen = examineEnds({ head: weights, tail: new Uint8Array(0), length: weights.length }, config, 'auto', null)
      return seen.problem?.code ?? 'used'
    }
    if (seed % 3 === 1) {
      const files = tokenizers[seed % tokenizers.length]!
      const tokenizer = await createTokenizer(
        {
          tokenizer: mutate(files.tokenizer, seed),
          config: seed % 2 ? files.config : mutate(files.config, seed + 1),
        },
        512,
      )
      const { tokens, input } = tokenizer.prepare('The cat sat, 3 times, on the mät. 😀')
      expect(input.kind === 'text' && input.ids.length === tokens.length).toBe(true)
      return 'used'
    }
    await createPictureProcessor(mutate(processors[seed % processors.length]!, seed))
    return 'used'
  } catch (error) {
    if (isAppError(error)) return error.code
    throw error
  }
}

describe('Damaged tokenizer, configuration and picture settings', () => {
  test(
    `are used or end in an AppError, in bounded time, for ${seeds} seeds`,
    { timeout: 120_000 + seeds * 60 },
    async () => {
      const outcomes = new Map<string, number>()
      let slowest = { seed: 0, milliseconds: 0 }
      for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
        const start = performance.now()
        let outcome: string
        try {
          outcome = await use(seed)
        } catch (error) {
          throw new Error(`seed ${seed}`, { cause: error })
        }
        const milliseconds = performance.now() - start
        if (milliseconds > slowest.milliseconds) slowest = { seed, milliseconds }
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
      expect(slowest.milliseconds, `seed ${slowest.seed}`).toBeLessThan(longestMs)
      // The changes must reach both ends, or the test says nothing.
      if (seeds >= 1000)
        for (const outcome of ['used', 'TOKENIZER_FAILED']) expect(outcomes.get(outcome), outcome).toBeGreaterThan(20)
    },
  )
})
