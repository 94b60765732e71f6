import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { ProjectionAnswer } from '../../../src/rpc/contracts'
import { groupByLength } from '../../../src/state/batches'
import { sequenceKey } from '../../../src/state/dataset'
import { InputList } from '../../../src/state/inputs'
import { bytesPerToken, memoryLimitBytes } from '../../../src/state/memory'
import { chooseModel, mergeSavedChoice, noModel, readChoice, specKey, specOf } from '../../../src/state/model-choice'
import { poolPort } from '../../../src/state/pool-port'
import { readSettings } from '../../../src/state/settings'
import { TimeLeft } from '../../../src/state/time-left'
import { modelInfo } from './fakes'

describe('batches', () => {
  it('have one length each, stay in the limits, and hold every item once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(600)),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5000 }),
        (lengths, sequences, tokens) => {
          const items = lengths.map((length, at) => ({ length, at }))
          const batches = groupByLength(items, ({ length }) => length, { sequences, tokens })
          for (const batch of batches) {
            expect(new Set(batch.map(({ length }) => length)).size).toBe(1)
            expect(batch.length).toBeLessThanOrEqual(sequences)
            if (batch.length > 1) expect(batch.length * batch[0]!.length).toBeLessThanOrEqual(tokens)
          }
          expect(
            batches
              .flat()
              .map(({ at }) => at)
              .sort((a, b) => a - b),
          ).toEqual(items.map(({ at }) => at))
        },
      ),
    )
  })
})

describe('input', () => {
  it('keeps ids of lines that stay, gives every line its own, and never uses one twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.constantFrom('a', 'b', 'c', ' ', '')), { minLength: 1, maxLength: 6 }),
        (edits) => {
          const inputs = new InputList()
          const seen = new Map<string, string>()
          for (const lines of edits) {
            inputs.setTexts(lines)
            expect(inputs.texts.map(({ text }) => text)).toEqual(lines.filter((line) => line.trim() !== ''))
            expect(new Set(inputs.texts.map(({ id }) => id)).size).toBe(inputs.texts.length)
            for (const { id, text } of inputs.texts) {
              expect(seen.get(id) ?? text).toBe(text)
              seen.set(id, text)
            }
          }
        },
      ),
    )
  })

  it('comes back from the store, and leaves out what is not sound', () => {
    const inputs = new InputList()
    inputs.setTexts(['one', 'two'])
    inputs.addImages([new Blob(['x']), new File(['y'], 'y.png')])
    const next = new InputList()
    next.restore(inputs.save(), { texts: false, images: false })
    expect(next.texts).toEqual(inputs.texts)
    expect(next.images.map(({ name }) => name)).toEqual(['image 1', 'y.png'])
    next.addTexts(['three'])
    expect(new Set([...next.texts, ...next.images].map(({ id }) => id)).size).toBe(5)
    for (const saved of [null, 3, [], { texts: [null, { id: 1 }, 'x'], images: [{}], nextId: 'x' }]) {
      const other = new InputList()
      other.restore(saved, { texts: false, images: false })
      expect([other.texts, other.images]).toEqual([[], []])
    }
  })
})

