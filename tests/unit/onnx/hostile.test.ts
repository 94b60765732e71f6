import { describe, expect, it } from 'vitest'
import { fuzzOnce, readFixtureModels } from '../../helpers/fuzz-onnx'

/** The long run takes more; FUZZ_SEEDS=… says how many. */
const seeds = Number(process.env['FUZZ_SEEDS'] ?? (process.env['ATLAS_TEST_LONG'] ? 60_000 : 500))
const firstSeed = Number(process.env['FUZZ_FIRST_SEED'] ?? 1)

describe('Damaged model files', () => {
  it(`end in a plan or an AppError within five seconds, for ${seeds} seeds`, { timeout: 60_000 + seeds * 100 }, () => {
    const files = readFixtureModels()
    expect(files).toHaveLength(12)
    const outcomes = new Map<string, number>()
    let slowest = { seed: 0, milliseconds: 0 }
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const start = performance.now()
      let outcome: string
      try {
        outcome = fuzzOnce(files, seed)
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      const milliseconds = performance.now() - start
      if (milliseconds > slowest.milliseconds) slowest = { seed, milliseconds }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    expect(slowest.milliseconds, `seed ${slowest.seed}`).toBeLessThan(5000)
    // The changes must reach every stage, or the test says nothing.
    for (const code of ['planned', 'NOT_ONNX', 'TRUNCATED', 'NO_ATTENTION_FOUND'])
      expect(outcomes.get(code), code).toBeGreaterThan(seeds / 100)
  })
})
