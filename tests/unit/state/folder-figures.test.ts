import { expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors'
import { createWorld, emptyStores, heads, layers, settle, type Stores } from './fakes'

/** A visit to a model that adds a bias to its scores, so that its figures need its own weights. */
function visit(stores: Stores) {
  const world = createWorld({ stores, change: { verified: 'bias' } })
  world.explorer.start({})
  return world
}

const figuresOf = ({ explorer }: ReturnType<typeof visit>) =>
  Array.from({ length: layers * heads }, (_, index) =>
    explorer.figures({ layer: Math.floor(index / heads), head: index % heads }),
  )

it('a folder that is gone after a reload leaves the pictures, and figures that come when it is chosen again', async () => {
  const stores = emptyStores()
  const first = visit(stores)
  // The page goes away before the figures are there.
  first.pool.gate.close()
  first.pool.holds = ({ figures }) => figures
  first.explorer.open({ model: 'folder:mine' }).catch(() => undefined)
  first.explorer.setTexts(['one two', 'three four five'])
  await settle()
  await settle()
  expect(figuresOf(first)).toEqual(Array(layers * heads).fill(null))
  first.clock.advance(10_000)
  await settle()

  const second = visit(stores)
  second.model.failOpen = new AppError('NOT_AVAILABLE', 'The folder has to be chosen again.')
  await settle()
  await settle()
  expect(second.explorer.error).toBeNull()
  expect(second.explorer.status).toBe('ready')
  expect(second.explorer.headsDone).toBe(layers * heads)
  expect(second.explorer.notices.map(({ message }) => message)).toEqual([
    'Some head figures need the model itself. The folder has to be chosen again.',
  ])
  expect(figuresOf(second)).toEqual(Array(layers * heads).fill(null))
  second.clock.advance(10_000)
  await settle()

  const third = visit(stores)
  await settle()
  await settle()
  expect(third.explorer.status).toBe('ready')
  expect(third.explorer.notices).toEqual([])
  for (const figures of figuresOf(third)) expect(figures).toMatchObject({ fidelity: -0.5 })
  expect(third.pool.jobs.filter(({ figures }) => figures).every(({ weights }) => weights?.length === 2)).toBe(true)
})