describe('content hashes', () => {
  const info = modelInfo({
    id: 'a/b',
    revision: 'main',
    host: '',
    dtype: null,
    file: null,
    backend: 'wasm',
    threads: null,
  })
  const text = (ids: number[]) => ({ kind: 'text' as const, ids: Int32Array.from(ids), typeIds: null })

  it('differ for another file, number format, backend or input', () => {
    const keys = [
      sequenceKey(info, text([1, 2])),
      sequenceKey({ ...info, sha256: 'other' }, text([1, 2])),
      sequenceKey({ ...info, dtype: 'q8' }, text([1, 2])),
      sequenceKey({ ...info, backend: 'webgpu' }, text([1, 2])),
      sequenceKey(info, text([2, 1])),
      sequenceKey(info, text([1])),
      sequenceKey(info, { ...text([1, 2]), typeIds: Int32Array.of(0, 1) }),
      sequenceKey(info, { kind: 'image', pixels: Float32Array.of(1, 2), shape: [1, 1, 2] }),
      sequenceKey(info, { kind: 'image', pixels: Float32Array.of(1, 2), shape: [1, 2, 1] }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    expect(sequenceKey({ ...info, id: 'same/file' }, text([1, 2]))).toBe(keys[0])
  })
})

describe('the choice of a model', () => {
  const hosts = { builtinHost: 'http://app/models/', defaultHost: 'https://hub/' }

  it('gives built-in models their own host, and others a host without its slash', () => {
    const builtin = specOf({ ...noModel, id: 'builtin:x', host: 'http://else', revision: 'dev' }, hosts)
    expect(builtin).toMatchObject({ host: 'http://app/models/', revision: 'main' })
    expect(specOf({ ...noModel, id: 'a/b' }, hosts)?.host).toBe('https://hub')
    const [one, other] = ['http://h', 'http://h/'].map((host) => specOf({ ...noModel, id: 'a/b', host }, hosts)!)
    expect(specKey(one!)).toBe(specKey(other!))
    expect(specOf(noModel, hosts)).toBeNull()
  })

  it('of another model forgets file and number format, of the same model keeps them', () => {
    const before = { ...noModel, id: 'a/b', dtype: 'q8' as const, file: 'x', host: 'http://h' }
    expect(chooseModel(before, { model: 'c/d' }, false)).toEqual({ ...noModel, id: 'c/d', host: 'http://h' })
    expect(chooseModel(before, { model: 'a/b', threads: 2 }, false)).toEqual({ ...before, threads: 2 })
    expect(chooseModel(before, { model: 'a/b' }, true).dtype).toBeNull()
  })

  it('comes back from the store under the address', () => {
    const saved = { ...noModel, id: 'a/b', dtype: 'q8' as const, backend: 'wasm' as const }
    expect(readChoice(JSON.parse(JSON.stringify(saved)))).toEqual(saved)
    expect(readChoice({ id: 'one-part' })).toBeNull()
    expect(mergeSavedChoice({ ...noModel, backend: 'webgpu' }, saved)).toEqual({ ...saved, backend: 'webgpu' })
    expect(mergeSavedChoice({ ...noModel, id: 'c/d' }, saved)).toEqual({ ...noModel, id: 'c/d' })
  })
})

describe('saved settings', () => {
  it('are taken as far as they are valid', () => {
    expect(readSettings({ dims: 3, seed: 'x', joint: 'raw', epochs: null, metric: null, other: 1 })).toEqual({
      dims: 3,
      joint: 'raw',
      epochs: null,
    })
    expect(readSettings('nonsense')).toEqual({})
  })
})

describe('memory', () => {
  it('is a quarter of the device, at most 1 GB', () => {
    expect([undefined, 0.5, 2, 16].map(memoryLimitBytes)).toEqual([2 ** 30, 2 ** 27, 2 ** 29, 2 ** 30])
  })

  it('counts vectors, coordinates and norms of a token', () => {
    const info = modelInfo({
      id: 'a/b',
      revision: '',
      host: '',
      dtype: null,
      file: null,
      backend: 'wasm',
      threads: null,
    })
    expect(bytesPerToken({ ...info, layers: 12, heads: 12, kvHeads: 12, headDim: 32, valueDim: 32 })).toBe(
      4 * 12 * 12 * (3 * 32 + 6 + 2),
    )
  })
})

describe('time left', () => {
  it('is told from the part that is done, anew for each stage', () => {
    const time = new TimeLeft()
    const at = (done: number, now: number, stage: 'run' | 'project' = 'run') =>
      time.estimate({ stage, done, total: 10, unit: 'heads' }, now)
    expect(at(2, 0)).toBeNull()
    expect(at(3, 100)).toBeNull()
    expect(at(4, 1000)).toBe(3000)
    expect(at(1, 2000, 'project')).toBeNull()
    expect(time.estimate(null, 3000)).toBeNull()
    expect(at(5, 4000)).toBeNull()
  })
})

describe('the pool with promises', () => {
  const answer: ProjectionAnswer = { points: new Float32Array(0), c: 1, shift: new Float32Array(0), figures: null }
  type Task = Parameters<Parameters<typeof poolPort>[0]['add']>[0]

  function createPool() {
    const tasks: Task[] = []
    let cancelled = 0
    const port = poolPort({
      size: 3,
      setLimit: () => undefined,
      add: (task) => {
        tasks.push(task)
        return {
          cancel: () => {
            cancelled++
            task.onFailed(new AppError('CANCELLED', 'cancelled'))
          },
        }
      },
    })
    const run = (signal: AbortSignal) => port.run({ layer: 0, head: 1 }, () => null as never, signal)
    return { port, tasks, run, cancelled: () => cancelled }
  }

  it('passes answers and failures on', async () => {
    const { port, tasks, run } = createPool()
    const { signal } = new AbortController()
    const done = run(signal)
    const failed = run(signal)
    tasks[0]!.onDone(answer)
    tasks[1]!.onFailed(new AppError('OUT_OF_MEMORY', 'full'))
    expect([port.size, await done]).toEqual([3, answer])
    await expect(failed).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
  })

  it('cancels on abort, and adds nothing afterwards', async () => {
    const { tasks, run, cancelled } = createPool()
    const abort = new AbortController()
    const running = run(abort.signal)
    abort.abort()
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(run(abort.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect([tasks.length, cancelled()]).toEqual([1, 1])
  })
})
