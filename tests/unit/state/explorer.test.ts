import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors'
import { createWorld, emptyStores, heads, layers, settle, type World } from './fakes'

const lines = ['the cat sat', 'the mat lay under it']
const origin = { layer: 0, head: 0 }

async function started(options: Parameters<typeof createWorld>[0] = {}, values = {}): Promise<World> {
  const world = createWorld(options)
  world.explorer.start(values)
  await settle()
  return world
}

async function shown(texts = lines, options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await started(options)
  world.explorer.setTexts(texts)
  await world.explorer.ready()
  expect(world.explorer.error).toBeNull()
  return world
}

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
  } catch (problem) {
    return (problem as AppError).code
  }
  return 'none'
}

describe('status', () => {
  it('is loading while saved work is looked for, then empty', async () => {
    const { explorer } = createWorld()
    explorer.start({})
    expect(explorer.status).toBe('loading')
    await settle()
    expect(explorer.status).toBe('empty')
  })

  it('is set inside the call, and the built-in model is opened', async () => {
    const { explorer, model } = await started()
    explorer.setTexts(lines)
    expect(explorer.status).toBe('loading')
    await explorer.ready()
    expect(explorer.status).toBe('ready')
    expect(model.opened.map(({ id, host }) => [id, host])).toEqual([
      ['builtin:bge-small-en-v1.5', 'http://app/models/'],
    ])
    expect(explorer.sequences.map(({ name }) => name)).toEqual(lines)
    explorer.addTexts(['one more'])
    expect(explorer.status).toBe('running')
  })

  it('goes to empty at once when the input is emptied', async () => {
    const { explorer } = await shown()
    explorer.setTexts(['', '  '])
    expect(explorer.status).toBe('empty')
    expect(explorer.notices.map(({ code }) => code)).toEqual(['INPUT_EMPTY'])
    await settle()
    expect(explorer.status).toBe('empty')
    expect(explorer.sequences).toEqual([])
  })

  it('changes with settings only where pictures change', async () => {
    const { explorer } = await shown()
    explorer.set({ color: 'norm', search: 'cat', dims: null, joint: undefined })
    expect(explorer.status).toBe('ready')
    explorer.set({ dims: 2 })
    expect(explorer.status).toBe('ready')
    explorer.set({ dims: 3 })
    expect(explorer.status).toBe('running')
    await explorer.ready()
    expect(explorer.picture(origin)?.dims).toBe(3)
  })

  it('tells listeners inside the call', async () => {
    const { explorer } = await shown()
    const seen: string[] = []
    explorer.onChange((event) => event === 'status' && seen.push(explorer.status))
    explorer.set({ seed: 4 })
    expect(seen).toEqual(['running'])
    await explorer.ready()
    expect(seen).toEqual(['running', 'ready'])
  })

  it('rejects bad settings and leaves everything as it was', async () => {
    const { explorer } = await shown()
    expect(() => explorer.set({ dims: 9 as never })).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }))
    expect(() => explorer.set({ projection: 'singular' })).toThrow(expect.objectContaining({ code: 'NOT_AVAILABLE' }))
    expect(explorer.status).toBe('ready')
    expect(explorer.settings.dims).toBe(2)
  })

  it('draws no projection in dimensions that it does not have', async () => {
    const { explorer } = await shown()
    expect(() => explorer.set({ projection: 'tsne', dims: 3 })).toThrow(
      expect.objectContaining({ code: 'NOT_AVAILABLE' }),
    )
    expect([explorer.settings.projection, explorer.settings.dims]).toEqual(['pca', 2])
    explorer.applyAddress({ projection: 'tsne', dims: 3 })
    await explorer.ready()
    expect([explorer.settings.projection, explorer.settings.dims]).toEqual(['tsne', 2])
    expect(explorer.notices[0]?.message).toMatch(/tsne.*3 dimensions/)
  })
})

