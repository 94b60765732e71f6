import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { FindLabels, ImageLabels } from '../../../src/core/label-map'
import { createWorld, emptyStores, settle, type Stores } from './fakes'

const mask = (key: string, ...names: string[]): ImageLabels => ({
  key,
  map: { width: 1, height: 1, indices: Uint8Array.of(0), names },
})
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
})
