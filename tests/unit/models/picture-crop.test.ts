import { describe, expect, it } from 'vitest'
import { readNormalisation, toCrop } from '../../../src/models/image-processor'

const dino = {
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [0.485, 0.456, 0.406],
  image_std: [0.229, 0.224, 0.225],
}

/** What a preprocessor does with bytes, channel by channel. */
function normalise(bytes: number[][], factor: number, mean: number[], deviation: number[]): Float32Array {
  return Float32Array.from(
    bytes.flatMap((channel, index) => channel.map((byte) => (byte * factor - mean[index]!) / deviation[index]!)),
  )
}

describe('the crop that a model sees', () => {
  it('gives every byte back that went in', () => {
    const every = Array.from({ length: 256 }, (_, byte) => byte)
    const bytes = [every, [...every].reverse(), every.map((byte) => (byte * 7) % 256)]
    const pixels = normalise(bytes, dino.rescale_factor, dino.image_mean, dino.image_std)
    const { width, height, rgba } = toCrop({ kind: 'image', pixels, shape: [3, 8, 32] }, readNormalisation(dino))
    expect([width, height]).toEqual([32, 8])
    for (const at of every)
      expect([...rgba.subarray(4 * at, 4 * at + 4)]).toEqual([bytes[0]![at], bytes[1]![at], bytes[2]![at], 255])
  })

  it('reads single numbers, missing ones, and switches', () => {
    expect(readNormalisation({ image_mean: 0.5, image_std: 0.25 })).toEqual({
      factor: 1 / 255,
      mean: [0.5],
      deviation: [0.25],
    })
    expect(readNormalisation({ do_normalize: false, do_rescale: false })).toEqual({
      factor: 1,
      mean: [0],
      deviation: [1],
    })
  })

  it('shows one channel as grey', () => {
    const pixels = Float32Array.of(-1, 0, 1)
    const { rgba } = toCrop({ kind: 'image', pixels, shape: [1, 1, 3] }, readNormalisation({}))
    expect([...rgba]).toEqual([0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255])
  })
})
