import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { FindLabels, ImageLabels } from '../../../src/core/label-map'
import { packSession, Session } from '../../../src/state/session'
import { readLabels } from '../../../src/state/session-labels'
import { readSession, writeSession } from '../../../src/storage/session-file'
import { createWorld, emptyStores, settle, type Stores } from './fakes'

const mask = (key: string, ...names: string[]): ImageLabels => ({
  key,
  map: { width: 1, height: 1, indices: Uint8Array.of(0), names },
})
const place = { view: 'matrix', head: { layer: 0, head: 0 }, sequence: null, token: null, role: 'query' } as const
const picture = (name: string) => new File([name], name, { type: 'image/png' })

const named =
  (name: string, labels: ImageLabels | null): FindLabels =>
  (image) =>
    image.name === name ? labels : undefined

async function openImages(stores?: Stores) {
  const world = createWorld(stores ? { stores } : {})
  world.explorer.start({ model: 'builtin:dinov2-small' })
  await settle()
  return world
}

async function withTwoImages(stores?: Stores) {
  const world = await openImages(stores)
  world.explorer.setImages([picture('one.png'), picture('two.png')])
  await world.explorer.ready()
  return world
}

const labelsOf = (world: Awaited<ReturnType<typeof openImages>>) =>
  world.explorer.sequences.map(({ labels }) => labels ?? null)

describe('labels of images', () => {
  it('come to the patches of the image that they name, and nothing runs again', async () => {
    const world = await withTwoImages()
    const [ran, jobs] = [world.model.ran.length, world.pool.jobs.length]
    world.explorer.labelImages(named('two.png', mask('m', 'cat')))
    await world.explorer.ready()
    expect(labelsOf(world)).toEqual([null, [null, 'cat']])
    expect([world.model.ran.length, world.pool.jobs.length]).toEqual([ran, jobs])
    expect(world.model.labelled).toEqual(['cat'])
    const before = world.explorer.sequences
    world.explorer.set({ seed: 3 })
    await world.explorer.ready()
    expect(world.explorer.sequences).toBe(before)
  })

  it('given while a run is under way are read by it; what is worked out goes on', async () => {
    const world = await openImages()
    const run = world.model.run.bind(world.model)
    world.model.run = async (inputs) => {
      const vectors = await run(inputs)
      world.explorer.labelImages(named('two.png', mask('m', 'cat')))
      return vectors
    }
    world.explorer.setImages([picture('one.png'), picture('two.png')])
    await world.explorer.ready()
    expect(labelsOf(world)).toEqual([null, [null, 'cat']])
    expect(world.model.ran).toHaveLength(1)
  })

  it('do not start again what the user stopped', async () => {
    const world = await openImages()
    world.explorer.setImages([picture('one.png')])
    world.explorer.cancel()
    world.explorer.labelImages(named('one.png', mask('m', 'cat')))
    await settle()
    expect(world.explorer.status).toBe('failed')
    world.explorer.retry()
    await world.explorer.ready()
    expect(labelsOf(world)).toEqual([[null, 'cat']])
  })

  it('of a table need no model; what lies outside the grid is left out', async () => {
    const world = await withTwoImages()
    const patches = [
      { row: 0, column: 0, label: 'ear' },
      { row: 5, column: 0, label: 'nothing' },
    ]
    world.explorer.labelImages(named('one.png', { key: 't', patches }))
    await world.explorer.ready()
    expect(labelsOf(world)).toEqual([[null, 'ear'], null])
    expect(world.model.labelled).toEqual([])
  })

  it('move with their image, and go with it or by themselves', async () => {
    const world = await withTwoImages()
    world.explorer.labelImages(named('one.png', mask('m', 'cat')))
    world.explorer.moveImage(0, 1)
    await world.explorer.ready()
    expect(labelsOf(world)).toEqual([null, [null, 'cat']])
    world.explorer.labelImages(named('one.png', null))
    await world.explorer.ready()
    expect(labelsOf(world)).toEqual([null, null])
  })

  it('come back after a reload without the model', async () => {
    const stores = emptyStores()
    const first = await withTwoImages(stores)
    first.explorer.labelImages(named('one.png', mask('m', 'cat')))
    await first.explorer.ready()
    await settle()
    const second = await openImages(stores)
    await second.explorer.ready()
    expect(labelsOf(second)).toEqual([[null, 'cat'], null])
    expect(second.model.opened).toEqual([])
    expect(second.model.labelled).toEqual([])
  })

  it('that can’t be read are named; the picture is there', async () => {
    const world = await withTwoImages()
    world.model.failLabels = new AppError('IMAGE_FAILED', 'Not this one.')
    world.explorer.labelImages(named('one.png', mask('m', 'cat')))
    await world.explorer.ready()
    expect(world.explorer.status).toBe('ready')
    expect(world.explorer.notices.map(({ message }) => message)).toEqual([
      'The labels of one.png could not be read. Not this one.',
    ])
    expect(labelsOf(world)).toEqual([null, null])
  })

  it('are in a session file, and come back from it without the model', async () => {
    const world = await withTwoImages()
    const patches = [{ row: 0, column: 0, label: 'ear' }]
    world.explorer.labelImages((_, index) =>
      index === 0 ? { ...mask('m', 'cat'), by: 'zoo/segment' } : { key: 't', patches },
    )
    await world.explorer.ready()
    const content = packSession(await world.explorer.sessionSource({ vectors: false }), '1.2.3', place)
    const file = await writeSession(content, async () => undefined)
    const other = createWorld()
    other.explorer.start({})
    await settle()
    other.explorer.openSession(new Session(await readSession(file, async () => undefined)))
    await other.explorer.ready()
    expect(labelsOf(other)).toEqual([
      [null, 'cat'],
      [null, 'ear'],
    ])
    expect(other.model.opened).toEqual([])
    expect(other.model.labelled).toEqual([])
    const [first, second] = other.explorer.images.map(({ labels }) => labels)
    expect(first).toMatchObject({ by: 'zoo/segment', map: { width: 1, height: 1, names: ['cat'] } })
    expect(first && 'map' in first && [...first.map.indices]).toEqual([0])
    expect(second).toMatchObject({ patches })
  })

  it.each([
    ['an index without a name', { map: { width: 1, height: 1, names: [] } }],
    ['another size than its pixels', { map: { width: 9, height: 9, names: ['cat'] } }],
    ['a patch that is none', { patches: [{ row: -1, column: 0, label: 'ear' }] }],
  ])('of a session file with %s are refused', (_, json) => {
    expect(() => readLabels(json, new Float32Array(1), 'k')).toThrow(
      expect.objectContaining({ code: 'BAD_SESSION' }) as Error,
    )
  })
})