describe('ready', () => {
  it('rejects TIMEOUT while nothing is there, and not before', async () => {
    const { explorer, clock } = await started()
    let code = ''
    explorer.ready(400).catch((problem: AppError) => (code = problem.code))
    clock.advance(399)
    await settle()
    expect(code).toBe('')
    clock.advance(1)
    await settle()
    expect(code).toBe('TIMEOUT')
  })

  it('waits for the latest call, also when it was asked before', async () => {
    const { explorer, model } = await shown()
    model.runGate.close()
    explorer.setTexts(['rivers run'])
    const earlier = explorer.ready()
    explorer.setTexts(lines)
    await settle()
    model.runGate.open()
    await earlier
    expect(explorer.status).toBe('ready')
    expect(explorer.sequences.map(({ name }) => name)).toEqual(lines)
  })

  it('resolves with a failure too', async () => {
    const { explorer, model } = await started()
    model.failOpen = new AppError('NETWORK', 'cut')
    explorer.setTexts(lines)
    await explorer.ready()
    expect([explorer.status, explorer.error?.code]).toEqual(['failed', 'NETWORK'])
  })
})

describe('the latest call wins', () => {
  it('abandons the run of an earlier call', async () => {
    const { explorer, pool } = await shown()
    pool.gate.close()
    explorer.set({ seed: 1 })
    await settle()
    explorer.setTexts(['rivers run'])
    pool.gate.open()
    await explorer.ready()
    expect(explorer.sequences).toHaveLength(1)
    expect(explorer.settings.seed).toBe(1)
    const picture = await explorer.coordinates(origin)
    expect([picture.n, picture.points[0]]).toEqual([2, 1003])
  })

  it('ends the download of a model that is not wanted any more', async () => {
    const { explorer, model } = await started()
    model.openGate.close()
    const first = codeOf(explorer.open({ model: 'owner/slow' }))
    const second = explorer.open({ model: 'owner/quick' })
    expect(model.cancelled).toBe(1)
    model.openGate.open()
    await second
    expect(await first).toBe('CANCELLED')
    expect(explorer.model?.id).toBe('owner/quick')
  })

  it('keeps an opening that a later call still needs', async () => {
    const { explorer, model } = await started()
    model.openGate.close()
    const opened = explorer.open({ model: 'owner/name' })
    explorer.setTexts(lines)
    expect(explorer.status).toBe('loading')
    model.openGate.open()
    await opened
    await explorer.ready()
    expect(model.opened).toHaveLength(1)
    expect(explorer.sequences).toHaveLength(2)
  })
})

describe('untouched sequences', () => {
  it('never run again when others are added, changed or removed', async () => {
    const { explorer, model } = await shown()
    const ids = explorer.sequences.map(({ id }) => id)
    expect(model.ran).toHaveLength(2)
    explorer.addTexts(['rivers run'])
    await explorer.ready()
    expect(model.ran).toHaveLength(3)
    explorer.setTexts([lines[0]!, 'rivers run', 'quite new here'])
    await explorer.ready()
    expect(model.ran).toHaveLength(4)
    explorer.removeSequence(1)
    await explorer.ready()
    expect(model.ran).toHaveLength(4)
    expect(explorer.sequences[0]?.id).toBe(ids[0])
    expect(new Set(explorer.sequences.map(({ id }) => id)).size).toBe(2)
  })

  it('come from the cache when they return', async () => {
    const { explorer, model } = await shown()
    explorer.setTexts(['rivers run'])
    await explorer.ready()
    explorer.setTexts(lines)
    await explorer.ready()
    expect(model.ran).toHaveLength(3)
    expect(explorer.status).toBe('ready')
  })

  it('run in batches of one length', async () => {
    const texts = Array.from({ length: 40 }, (_, index) => `w${index} is here`)
    const { model, explorer } = await shown([...texts, 'shorter one'])
    expect(model.batches.sort((a, b) => a - b)).toEqual([1, 8, 16, 16])
    expect(explorer.sequences).toHaveLength(41)
    const { q, n } = await explorer.vectors(origin)
    expect([n, q.length]).toEqual([122, 122 * 4])
  })
})

