import { expect, it } from 'vitest'
import { InputPreparer } from '../../../src/state/input-preparer'
import { quietPass } from '../../../src/state/pass'
import { createWorld } from './fakes'

it('lets go of the pixels of images that left', async () => {
  const { model, explorer } = createWorld()
  await explorer.open({ model: 'builtin:dinov2-small' })
  const asked: number[] = []
  const prepare = model.prepareImages.bind(model)
  model.prepareImages = (blobs) => {
    asked.push(blobs.length)
    return prepare(blobs)
  }
  const images = ['a', 'b', 'c'].map((id) => ({ id, key: id, name: id, blob: new Blob([id]) }))
  const preparer = new InputPreparer(model, 1e9)
  const prepareAll = () => preparer.prepareImages(images, explorer.model!, quietPass(0))
  await prepareAll()
  await prepareAll()
  expect(asked).toEqual([3])
  preparer.keepImages(images.slice(1))
  expect((await prepareAll()).prepared).toHaveLength(3)
  expect(asked).toEqual([3, 1])
})
