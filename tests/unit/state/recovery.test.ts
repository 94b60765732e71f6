import { describe, expect, it } from 'vitest'
import { AppError, type ErrorCode } from '../../../src/core/errors'
import type { SequenceVectors } from '../../../src/core/types'
import { createWorld, settle, type World } from './fakes'

const failure = (code: ErrorCode) => new AppError(code, `${code} in a test`)

/** A world whose model is open; the next runs end as `ends` says, those after it well. */
async function opened(ends: (ErrorCode | 'fine')[], backend: 'auto' | 'webgpu' | 'wasm' = 'auto') {
  const world = createWorld(backend === 'wasm' ? {} : { change: { backend: 'webgpu' } })
  const { explorer, model } = world
  explorer.start({ backend })
  await settle()
  const run = model.run.bind(model)
  model.run = async (inputs): Promise<SequenceVectors[]> => {
    const end = ends.shift() ?? 'fine'
    const vectors = await run(inputs)
    if (end !== 'fine') throw failure(end)
    return vectors
  }
  return world
}

async function show({ explorer }: World, lines: readonly string[]) {
  explorer.setTexts(lines)
  const seen = new Set<string>()
  explorer.onChange(() => seen.add(explorer.status))
  await explorer.ready()
  return [...seen]
}

describe('a run that fails', () => {
  it.each(['WORKER_CRASHED', 'DEVICE_LOST'] as const)(
    'goes on by itself after %s, and repeats only what was lost',
    async (code) => {
      const world = await opened(['fine', code])
      const seen = await show(world, ['one', 'two words', 'three more words'])
      expect(world.explorer.status).toBe('ready')
      expect(seen).not.toContain('failed')
      expect(world.model.batches).toEqual([1, 1, 1, 1])
      expect(world.explorer.notices).toEqual([])
    },
  )

  it('twice by a crash is shown; the next try of the user may fail once again', async () => {
    const world = await opened(['WORKER_CRASHED', 'WORKER_CRASHED', 'WORKER_CRASHED'])
    await show(world, ['one'])
    expect([world.explorer.status, world.explorer.error?.code]).toEqual(['failed', 'WORKER_CRASHED'])
    world.explorer.retry()
    await world.explorer.ready()
    expect(world.explorer.status).toBe('ready')
  })

  it('twice by the device goes on with WASM and says so, where the app chose the device', async () => {
    const world = await opened(['DEVICE_LOST', 'DEVICE_LOST'])
    world.model.open = withBackends(world)
    await show(world, ['one'])
    expect(world.explorer.status).toBe('ready')
    expect(world.explorer.model?.backend).toBe('wasm')
    expect(world.explorer.choice.backend).toBe('wasm')
    expect(world.explorer.notices.map(({ message }) => message).join()).toMatch(/lost twice.*WASM.*model menu/)
  })

  it('twice by a device that the user asked for is shown', async () => {
    const world = await opened(['DEVICE_LOST', 'DEVICE_LOST'], 'webgpu')
    await show(world, ['one'])
    expect([world.explorer.status, world.explorer.error?.code]).toEqual(['failed', 'DEVICE_LOST'])
    expect(world.explorer.choice.backend).toBe('webgpu')
  })

  it('by the memory of the device goes on with WASM', async () => {
    const world = await opened(['OUT_OF_MEMORY'])
    world.model.open = withBackends(world)
    await show(world, ['one'])
    expect([world.explorer.status, world.explorer.model?.backend]).toEqual(['ready', 'wasm'])
    expect(world.explorer.notices.map(({ message }) => message).join()).toContain('too little memory')
  })

  it('by the memory of a projection is shown: another device would not help', async () => {
    const world = await opened([])
    world.model.open = withBackends(world)
    world.pool.fail = failure('OUT_OF_MEMORY')
    await show(world, ['one'])
    expect(world.explorer.error?.code).toBe('OUT_OF_MEMORY')
    expect([world.explorer.model?.backend, world.explorer.choice.backend]).toEqual(['webgpu', 'auto'])
  })

  it('while a model opens that was asked for is tried again with that model, though there is no input', async () => {
    const world = createWorld()
    world.explorer.start({})
    await settle()
    const open = world.model.open.bind(world.model)
    let calls = 0
    world.model.open = (...given) => (++calls === 1 ? Promise.reject(failure('WORKER_CRASHED')) : open(...given))
    await world.explorer.open({ model: 'zoo/another' }).catch(() => undefined)
    await settle()
    expect([world.explorer.status, world.explorer.model?.id]).toEqual(['empty', 'zoo/another'])
  })

  it('by anything else is shown at once', async () => {
    const world = await opened(['TIMEOUT', 'fine'])
    await show(world, ['one'])
    expect(world.explorer.error?.code).toBe('TIMEOUT')
  })
})

describe('a batch that the memory is too small for', () => {
  const lines = ['one a', 'two b', 'three c', 'four d', 'five e']

  it('is halved until it fits, and that is said; the vectors are the same', async () => {
    const world = await opened(['OUT_OF_MEMORY', 'OUT_OF_MEMORY'], 'wasm')
    await show(world, lines)
    expect(world.explorer.status).toBe('ready')
    expect(world.model.batches).toEqual([5, 2, 1, 1, 1, 1, 1])
    expect(world.explorer.notices.map(({ code }) => code)).toEqual(['OUT_OF_MEMORY'])
    const plain = await opened([], 'wasm')
    await show(plain, lines)
    const head = { layer: 1, head: 2 }
    expect((await world.explorer.vectors(head)).q).toEqual((await plain.explorer.vectors(head)).q)

    // The device stays as small as it is.
    await show(world, ['six f', 'seven g'])
    expect(world.model.batches.slice(7)).toEqual([1, 1])
  })

  it('and that is one item alone fails in words', async () => {
    const world = await opened(['OUT_OF_MEMORY', 'OUT_OF_MEMORY', 'OUT_OF_MEMORY'], 'wasm')
    await show(world, ['one a', 'two b'])
    expect(world.explorer.error?.code).toBe('OUT_OF_MEMORY')
    expect(world.explorer.texts).toEqual(['one a', 'two b'])
  })
})

/** `open` that gives the backend which was asked for. */
function withBackends({ model }: World): typeof model.open {
  const open = model.open.bind(model)
  return (spec, ...rest) => {
    model.change = { backend: spec.backend === 'wasm' ? 'wasm' : 'webgpu' }
    return open(spec, ...rest)
  }
}