describe('failures', () => {
  it('keep the texts, and the next call works', async () => {
    const { explorer, model } = await shown()
    model.failRun = new AppError('WORKER_CRASHED', 'stopped')
    explorer.setTexts(['rivers run'])
    await explorer.ready()
    expect([explorer.status, explorer.error?.code, explorer.texts]).toEqual([
      'failed',
      'WORKER_CRASHED',
      ['rivers run'],
    ])
    model.failRun = null
    explorer.retry()
    expect([explorer.status, explorer.error]).toEqual(['running', null])
    await explorer.ready()
    expect(explorer.status).toBe('ready')
  })

  it('of open reject the call and show the same error', async () => {
    const { explorer, model } = await shown()
    model.failOpen = new AppError('MODEL_NOT_FOUND', 'no such model')
    expect(await codeOf(explorer.open({ model: 'owner/none' }))).toBe('MODEL_NOT_FOUND')
    await explorer.ready()
    expect([explorer.status, explorer.error?.code, explorer.texts]).toEqual(['failed', 'MODEL_NOT_FOUND', lines])
    expect(await codeOf(explorer.vectors(origin))).toBe('MODEL_NOT_FOUND')
    model.failOpen = null
    await explorer.open({ model: 'owner/other' })
    await explorer.ready()
    expect([explorer.status, explorer.sequences.length]).toEqual(['ready', 2])
  })

  it('of the device make the model open anew', async () => {
    const { explorer, model } = await shown()
    model.failRun = new AppError('DEVICE_LOST', 'lost')
    explorer.setTexts(['rivers run'])
    await explorer.ready()
    // Once by itself, and once more when asked.
    model.failRun = null
    explorer.retry()
    await explorer.ready()
    expect([explorer.status, model.opened.length]).toEqual(['ready', 3])
  })

  it('of the projection fail the run with its code', async () => {
    const { explorer, pool } = await shown()
    pool.fail = new AppError('OUT_OF_MEMORY', 'full')
    explorer.set({ dims: 3 })
    await explorer.ready()
    expect([explorer.status, explorer.error?.code]).toEqual(['failed', 'OUT_OF_MEMORY'])
    expect((await explorer.vectors(origin)).n).toBe(8)
  })

  it('cancel stops and says so', async () => {
    const { explorer, pool } = await shown()
    pool.gate.close()
    explorer.set({ dims: 3 })
    explorer.cancel()
    expect([explorer.status, explorer.error?.code]).toEqual(['failed', 'CANCELLED'])
    pool.gate.open()
    await settle()
    expect(explorer.status).toBe('failed')
    explorer.retry()
    await explorer.ready()
    expect(explorer.status).toBe('ready')
  })
})

describe('kinds of input', () => {
  it('are kept while a model of the other kind is open', async () => {
    const { explorer } = await shown()
    await explorer.open({ model: 'owner/image-model' })
    await settle()
    expect([explorer.status, explorer.texts]).toEqual(['empty', lines])
    await explorer.open({ model: 'owner/text-model' })
    await explorer.ready()
    expect(explorer.sequences.map(({ tokens }) => tokens.length)).toEqual([3, 5])
  })

  it('names and skips images that can not be read', async () => {
    const { explorer } = await started()
    const good = new File(['12345'], 'good.png', { type: 'image/png' })
    explorer.setImages([new File(['1'], 'bad.png', { type: 'broken' }), good])
    await explorer.ready()
    expect(explorer.model?.id).toBe('builtin:dinov2-small')
    expect(explorer.status).toBe('ready')
    expect(explorer.sequences.map(({ name }) => name)).toEqual(['good.png'])
    expect(explorer.notices[0]).toMatchObject({ code: 'IMAGE_FAILED', message: expect.stringContaining('bad.png') })
    expect(explorer.images).toHaveLength(1)
    explorer.removeSequence(0)
    expect(explorer.status).toBe('empty')
  })

  it('takes them in another order without running anything again', async () => {
    const { explorer, model } = await started()
    explorer.setImages(['1', '12', '123'].map((text) => new File([text], `${text.length}.png`)))
    await explorer.ready()
    const ids = explorer.sequences.map(({ id }) => id)
    const before = model.ran.length
    explorer.moveImage(2, 0)
    expect(explorer.status).toBe('running')
    await explorer.ready()
    expect(explorer.sequences.map(({ name }) => name)).toEqual(['3.png', '1.png', '2.png'])
    expect(explorer.sequences.map(({ id }) => id)).toEqual([ids[2], ids[0], ids[1]])
    expect(explorer.images.map(({ name }) => name)).toEqual(['3.png', '1.png', '2.png'])
    expect(model.ran.length).toBe(before)
    expect(() => explorer.moveImage(0, 3)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }))
  })

  it('fails where no image can be read', async () => {
    const { explorer } = await started()
    explorer.setImages([new File(['1'], 'bad.png', { type: 'broken' })])
    await explorer.ready()
    expect([explorer.status, explorer.error?.code]).toEqual(['failed', 'IMAGE_FAILED'])
  })
})

