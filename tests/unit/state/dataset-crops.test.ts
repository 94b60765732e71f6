import { expect, it } from 'vitest'
import type { ModelInfo, Sequence } from '../../../src/core/types'
import { Dataset, spansOf } from '../../../src/state/dataset'

const sequence = (id: string, bytes: number[]): Sequence => ({
  id,
  name: `${id}.png`,
  tokens: [{ id: -1, text: '0,0', special: false }],
  truncated: 0,
  grid: { rows: 1, columns: 1 },
  crop: { width: 2, height: 1, rgba: Uint8ClampedArray.from(bytes) },
})

const model = { layers: 1, heads: 1, kvHeads: 1, headDim: 1, kind: 'image' } as ModelInfo

it('keeps what the model sees, bit for bit, also where the bytes are no number', () => {
  const sequences = [sequence('a', [255, 255, 255, 255, 1, 0, 160, 127]), sequence('b', [0, 0, 0, 255, 9, 8, 7, 255])]
  const made = new Dataset('key', model, sequences, ['x', 'y'], spansOf([1, 1]), [])
  const entry = structuredClone(made.toEntry())
  const text = JSON.stringify(entry.json)
  expect(text).not.toContain('rgba')
  const restored = Dataset.fromEntry({ ...entry, json: JSON.parse(text) }, 'key', [
    { id: 'a', name: 'a.png' },
    { id: 'b', name: 'b.png' },
  ])
  expect(restored?.sequences).toEqual(sequences)
})

it('makes an entry anew that has lost what the model sees', () => {
  const made = new Dataset('key', model, [sequence('a', [1, 2, 3, 255, 4, 5, 6, 255])], ['x'], spansOf([1]), [])
  const entry = made.toEntry()
  expect(Dataset.fromEntry({ ...entry, arrays: {} }, 'key', [{ id: 'a', name: 'a.png' }])).toBeNull()
})
