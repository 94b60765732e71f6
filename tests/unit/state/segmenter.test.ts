import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { ImageLabels, LabelMap } from '../../../src/core/label-map'
import { completeSpec } from '../../../src/state/model-library'
import { noModel } from '../../../src/state/model-choice'
import { Segmenter, type SegmentationPort } from '../../../src/state/segmenter.svelte'
import type { ModelSpec } from '../../../src/rpc/contracts'
import { settle } from './fakes'

const map: LabelMap = { width: 1, height: 1, indices: Uint8Array.of(0), names: ['sky'] }
const mine: ImageLabels = { key: 'mine', patches: [] }

interface FakeImage {
  id: string
  name: string
  blob: Blob
  labels?: ImageLabels
}

/** Images, and a model that answers when it is told to. */
function createWorld(count: number, own: readonly number[] = []) {
  const images = Array.from({ length: count }, (_, index): FakeImage => ({
    id: `s${index}`,
    name: `${index}.png`,
    blob: new Blob([String(index)]),
    ...(own.includes(index) && { labels: mine }),
  }))
  const opened: ModelSpec[] = []
  const calls: number[] = []
  let closed = 0
  const broken = new Map<number, string>()
  let fail: AppError | null = null
  const world = {
    images,
    opened,
    /** How many images each call of `label` was for. */
    calls,
    broken,
    get closed() {
      return closed
    },
    failWith: (error: AppError) => (fail = error),
    hold: null as Promise<void> | null,
  }
  const port: SegmentationPort = {
    async open(spec, onProgress, onRequest, signal) {
      opened.push(spec)
      onProgress({ stage: 'download', done: 1, total: 4, unit: 'bytes' })
      onRequest({ url: 'http://host/x', bytes: 4, at: 0, why: 'weights' })
      return {
        info: { id: spec.id, sha256: 'abc' },
        async segment(blob) {
          await world.hold
          if (signal.aborted) throw new AppError('CANCELLED', 'Stopped.')
          if (fail) throw fail
          const problem = broken.get(Number(await blob.text()))
          if (problem !== undefined) throw new AppError('IMAGE_FAILED', problem)
          return map
        },
        close: () => closed++,
      }
    },
  }
  const requests: string[] = []
  const segmenter = new Segmenter({
    port,
    specOf: (request) => completeSpec(request, noModel, { builtinHost: 'http://app/', defaultHost: 'http://hub/' }),
    images: () => images,
    label: (find) => {
      let count = 0
      images.forEach((image, index) => {
        const labels = find(image, index)
        if (!labels) return
        image.labels = labels
        count++
      })
      calls.push(count)
    },
    onRequest: ({ url }) => requests.push(url),
  })
  return { ...world, world, segmenter, requests }
}

const model = 'zoo/segment'

describe('labels by a segmentation model', () => {
  it('come to every image but those with labels of the user’s own, some at a time; the model is let go', async () => {
    const { segmenter, images, calls, world, requests, opened } = createWorld(12, [3])
    expect(await segmenter.run({ model })).toEqual({ labelled: 11, problems: [] })
    expect(calls).toEqual([8, 3])
    expect(images.map(({ labels }) => labels?.by ?? null)).toEqual(
      images.map((_, index) => (index === 3 ? null : model)),
    )
    expect(opened[0]).toMatchObject({ id: model, host: 'http://hub' })
    expect(world.closed).toBe(1)
    expect(requests).toEqual(['http://host/x'])
    expect(segmenter.progress).toBeNull()
  })

  it('leave alone what the user labels or removes meanwhile', async () => {
    const { segmenter, world, images } = createWorld(3)
    let goOn: () => void = () => undefined
    world.hold = new Promise((resolve) => (goOn = resolve))
    const run = segmenter.run({ model })
    await settle()
    images[0]!.labels = mine
    images.splice(2, 1)
    goOn()
    expect(await run).toEqual({ labelled: 1, problems: [] })
    expect(images.map(({ labels }) => labels?.by ?? labels?.key)).toEqual(['mine', model])
  })

  it('are not asked for twice, and take the place of another model’s', async () => {
    const { segmenter, images, opened } = createWorld(2)
    await segmenter.run({ model })
    expect(await segmenter.run({ model })).toEqual({ labelled: 0, problems: [] })
    expect(opened).toHaveLength(1)
    expect(await segmenter.run({ model: 'zoo/other' })).toEqual({ labelled: 2, problems: [] })
    expect(images[1]?.labels?.by).toBe('zoo/other')
  })

  it('are left out for a picture that can’t be read, which is named once', async () => {
    const { segmenter, images, broken } = createWorld(4)
    broken.set(1, 'It is gone.').set(2, '“2.png” is gone.')
    expect(await segmenter.run({ model })).toEqual({
      labelled: 2,
      problems: ['1.png: It is gone.', '“2.png” is gone.'],
    })
    expect(images[1]?.labels).toBeUndefined()
  })

  it('that were there before an error stay; the model is let go', async () => {
    const { segmenter, world, images } = createWorld(9)
    await segmenter.run({ model })
    for (const image of images.slice(0, 4)) delete image.labels
    world.failWith(new AppError('OUT_OF_MEMORY', 'Too little.'))
    await expect(segmenter.run({ model })).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
    expect(images.slice(4).every(({ labels }) => labels?.by === model)).toBe(true)
    expect(world.closed).toBe(2)
  })

  it('can be stopped', async () => {
    const { segmenter, world, images } = createWorld(2)
    let goOn: () => void = () => undefined
    world.hold = new Promise((resolve) => (goOn = resolve))
    const run = segmenter.run({ model })
    await settle()
    expect(segmenter.progress).toEqual({ stage: 'label', done: 0, total: 2, unit: 'images' })
    segmenter.cancel()
    expect(segmenter.progress).toBeNull()
    goOn()
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(images.some(({ labels }) => labels)).toBe(false)
  })

  it('need images', async () => {
    await expect(createWorld(0).segmenter.run({ model })).rejects.toMatchObject({ code: 'INPUT_EMPTY' })
  })
})
