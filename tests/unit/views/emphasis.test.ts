import { expect, it } from 'vitest'
import { mergeEmphasis } from '../../../src/views/emphasis'

const matches = Uint8Array.of(0, 1, 0)
const pinned = Uint8Array.of(1, 1, 0, 1, 2, 0)
const kept = Uint8Array.of(1, 0, 1, 1, 1, 0)

it('leaves things as they are without a search or a filter', () => {
  expect(mergeEmphasis(6, null, { matches: null, kept: null })).toBeNull()
  expect(mergeEmphasis(6, pinned, { matches: null, kept: null })).toBe(pinned)
})

it('lets matches stand out as queries and as keys, and dims the rest', () => {
  expect([...mergeEmphasis(6, null, { matches, kept: null })!]).toEqual([0, 2, 0, 0, 2, 0])
  expect([...mergeEmphasis(6, pinned, { matches, kept: null })!]).toEqual([1, 2, 0, 1, 2, 0])
  expect([...pinned]).toEqual([1, 1, 0, 1, 2, 0])
})

it('dims what a filter leaves out, matches too', () => {
  expect([...mergeEmphasis(6, null, { matches: null, kept })!]).toEqual([1, 0, 1, 1, 1, 0])
  expect([...mergeEmphasis(6, null, { matches, kept })!]).toEqual([0, 0, 0, 0, 2, 0])
})