describe('memory', () => {
  it('shows what fits and says what was left out', async () => {
    const texts = Array.from({ length: 200 }, (_, index) => `line number ${index}`)
    const bytes = 4 * layers * (heads * 4 * 3 + heads * 6 + heads * 2) * 31
    const { explorer, model } = await shown(texts, { limitBytes: bytes })
    expect(explorer.sequences).toHaveLength(10)
    expect(model.ran).toHaveLength(10)
    expect(explorer.texts).toHaveLength(200)
    expect(explorer.notices[0]).toMatchObject({ code: 'TOO_BIG', message: expect.stringContaining('10 of 200') })
  })

  it('says what was cut off at the end of a line', async () => {
    const { explorer } = await shown(['one two three four five six seven eight'])
    expect(explorer.notices[0]?.code).toBe('INPUT_TOO_LONG')
    expect(explorer.sequences[0]?.truncated).toBe(2)
  })
})

describe('data', () => {
  it('gives fresh arrays, and rows of attention that sum to 1', async () => {
    const { explorer } = await shown()
    const first = await explorer.vectors({ layer: 1, head: 2 })
    const was = first.q[3]
    first.q.fill(7)
    expect((await explorer.vectors({ layer: 1, head: 2 })).q[3]).toBe(was)
    const { weights, size } = await explorer.attention({ layer: 1, head: 2 }, 1)
    expect(size).toBe(5)
    for (let row = 0; row < size; row++)
      expect(weights.subarray(row * size, (row + 1) * size).reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5)
    const coordinates = await explorer.coordinates(origin)
    coordinates.points.fill(7)
    expect((await explorer.coordinates(origin)).points[0]).not.toBe(7)
  })

  it('takes the weights from a model that adds a bias, once a layer', async () => {
    const { explorer, model } = await shown(lines, { change: { verified: 'bias' } })
    const forFigures = model.attentions
    const { weights } = await explorer.attention({ layer: 0, head: 1 }, 0)
    expect([...weights]).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17])
    await explorer.attention({ layer: 0, head: 2 }, 0)
    expect(model.attentions).toBe(forFigures + 1)
  })

  it('rejects what is not there with BAD_ARGUMENT', async () => {
    const { explorer } = await shown()
    expect(await codeOf(explorer.vectors({ layer: 99, head: 0 }))).toBe('BAD_ARGUMENT')
    expect(await codeOf(explorer.attention(origin, 7))).toBe('BAD_ARGUMENT')
    expect(await codeOf(explorer.coordinates({ layer: 0, head: -1 }))).toBe('BAD_ARGUMENT')
    expect(() => explorer.removeSequence(2)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }))
    expect(explorer.status).toBe('ready')
  })

  it('rejects INPUT_EMPTY where there is no input', async () => {
    const { explorer } = await started()
    expect(await codeOf(explorer.vectors(origin))).toBe('INPUT_EMPTY')
    expect(await codeOf(explorer.headFigures())).toBe('INPUT_EMPTY')
  })

  it('waits for the run of the latest input', async () => {
    const { explorer } = await shown()
    explorer.setTexts(['rivers run to'])
    expect((await explorer.vectors(origin)).n).toBe(3)
    expect((await explorer.coordinates(origin)).n).toBe(3)
    expect(await explorer.headFigures()).toHaveLength(layers * heads)
  })

  it('has one row of figures a head', async () => {
    const { explorer } = await shown()
    const rows = await explorer.headFigures()
    expect(rows[4]).toEqual({ layer: 1, head: 1, fidelity: -0.5 })
  })
})

describe('projections', () => {
  it('show PCA of all heads first', async () => {
    const { explorer, pool } = await shown()
    pool.jobs = []
    explorer.set({ projection: 'umap', seed: 3 })
    await explorer.ready()
    expect(pool.jobs.slice(0, 6).every(({ settings }) => settings.projection === 'pca')).toBe(true)
    expect(explorer.picture({ layer: 1, head: 2 })?.projection).toBe('umap')
    expect(explorer.headsDone).toBe(layers * heads)
  })

  it('take visible heads before the others', async () => {
    const { explorer, pool } = await shown()
    explorer.setVisible([{ layer: 1, head: 2 }])
    pool.jobs = []
    explorer.set({ dims: 3 })
    await explorer.ready()
    expect(pool.jobs[0]?.headIndex).toBe(5)
  })

  it('that are slow are computed for the opened head, and for others when asked', async () => {
    const { explorer } = await shown()
    explorer.set({ projection: 'umap-js' })
    await explorer.ready()
    expect(explorer.picture(origin)?.projection).toBe('pca')
    explorer.setFocus({ layer: 1, head: 0 })
    expect(explorer.status).toBe('running')
    await explorer.ready()
    expect(explorer.picture({ layer: 1, head: 0 })?.projection).toBe('umap-js')
    expect(explorer.picture(origin)?.projection).toBe('pca')
    expect((await explorer.coordinates(origin)).projection).toBe('umap-js')
    expect((await explorer.headFigures())[1]).toMatchObject({ fidelity: -0.5 })
  })

  it('that were there before cost nothing', async () => {
    const { explorer, pool } = await shown()
    explorer.set({ dims: 3 })
    await explorer.ready()
    const before = pool.jobs.length
    explorer.set({ dims: 2 })
    expect(explorer.status).toBe('running')
    await explorer.ready()
    expect(pool.jobs).toHaveLength(before)
    expect(explorer.picture(origin)?.dims).toBe(2)
  })
})

describe('a reload', () => {
  it('brings texts, settings and the picture back without running the model', async () => {
    const stores = emptyStores()
    const first = await shown(lines, { stores })
    first.explorer.set({ dims: 3, seed: 5, color: 'norm' })
    await first.explorer.ready()
    const ids = first.explorer.sequences.map(({ id }) => id)
    const before = await first.explorer.coordinates({ layer: 1, head: 1 })
    const weights = await first.explorer.attention(origin, 1)
    await settle()

    const { explorer, model, pool } = createWorld({ stores })
    explorer.start({})
    await explorer.ready()
    expect(explorer.status).toBe('ready')
    expect([explorer.texts, explorer.settings.dims, explorer.settings.seed]).toEqual([lines, 3, 5])
    expect(explorer.sequences.map(({ id }) => id)).toEqual(ids)
    expect(await explorer.coordinates({ layer: 1, head: 1 })).toEqual(before)
    expect(await explorer.attention(origin, 1)).toEqual(weights)
    expect(explorer.norms(origin)).toEqual(first.explorer.norms(origin))
    expect(await explorer.headFigures()).toEqual(await first.explorer.headFigures())
    expect([model.opened.length, model.ran.length, pool.jobs.length]).toEqual([0, 0, 0])

    explorer.addTexts(['rivers run'])
    expect(explorer.status).toBe('loading')
    await explorer.ready()
    expect([model.opened.length, model.ran.length]).toEqual([1, 1])
  })

  it('lets the address have the last word', async () => {
    const stores = emptyStores()
    const first = await shown(lines, { stores })
    first.explorer.set({ seed: 5, joint: 'raw' })
    await first.explorer.ready()
    const { explorer } = await started({ stores }, { text: ['from the address'], seed: 7 })
    await explorer.ready()
    expect([explorer.texts, explorer.settings.seed, explorer.settings.joint]).toEqual([['from the address'], 7, 'raw'])
  })

  it('keeps what was called before the saved work was back', async () => {
    const stores = emptyStores()
    await shown(lines, { stores })
    const { explorer } = createWorld({ stores })
    explorer.start({})
    explorer.addTexts(['rivers run'])
    expect(explorer.status).toBe('loading')
    await explorer.ready()
    expect(explorer.texts).toEqual([...lines, 'rivers run'])

    const other = createWorld({ stores })
    other.explorer.start({})
    other.explorer.setTexts(['only this'])
    await other.explorer.ready()
    expect(other.explorer.texts).toEqual(['only this'])
  })

  it('runs the model again where results are gone', async () => {
    const stores = emptyStores()
    await shown(lines, { stores })
    const { explorer, model } = createWorld({ stores: { ...emptyStores(), saved: stores.saved } })
    explorer.start({})
    await explorer.ready()
    expect([explorer.status, model.ran.length]).toEqual(['ready', 2])
  })
})

describe('the address', () => {
  it('is a patch: another model, then a setting', async () => {
    const { explorer } = await shown()
    explorer.applyAddress({ model: 'owner/name', host: 'http://hub', dtype: 'fp32' })
    expect(explorer.status).toBe('loading')
    await explorer.ready()
    expect([explorer.model?.id, explorer.texts]).toEqual(['owner/name', lines])
    explorer.applyAddress({ joint: 'raw' })
    expect(explorer.status).toBe('running')
    await explorer.ready()
    expect([explorer.settings.joint, explorer.model?.id]).toEqual(['raw', 'owner/name'])
  })

  it('opens a model that it names, without input too', async () => {
    const { explorer, model } = await started({}, { model: 'owner/name' })
    expect([explorer.status, model.opened[0]?.host]).toEqual(['empty', 'https://hub'])
    expect(explorer.model?.layers).toBe(layers)
  })

  it('brings samples, and says what it can not do', async () => {
    const { explorer } = await started({}, { samples: 'first' })
    await explorer.ready()
    expect(explorer.texts).toEqual(['a sample of first', 'another sample'])
    explorer.applyAddress({ samples: 'none', projection: 'singular', seed: 3 })
    await explorer.ready()
    expect(explorer.notices.map(({ code }) => code)).toEqual(['BAD_LINK'])
    expect(explorer.notices[0]?.message).toMatch(/singular.*none/)
    expect([explorer.settings.projection, explorer.settings.seed]).toEqual(['pca', 3])
    explorer.applyAddress({ seed: 4 })
    expect(explorer.notices).toEqual([])
  })
})

describe('samples of the address', () => {
  const first = ['a sample of first', 'another sample']

  it('are waited for: the status says so at once, and ready is theirs', async () => {
    const { explorer, samples } = await started()
    explorer.setTexts(lines)
    await explorer.ready()
    samples.gate.close()
    explorer.applyAddress({ samples: 'first' })
    expect([explorer.status, explorer.texts]).toEqual(['loading', lines])
    const ready = explorer.ready()
    const vectors = explorer.vectors({ layer: 0, head: 0 })
    await settle()
    expect(explorer.status).toBe('loading')
    samples.gate.open()
    await ready
    expect([explorer.status, explorer.texts, explorer.sequences.length]).toEqual(['ready', first, 2])
    expect((await vectors).n).toBe(explorer.sequences.reduce((sum, { tokens }) => sum + tokens.length, 0))
  })

  it('may be pictures: a model for them is opened, texts stay', async () => {
    const { explorer } = await started()
    explorer.setTexts(lines)
    await explorer.ready()
    explorer.applyAddress({ samples: 'pictures' })
    await explorer.ready()
    expect(explorer.model).toMatchObject({ id: 'builtin:dinov2-small', kind: 'image' })
    expect(explorer.sequences.map(({ name }) => name)).toEqual(['one.png', 'two.png'])
    expect(explorer.texts).toEqual(lines)
  })

  it('are no longer what is shown once pictures are added', async () => {
    const { explorer } = await started({}, { samples: 'pictures' })
    await explorer.ready()
    const events: string[] = []
    explorer.onChange((event) => events.push(event))
    explorer.addImages([new File(['333'], 'own.png')])
    expect(events).toContain('edited')
    await explorer.ready()
    expect(explorer.sequences.map(({ name }) => name)).toEqual(['one.png', 'two.png', 'own.png'])
  })

  it('give way to text that is set meanwhile, and are added to where text is added', async () => {
    const { explorer, samples } = await started()
    samples.gate.close()
    explorer.applyAddress({ samples: 'first' })
    explorer.setTexts(lines)
    await explorer.ready()
    samples.gate.open()
    await settle()
    expect([explorer.status, explorer.texts]).toEqual(['ready', lines])
    samples.gate.close()
    explorer.applyAddress({ samples: 'first' })
    explorer.applyAddress({ seed: 5 })
    explorer.addTexts(['one more'])
    samples.gate.open()
    await explorer.ready()
    expect([explorer.texts, explorer.settings.seed]).toEqual([[...first, 'one more'], 5])
  })

  it('of the last call win', async () => {
    const { explorer, samples } = await started()
    samples.gate.close()
    explorer.applyAddress({ samples: 'second' })
    explorer.applyAddress({ samples: 'first' })
    samples.gate.open()
    await explorer.ready()
    expect(explorer.texts).toEqual(first)
  })

  it('that can not be fetched take nothing away, and come with a retry', async () => {
    const stores = emptyStores()
    const before = await started({ stores })
    before.explorer.setTexts(lines)
    await before.explorer.ready()
    const { explorer, samples } = createWorld({ stores })
    samples.isOffline = true
    explorer.start({ samples: 'first' })
    await explorer.ready()
    expect([explorer.status, explorer.error?.code, explorer.texts]).toEqual(['failed', 'NETWORK', lines])
    explorer.retry()
    await explorer.ready()
    expect(explorer.status).toBe('failed')
    samples.isOffline = false
    explorer.retry()
    expect(explorer.status).toBe('loading')
    await explorer.ready()
    expect([explorer.status, explorer.texts]).toEqual(['ready', first])
  })

  it('that can not be fetched do not hold up what is asked next', async () => {
    const { explorer, samples } = await started()
    explorer.setTexts(lines)
    await explorer.ready()
    samples.isOffline = true
    explorer.applyAddress({ samples: 'first' })
    await explorer.ready()
    explorer.addTexts(['one more'])
    await explorer.ready()
    expect([explorer.status, explorer.texts]).toEqual(['ready', [...lines, 'one more']])
  })
})

describe('storage', () => {
  it('that never answers holds nothing up', async () => {
    const never = () => new Promise<never>(() => undefined)
    const dead = { get: never, set: never, delete: never, keys: never, entries: never }
    const { explorer, clock } = createWorld({ stores: { data: dead, index: dead, saved: dead } })
    explorer.start({})
    explorer.setTexts(lines)
    for (let turn = 0; turn < 8 && explorer.status !== 'ready'; turn++) {
      await settle()
      clock.advance(20_000)
    }
    expect(explorer.status).toBe('ready')
  })

  it('does not remember a model that could not be opened', async () => {
    const stores = emptyStores()
    const { explorer, model } = await shown(lines, { stores })
    model.failOpen = new AppError('MODEL_NOT_FOUND', 'none')
    expect(await codeOf(explorer.open({ model: 'owner/none' }))).toBe('MODEL_NOT_FOUND')
    explorer.set({ color: 'norm' })
    await settle()
    const next = createWorld({ stores })
    next.explorer.start({})
    await next.explorer.ready()
    expect([next.explorer.status, next.explorer.model?.id]).toEqual(['ready', 'builtin:bge-small-en-v1.5'])
  })
})

describe('version', () => {
  it('grows with the pictures, and at the end of a run in any case', async () => {
    const { explorer } = await shown()
    await settle()
    const before = explorer.version
    explorer.set({ dims: 3 })
    await explorer.ready()
    await settle()
    expect(explorer.version).toBeGreaterThan(before)
    expect(explorer.version).toBeLessThan(before + layers * heads)
  })
})
